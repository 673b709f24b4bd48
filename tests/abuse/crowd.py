"""What the abuse tests share: options, waiting for a condition, dying clients, and a crowd at work."""

import argparse
import os
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from servers import Server  # noqa: E402

TIME_LIMIT_S = 600
CONDITION_LIMIT_S = 60.0
ONLY_THE_ASKER = 1  # curr_connections when nobody but the client that asks is connected
MIB = 1 << 20


def options(description):
    """The options that every program takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--server", choices=("ringcached", "memcached"), default="ringcached")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def server(chosen, *args, unix=None):
    return Server(chosen.server, ["-t", chosen.threads, *args], unix=unix, time_limit_s=TIME_LIMIT_S)


def same(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r}, expected {expected!r}")


def wait_until(condition, what, limit_s=CONDITION_LIMIT_S):
    """Polls until the condition holds; fails with `what` when it does not come about."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {limit_s} s still not: {what}")
        time.sleep(0.01)


def statistic(target, name):
    """One value of the server's own statistics, asked on a new connection."""
    with target.connect() as wire:
        return statistic_on(wire, name)


def statistic_on(wire, name):
    """One value of the server's own statistics."""
    wire.send(b"stats\r\n")
    for line in wire.read_until(b"END\r\n").splitlines():
        words = line.decode().split(" ")
        if words[0] == "STAT" and words[1] == name:
            return int(words[2])
    raise AssertionError(f"the server has no statistic {name}")


def wait_until_all_gone(target):
    """Until the server has noticed that every client has left."""
    wait_until(lambda: statistic(target, "curr_connections") == ONLY_THE_ASKER,
               "curr_connections back to the one that asks")


def ask(wire, said, expected):
    wire.send(said)
    wire.expect(expected)


def set_value(wire, key, value):
    ask(wire, b"set %s 0 0 %d\r\n%s\r\n" % (key, len(value), value), b"STORED\r\n")


def value_reply(key, value):
    return b"VALUE %s 0 %d\r\n%s\r\nEND\r\n" % (key, len(value), value)


def drop(sock):
    """Closes with a reset, as a client that crashed."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Crowd:
    """Clients that work in threads of their own; whatever goes wrong in one fails the block.

    `task(number, wire)` is called once for each client.
    """

    def __init__(self, target, count, task):
        self._task = task
        self._errors = []
        self._wires = [target.connect() for _ in range(count)]
        self._threads = [threading.Thread(target=self._run, args=pair, daemon=True)
                         for pair in enumerate(self._wires)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind, _error, _trace):
        for thread in self._threads:
            thread.join(TIME_LIMIT_S)
        for wire in self._wires:
            wire.close()
        if kind is None and any(thread.is_alive() for thread in self._threads):
            raise AssertionError(f"a client is still at work after {TIME_LIMIT_S} s")
        if kind is None and self._errors:
            raise self._errors[0]

    def _run(self, number, wire):
        try:
            self._task(number, wire)
        except BaseException as error:
            self._errors.append(error)


def work(rounds):
    """A task for a Crowd: sets, gets, counts and deletes keys of its own, and checks every answer."""
    def task(number, wire):
        for turn in range(rounds):
            key = b"worker-%d-%d" % (number, turn % 10)
            value = b"%d of %d " % (turn, number) * (1 + turn % 50)
            set_value(wire, key, value)
            ask(wire, b"get %s\r\n" % key, value_reply(key, value))
            ask(wire, b"set %s 0 0 2\r\n%02d\r\nincr %s 5\r\n" % (key, turn % 90, key),
                b"STORED\r\n%d\r\n" % (turn % 90 + 5))
            ask(wire, b"delete %s\r\nget %s\r\n" % (key, key), b"DELETED\r\nEND\r\n")
    return task
