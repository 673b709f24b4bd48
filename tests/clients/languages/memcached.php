#!/usr/bin/php
<?php // PHP's memcached for talk.py: a call per line of stdin, its result per line of stdout, in JSON.

ini_set('memory_limit', '256M');
$client = new Memcached();
$client->setOption(Memcached::OPT_BINARY_PROTOCOL, $argv[2] === 'binary');
$client->setOption(Memcached::OPT_COMPRESSION, $argv[2] === 'binary');  // append refuses to join compressed values
$client->addServer('127.0.0.1', (int)$argv[1]);
$token = [];

function value($got) { return $got === false ? null : $got; }

$call = [
    'set' => fn(...$args) => $client->set(...$args),
    'add' => fn(...$args) => $client->add(...$args),
    'replace' => fn(...$args) => $client->replace(...$args),
    'get' => fn($key) => value($client->get($key)),
    'get_multi' => fn(...$keys) => (object)$client->getMulti($keys),
    'set_multi' => fn($pairs) => $client->setMulti((array)$pairs),
    'delete' => fn($key) => $client->delete($key),
    'delete_multi' => fn(...$keys) => !in_array(false, array_map(fn($done) => $done === true, $client->deleteMulti($keys))),
    'incr' => fn($key, $by) => value($client->increment($key, $by)),
    'decr' => fn($key, $by) => value($client->decrement($key, $by)),
    'touch' => fn(...$args) => $client->touch(...$args),
    'gets' => function ($key) use ($client, &$token) {
        $got = $client->get($key, null, Memcached::GET_EXTENDED);
        if ($got === false) return null;
        $token[$key] = $got['cas'];
        return $got['value'];
    },
    'cas' => function ($key, $value, $ttl) use ($client, &$token) {
        return $client->cas($token[$key], $key, $value, $ttl);
    },
    'flush' => fn() => $client->flush(),
    'version' => fn() => array_values($client->getVersion())[0],
];
if ($argv[2] !== 'binary') {
    $call['append'] = fn(...$args) => $client->append(...$args);
    $call['prepend'] = fn(...$args) => $client->prepend(...$args);
}
ksort($call);

echo json_encode(array_keys($call)), "\n";
while (($line = fgets(STDIN)) !== false) {
    $words = json_decode($line);
    try {
        $result = $call[$words[0]](...array_slice($words, 1));
    } catch (Throwable $error) {
        $result = ['error' => (string)$error];
    }
    echo json_encode($result), "\n";
}
