#!/usr/bin/python3
"""python-memcached (module `memcache`) works unchanged: one server, then three with weights."""

import memcache

from fleet import KEYS, check_each_key_once, check_shares, fleet, one_server, options, same

import tap

WEIGHTS = [1, 2, 1]
TOLERANCE = 0.15  # the client hashes with CRC-32: no exact shares


def main():
    chosen = options(__doc__)
    with one_server(chosen) as server:
        for name, test in ONE_SERVER:
            tap.case(f"memcache: {name}", lambda: test(server))
    with fleet(chosen, len(WEIGHTS)) as servers:
        tap.case("memcache: three weighted servers share the keys", lambda: weighted(servers))
    tap.finish()


def connected(server, **more):
    client = memcache.Client([f"127.0.0.1:{server.port}"], **more)
    client.flush_all()
    return client


def set_add_replace(server):
    client = connected(server)
    same(client.set("k", "one"), True, "set")
    same(client.add("k", "two"), False, "add of a key that exists")
    same(client.get("k"), "one", "after the refused add")
    same(client.add("new", "two"), True, "add of a new key")
    same(client.replace("k", "three"), True, "replace")
    same(client.replace("missing", "x"), False, "replace of a missing key")
    same(client.get_multi(["k", "new", "missing"]), {"k": "three", "new": "two"}, "get_multi")


def values_of_every_kind(server):
    client = connected(server)
    values = {"text": "räksmörgås", "bytes": bytes(range(256)), "number": 2 ** 40, "flag": True,
              "list": [1, "two", {"three": 3.0}], "empty": "", "large": "x" * 500_000}
    for key, value in values.items():
        same(client.set(key, value), True, f"set {key}")
    same(client.get_multi(list(values)), values, "values read back")


def compressed(server):
    client = connected(server)
    text = "abc" * 10_000
    same(client.set("k", text, min_compress_len=100), True, "set with compression")
    same(client.get("k"), text, "the value decompressed")


def multi(server):
    client = connected(server)
    pairs = {f"key-{number}": f"value-{number}" for number in range(500)}
    same(client.set_multi(pairs), [], "keys that set_multi failed to store")
    same(client.get_multi(list(pairs) + ["missing"]), pairs, "get_multi")
    some = [f"key-{number}" for number in range(100)]
    same(client.delete_multi(some), 1, "delete_multi")
    same(client.get_multi(some), {}, "after delete_multi")
    same(len(client.get_multi(list(pairs))), 400, "keys left")


def delete_and_touch(server):
    client = connected(server)
    client.set("k", "x")
    same(client.touch("k", 1000), 1, "touch")
    same(client.touch("missing", 1000), 0, "touch of a missing key")
    same(client.delete("k"), 1, "delete")
    same(client.get("k"), None, "after delete")
    same(client.delete("k"), 1, "a second delete (the client takes NOT_FOUND for done)")


def append_prepend(server):
    client = connected(server)
    client.set("k", "middle")
    same(client.append("k", "-end"), True, "append")
    same(client.prepend("k", "start-"), True, "prepend")
    same(client.get("k"), "start-middle-end", "the joined value")
    same(client.append("missing", "x"), False, "append to a missing key")


def arithmetic(server):
    client = connected(server)
    client.set("n", 10)
    same(client.incr("n"), 11, "incr")
    same(client.incr("n", 89), 100, "incr by 89")
    same(client.decr("n"), 99, "decr")
    same(client.decr("n", 1000), 0, "decr stops at 0")
    same(client.incr("missing"), None, "incr of a missing key")


def gets_and_cas(server):
    client = connected(server, cache_cas=True)
    rival = memcache.Client([f"127.0.0.1:{server.port}"])
    client.set("k", "first")
    same(client.gets("k"), "first", "gets")
    same(client.cas("k", "second"), True, "cas without a rival")
    client.gets("k")
    rival.set("k", "rival")
    same(client.cas("k", "third"), False, "cas after a rival's set: the lost race")
    same(client.get("k"), "rival", "after the lost race")
    same(client.gets("k"), "rival", "gets again")
    same(client.cas("k", "third"), True, "cas, tried again")
    same(rival.get("k"), "third", "what the rival sees")


def weighted(servers):
    client = memcache.Client([(f"127.0.0.1:{server.port}", weight)
                              for server, weight in zip(servers, WEIGHTS)])
    pairs = {f"user:{number}": f"value {number}" for number in range(KEYS)}
    same(client.set_multi(pairs), [], "keys that set_multi failed to store")
    counts = check_each_key_once(servers, list(pairs))
    tap.note(f"keys per server, weights {WEIGHTS}: {counts}")
    same(counts, expected_counts(pairs), "keys per server against the client's own hash")
    check_shares(counts, WEIGHTS, TOLERANCE)
    same(client.get_multi(list(pairs)), pairs, "all keys in one get_multi")
    for key in list(pairs)[:200]:
        same(client.get(key), pairs[key], f"get {key}")
    same(client.delete_multi(list(pairs)), 1, "delete_multi")
    same(check_each_key_once(servers, []), [0, 0, 0], "keys left")


def expected_counts(keys):
    """How many keys the client's hash gives to each server: a bucket for each unit of weight."""
    buckets = [server for server, weight in enumerate(WEIGHTS) for _ in range(weight)]
    chosen = [buckets[memcache.serverHashFunction(key.encode()) % len(buckets)] for key in keys]
    return [chosen.count(server) for server in range(len(WEIGHTS))]


ONE_SERVER = [
    ("set, add (and a refused one), replace", set_add_replace),
    ("text, bytes, numbers, objects, large and empty values come back", values_of_every_kind),
    ("a compressed value comes back", compressed),
    ("set_multi, get_multi, delete_multi", multi),
    ("delete, touch", delete_and_touch),
    ("append, prepend", append_prepend),
    ("incr, decr", arithmetic),
    ("gets and cas with a lost race", gets_and_cas),
]

if __name__ == "__main__":
    main()
