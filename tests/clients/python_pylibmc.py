#!/usr/bin/python3
"""pylibmc (libmemcached) works unchanged in text and in binary: one server, then three under ketama."""

import pylibmc

import fleet
from fleet import KEYS, check_each_key_once, check_shares, one_server, options, same

import tap

WEIGHTS = [1, 2, 1]
TOLERANCE = 0.5  # ketama places about a hundred points for each server: shares are rough
PROTOCOLS = (("text", False), ("binary", True))
BEHAVIORS = {"tcp_nodelay": True, "cas": True, "connect_timeout": 60_000, "_poll_timeout": 60_000}


def main():
    chosen = options(__doc__)
    for protocol, binary in PROTOCOLS:
        with one_server(chosen) as server:
            for name, test in ONE_SERVER:
                tap.case(f"pylibmc, {protocol}: {name}", lambda: test(server, binary))
        with one_server(chosen, unix=True) as server:
            tap.case(f"pylibmc, {protocol}: a unix socket", lambda: multi_at([server.address], binary))
        for behavior, weights in (("ketama", [1, 1, 1]), ("ketama_weighted", WEIGHTS)):
            with fleet.fleet(chosen, 3) as servers:
                tap.case(f"pylibmc, {protocol}: {behavior} spreads the keys over three servers",
                         lambda: ketama(servers, behavior, weights, binary))
    tap.finish()


def client_of(addresses, binary, **more):
    return pylibmc.Client(addresses, binary=binary, behaviors={**BEHAVIORS, **more})


def connected(server, binary, **more):
    client = client_of([f"127.0.0.1:{server.port}"], binary, **more)
    client.flush_all()
    return client


def set_add_replace(server, binary):
    client = connected(server, binary)
    same(client.set("k", "one"), True, "set")
    same(client.add("k", "two"), False, "add of a key that exists")
    same(client.get("k"), "one", "after the refused add")
    same(client.add("new", "two"), True, "add of a new key")
    same(client.replace("k", "three"), True, "replace")
    replace_nothing(client, binary)
    same(client.get("missing"), None, "get of a missing key")


def replace_nothing(client, binary):
    """A missing key is a plain refusal in text, and not found in binary."""
    if not binary:
        same(client.replace("missing", "x"), False, "replace of a missing key")
        return
    try:
        client.replace("missing", "x")
    except pylibmc.NotFound:
        return
    raise AssertionError("replace of a missing key did not raise NotFound")


def values_of_every_kind(server, binary):
    client = connected(server, binary)
    values = {"text": "räksmörgås", "bytes": bytes(range(256)), "number": 2 ** 40, "flag": True,
              "list": [1, "two", {"three": 3.0}], "large": "x" * 500_000}
    for key, value in values.items():
        same(client.set(key, value), True, f"set {key}")
    same(client.get_multi(list(values)), values, "values read back")
    same(client.set("zipped", "abc" * 10_000, min_compress_len=100), True, "set with compression")
    same(client.get("zipped"), "abc" * 10_000, "the value decompressed")


def multi(server, binary):
    multi_at([f"127.0.0.1:{server.port}"], binary)


def multi_at(addresses, binary):
    client = client_of(addresses, binary)
    pairs = {f"key-{number}": f"value-{number}" for number in range(500)}
    same(client.set_multi(pairs), [], "keys that set_multi failed to store")
    same(client.get_multi(list(pairs) + ["missing"]), pairs, "get_multi")
    same(sorted(client.add_multi({"key-1": "x", "key-new": "y"})), ["key-1"], "keys that add_multi refused")
    some = list(pairs)[:100]
    same(client.delete_multi(some), True, "delete_multi")
    same(client.get_multi(some), {}, "after delete_multi")
    same(len(client.get_multi(list(pairs))), 400, "keys left")


def buffered_noreply(server, binary):
    """Requests without replies, buffered by the client, all arrive."""
    client = connected(server, binary, _noreply=True)
    for number in range(1000):
        client.set(f"key-{number}", f"value-{number}")
    reader = client_of([f"127.0.0.1:{server.port}"], binary)
    same(client.get("key-999"), "value-999", "the last key, on the same connection")
    same(len(reader.get_multi([f"key-{number}" for number in range(1000)])), 1000, "keys stored")


def delete_and_touch(server, binary):
    client = connected(server, binary)
    client.set("k", "x")
    same(client.touch("k", 1000), True, "touch")
    same(client.touch("missing", 1000), False, "touch of a missing key")
    same(client.delete("k"), True, "delete")
    same(client.delete("k"), False, "a second delete")


def append_prepend(server, binary):
    client = connected(server, binary)
    client.set("k", "middle")
    same(client.append("k", "-end"), True, "append")
    same(client.prepend("k", "start-"), True, "prepend")
    same(client.get("k"), "start-middle-end", "the joined value")


def arithmetic(server, binary):
    client = connected(server, binary)
    client.set("n", 10)
    same(client.incr("n", 90), 100, "incr")
    same(client.decr("n"), 99, "decr")
    same(client.decr("n", 1000), 0, "decr stops at 0")
    client.set_multi({"a": 1, "b": 2})
    client.incr_multi(["a", "b"], delta=5)
    same(client.get_multi(["a", "b"]), {"a": 6, "b": 7}, "incr_multi")
    try:
        client.incr("missing")
    except pylibmc.NotFound:
        return
    raise AssertionError("incr of a missing key did not raise NotFound")


def gets_and_cas(server, binary):
    client = connected(server, binary)
    client.set("k", "first")
    value, unique = client.gets("k")
    same(value, "first", "gets")
    same(client.cas("k", "second", unique), True, "cas without a rival")
    same(client.cas("k", "third", unique), False, "cas with a used id: the lost race")
    same(client.get("k"), "second", "after the lost race")
    try:
        client.cas("missing", "x", unique)
    except pylibmc.NotFound:
        return
    raise AssertionError("cas of a missing key did not raise NotFound")


def ketama(servers, behavior, weights, binary):
    addresses = [f"127.0.0.1:{server.port}:{weight}" for server, weight in zip(servers, weights)]
    client = client_of(addresses, binary, **{behavior: True})
    pairs = {f"user:{number}": f"value {number}" for number in range(KEYS)}
    same(client.set_multi(pairs), [], "keys that set_multi failed to store")
    counts = check_each_key_once(servers, list(pairs))
    tap.note(f"keys per server, weights {weights}: {counts}")
    check_shares(counts, weights, TOLERANCE)
    same(client.get_multi(list(pairs)), pairs, "all keys in one get_multi")
    twin = client_of(addresses, binary, **{behavior: True})
    for key in list(pairs)[:200]:
        same(twin.get(key), pairs[key], f"get {key} by a second client")
    statistics = client.get_stats()
    same([int(values["curr_items"]) for _, values in statistics], counts, "curr_items by get_stats")
    same(client.delete_multi(list(pairs)), True, "delete_multi")
    same(check_each_key_once(servers, []), [0, 0, 0], "keys left")


ONE_SERVER = [
    ("set, add (and a refused one), replace", set_add_replace),
    ("text, bytes, numbers, objects, large and compressed values come back", values_of_every_kind),
    ("set_multi, get_multi, add_multi, delete_multi", multi),
    ("requests without replies", buffered_noreply),
    ("delete, touch", delete_and_touch),
    ("append, prepend", append_prepend),
    ("incr, decr", arithmetic),
    ("gets and cas with a lost race", gets_and_cas),
]

if __name__ == "__main__":
    main()
