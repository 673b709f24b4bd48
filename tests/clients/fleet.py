"""What the tests of client libraries share: options, a few servers, and who holds which keys."""

import argparse
import contextlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from servers import Server  # noqa: E402

TIME_LIMIT_S = 300
KEYS = 3000
KEYS_PER_GET = 100


def options(description):
    """The options that every program takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--server", choices=("ringcached", "memcached"), default="ringcached")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


@contextlib.contextmanager
def fleet(chosen, count):
    """`count` servers of the chosen kind."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(one_server(chosen)) for _ in range(count)]


def one_server(chosen, unix=None):
    return Server(chosen.server, ["-t", chosen.threads], unix=unix, time_limit_s=TIME_LIMIT_S)


def same(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r}, expected {expected!r}")


def statistic(server, name):
    """One value of the server's own statistics."""
    with server.connect() as wire:
        wire.send(b"stats\r\n")
        for line in wire.read_until(b"END\r\n").splitlines():
            words = line.decode().split(" ")
            if words[0] == "STAT" and words[1] == name:
                return int(words[2])
    raise AssertionError(f"{server.kind} has no statistic {name}")


def items(server):
    return statistic(server, "curr_items")


def keys_held(server, keys):
    """Those of the keys that this server itself has, asked without any client library."""
    held = set()
    with server.connect() as wire:
        for at in range(0, len(keys), KEYS_PER_GET):
            wire.send(b"get %s\r\n" % b" ".join(key.encode() for key in keys[at:at + KEYS_PER_GET]))
            held.update(_keys_of_reply(wire))
    return held


def check_shares(counts, weights, tolerance):
    """Each server's part of the keys is its part of the weights, give or take `tolerance` of it."""
    for count, weight in zip(counts, weights):
        expected = sum(counts) * weight / sum(weights)
        if not (1 - tolerance) * expected <= count <= (1 + tolerance) * expected:
            raise AssertionError(f"keys per server {counts}, but the weights are {weights}")


def check_each_key_once(servers, keys):
    """Every key is on exactly one server, and the servers count as many items."""
    held = [keys_held(server, keys) for server in servers]
    same(sum(len(some) for some in held), len(keys), "keys on all servers")
    same(set().union(*held), set(keys), "the keys on the servers")
    same([items(server) for server in servers], [len(some) for some in held], "curr_items")
    return [len(some) for some in held]


def _keys_of_reply(wire):
    while True:
        line = wire.read_line()
        if line == b"END\r\n":
            return
        word, key, _flags, size = line.split()
        same(word, b"VALUE", "a line of a get")
        wire.read_exactly(int(size) + 2)
        yield key.decode()
