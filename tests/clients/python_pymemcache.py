#!/usr/bin/python3
"""pymemcache works unchanged: Client on one server, HashClient on three."""

import fleet
from fleet import KEYS, check_each_key_once, check_shares, one_server, options, same
from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient
from pymemcache.exceptions import MemcacheClientError, MemcacheUnknownCommandError

import tap

TIMEOUT_S = 60
TOLERANCE = 0.2


def main():
    chosen = options(__doc__)
    with one_server(chosen) as server:
        for name, test in ONE_SERVER:
            tap.case(f"pymemcache: {name}", lambda: test(connected(server)))
        tap.case("pymemcache: a pooled client", lambda: pooled(server))
    with one_server(chosen, unix=True) as server:
        tap.case("pymemcache: a unix socket", lambda: multi(connected(server)))
    with fleet.fleet(chosen, 3) as servers:
        tap.case("pymemcache: HashClient spreads the keys over three servers", lambda: hashed(servers))
    tap.finish()


def connected(server):
    client = Client(server.address, default_noreply=False, timeout=TIMEOUT_S, connect_timeout=TIMEOUT_S)
    client.flush_all()
    return client


def set_add_replace(client):
    same(client.set("k", b"one"), True, "set")
    same(client.add("k", b"two"), False, "add of a key that exists")
    same(client.get("k"), b"one", "after the refused add")
    same(client.add("new", b"two"), True, "add of a new key")
    same(client.replace("k", b"three"), True, "replace")
    same(client.replace("missing", b"x"), False, "replace of a missing key")
    same(client.get("missing"), None, "get of a missing key")


def multi(client):
    pairs = {f"key-{number}": b"value-%d" % number for number in range(500)}
    same(client.set_many(pairs), [], "keys that set_many failed to store")
    same(client.get_many(list(pairs) + ["missing"]), pairs, "get_many")
    some = list(pairs)[:100]
    same(client.delete_many(some), True, "delete_many")
    same(client.get_many(some), {}, "after delete_many")
    same(len(client.get_many(list(pairs))), 400, "keys left")


def noreply(client):
    """With noreply nothing may come back: every later answer would be off by one."""
    same(client.set("k", b"5", noreply=True), True, "set noreply")
    for verb in (client.add, client.replace, client.append, client.prepend):
        verb("k", b"5", noreply=True)
    client.incr("k", 1, noreply=True)
    client.decr("k", 2, noreply=True)
    client.touch("k", 1000, noreply=True)
    client.delete("gone", noreply=True)
    client.set_many({"a": b"1", "b": b"2"}, noreply=True)
    client.delete_many(["a"], noreply=True)
    same(client.get_many(["k", "a", "b"]), {"k": b"554", "b": b"2"}, "after commands without replies")
    client.flush_all(noreply=True)
    same(client.get("k"), None, "after flush_all noreply")


def delete_and_touch(client):
    client.set("k", b"x")
    same(client.touch("k", 1000), True, "touch")
    same(client.touch("missing", 1000), False, "touch of a missing key")
    same(client.delete("k"), True, "delete")
    same(client.delete("k"), False, "a second delete")


def append_prepend(client):
    client.set("k", b"middle")
    same(client.append("k", b"-end"), True, "append")
    same(client.prepend("k", b"start-"), True, "prepend")
    same(client.get("k"), b"start-middle-end", "the joined value")
    same(client.append("missing", b"x"), False, "append to a missing key")


def arithmetic(client):
    client.set("n", b"10")
    same(client.incr("n", 90), 100, "incr")
    same(client.decr("n", 1), 99, "decr")
    same(client.decr("n", 1000), 0, "decr stops at 0")
    same(client.incr("missing", 1), None, "incr of a missing key")
    client.set("text", b"x")
    raises(MemcacheClientError, lambda: client.incr("text", 1))


def gets_and_cas(client):
    client.set("k", b"first")
    value, unique = client.gets("k")
    same(value, b"first", "gets")
    same(client.cas("k", b"second", unique), True, "cas without a rival")
    same(client.cas("k", b"third", unique), False, "cas with a used id: the lost race")
    same(client.get("k"), b"second", "after the lost race")
    same(client.cas("missing", b"x", unique), None, "cas of a missing key")
    same(set(client.gets_many(["k", "missing"])), {"k"}, "gets_many")


def administration(client):
    same(b"." in client.version(), True, "version")
    statistics = client.stats()
    for name in (b"pid", b"uptime", b"curr_items", b"cmd_get", b"threads", b"version"):
        same(name in statistics, True, f"statistic {name}")
    same(statistics[b"version"], client.version(), "the version in stats")
    raises(MemcacheUnknownCommandError, lambda: client._misc_cmd([b"nonsense\r\n"], "nonsense", False))


def pooled(server):
    client = PooledClient(server.address, max_pool_size=4, default_noreply=False, timeout=TIMEOUT_S)
    same(client.set("k", b"x"), True, "set")
    same(client.get("k"), b"x", "get")
    client.close()


def hashed(servers):
    client = HashClient([server.address for server in servers], default_noreply=False,
                        timeout=TIMEOUT_S, connect_timeout=TIMEOUT_S)
    pairs = {f"user:{number}": b"value %d" % number for number in range(KEYS)}
    same(client.set_many(pairs), [], "keys that set_many failed to store")
    counts = check_each_key_once(servers, list(pairs))
    tap.note(f"keys per server: {counts}")
    same(counts, expected_counts(client, servers, pairs), "keys per server against the client's own hash")
    check_shares(counts, [1, 1, 1], TOLERANCE)
    same(client.get_many(list(pairs)), pairs, "all keys in one get_many")
    for key in list(pairs)[:200]:
        same(client.get(key), pairs[key], f"get {key}")
    value, unique = client.gets("user:1")
    same(client.cas("user:1", b"new", unique), True, "cas")
    same(client.cas("user:1", b"newer", unique), False, "cas with a used id")
    same(client.delete_many(list(pairs)), True, "delete_many")
    same(check_each_key_once(servers, []), [0, 0, 0], "keys left")


def expected_counts(client, servers, keys):
    chosen = [client.hasher.get_node(key) for key in keys]
    return [chosen.count(f"127.0.0.1:{server.port}") for server in servers]


def raises(kind, act):
    try:
        act()
    except kind:
        return
    raise AssertionError(f"{kind.__name__} was not raised")


ONE_SERVER = [
    ("set, add (and a refused one), replace", set_add_replace),
    ("set_many, get_many, delete_many", multi),
    ("noreply is silent", noreply),
    ("delete, touch", delete_and_touch),
    ("append, prepend", append_prepend),
    ("incr, decr", arithmetic),
    ("gets and cas with a lost race", gets_and_cas),
    ("version, stats, an unknown command", administration),
]

if __name__ == "__main__":
    main()
