#!/usr/bin/python3
"""twemproxy (nutcracker) in front of one server, then of three: what goes in comes out."""

import fleet
from fleet import check_each_key_once, check_shares, items, options, same
from proxy import Proxy

import tap

KEYS = 1000
TOLERANCE = 0.5


def main():
    chosen = options(__doc__)
    for count in (1, 3):
        with fleet.fleet(chosen, count) as servers, Proxy(servers) as proxy, proxy.connect() as wire:
            for name, test in CASES:
                tap.case(f"twemproxy, {count} behind it: {name}", lambda: test(wire))
            tap.case(f"twemproxy, {count} behind it: many keys", lambda: many_keys(wire, servers))
    tap.finish()


def set_get_delete(wire):
    ask(wire, b"set k 7 0 5\r\nhello\r\n", b"STORED\r\n")
    ask(wire, b"get k\r\n", b"VALUE k 7 5\r\nhello\r\nEND\r\n")
    ask(wire, b"delete k\r\n", b"DELETED\r\n")
    ask(wire, b"get k\r\n", b"END\r\n")
    ask(wire, b"delete k\r\n", b"NOT_FOUND\r\n")


def other_verbs(wire):
    ask(wire, b"add k 0 0 2\r\n10\r\n", b"STORED\r\n")
    ask(wire, b"add k 0 0 2\r\n10\r\n", b"NOT_STORED\r\n")
    ask(wire, b"incr k 5\r\n", b"15\r\n")
    ask(wire, b"decr k 3\r\n", b"12\r\n")
    ask(wire, b"append k 0 0 1\r\n0\r\n", b"STORED\r\n")
    ask(wire, b"prepend k 0 0 1\r\n1\r\n", b"STORED\r\n")
    ask(wire, b"touch k 1000\r\n", b"TOUCHED\r\n")
    ask(wire, b"get k\r\n", b"VALUE k 0 4\r\n1120\r\nEND\r\n")
    wire.send(b"gets k\r\n")
    unique = wire.read_line().split()[4]
    wire.expect(b"1120\r\nEND\r\n")
    ask(wire, b"cas k 0 0 3 %s\r\nnew\r\n" % unique, b"STORED\r\n")
    ask(wire, b"cas k 0 0 3 %s\r\nold\r\n" % unique, b"EXISTS\r\n")
    ask(wire, b"delete k\r\n", b"DELETED\r\n")


def pipelined(wire):
    """The proxy shares one connection to the server among all commands."""
    said = b"".join(b"set p%d 0 0 3\r\n%03d\r\nget p%d\r\n" % (n, n, n) for n in range(300))
    expected = b"".join(b"STORED\r\nVALUE p%d 0 3\r\n%03d\r\nEND\r\n" % (n, n) for n in range(300))
    ask(wire, said, expected)
    ask(wire, b"".join(b"delete p%d\r\n" % n for n in range(300)), b"DELETED\r\n" * 300)


def large_value(wire):
    value = b"0123456789" * 50_000
    ask(wire, b"set large 0 0 %d\r\n%s\r\n" % (len(value), value), b"STORED\r\n")
    ask(wire, b"get large\r\n", b"VALUE large 0 %d\r\n%s\r\nEND\r\n" % (len(value), value))
    ask(wire, b"delete large\r\n", b"DELETED\r\n")


def many_keys(wire, servers):
    keys = [f"key-{number}" for number in range(KEYS)]
    for key in keys:
        ask(wire, b"set %s 0 0 1\r\nx\r\n" % key.encode(), b"STORED\r\n")
    counts = check_each_key_once(servers, keys)
    tap.note(f"keys per server: {counts}")
    check_shares(counts, [1] * len(servers), TOLERANCE)
    same(multi_get(wire, keys + ["missing"]), {key: b"x" for key in keys}, "one get of all keys")
    for key in keys:
        ask(wire, b"delete %s\r\n" % key.encode(), b"DELETED\r\n")
    same([items(server) for server in servers], [0] * len(servers), "items left")


def multi_get(wire, keys):
    """The proxy splits the keys by server; values of different servers come in any order."""
    wire.send(b"get %s\r\n" % " ".join(keys).encode())
    values = {}
    while (line := wire.read_line()) != b"END\r\n":
        _word, key, _flags, size = line.split()
        same(key.decode() in values, False, f"{key!r} came before")
        values[key.decode()] = wire.read_exactly(int(size) + 2)[:-2]
    return values


def ask(wire, said, expected):
    wire.send(said)
    wire.expect(expected)


CASES = [
    ("set, get, delete", set_get_delete),
    ("the other commands", other_verbs),
    ("a pipeline", pipelined),
    ("a large value", large_value),
]

if __name__ == "__main__":
    main()
