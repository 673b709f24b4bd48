"""What the abuse tests share: options, waiting for a condition, dying clients, and a crowd at work."""

import argparse
import os
import pathlib
import resource
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import tap  # noqa: E402
from servers import Server, binary  # noqa: E402

TIME_LIMIT_S = 600
CONDITION_LIMIT_S = 60.0
ONLY_THE_ASKER = 1  # curr_connections when nobody but the client that asks is connected
MIB = 1 << 20
SANITIZER_BOUND = 512 * MIB  # the address sanitizer holds freed blocks of 256 MiB in all


def options(description, many=None):
    """The options that every program takes; `many` is the usual number of those whose number is the abuse."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--server", choices=("ringcached", "memcached"), default="ringcached")
    parser.add_argument("--threads", type=int, default=2)
    if many is not None:
        parser.add_argument("--many", type=int, default=many, metavar="N", help="how many of them (%(default)s)")
    return parser.parse_args()


def allow_descriptors(count):
    """This process may open as many; it fails where it may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise AssertionError(f"this test needs {count} descriptors, the hard limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))


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


def descriptors(target):
    """How many the server has open."""
    return len(os.listdir(f"/proc/{target.pid}/fd"))


def check_memory(target, before, bound):
    """Resident size is at most `bound` more than `before`; a sanitizer's shadow and quarantine are allowed for."""
    after = target.rss_bytes()
    tap.note(f"RSS {before >> 10} KiB before, {after >> 10} KiB after")
    program = pathlib.Path(binary(target.kind)).read_bytes()
    if b"__asan_init" in program or b"__tsan_init" in program:
        bound += SANITIZER_BOUND
    if after - before > bound:
        raise AssertionError(f"RSS has grown by {after - before >> 20} MiB")


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


class Busy:
    """Clients that do the same over and over while the block runs: `turn(number, wire, round_number)`.

    Leaving the block ends them, after at least one turn each; whatever goes wrong in one fails the block.
    """

    def __init__(self, target, count, turn):
        self.turns = [0] * count
        self._turn = turn
        self._ending = threading.Event()
        self._crowd = Crowd(target, count, self._work)

    def __enter__(self):
        self._crowd.__enter__()
        return self

    def __exit__(self, *error):
        self._ending.set()
        self._crowd.__exit__(*error)

    def wait_for_turns(self, more=1):
        """Until each of them has done as many more."""
        aims = [done + more for done in self.turns]
        wait_until(lambda: self.failed() or all(map(int.__ge__, self.turns, aims)), "the others are served")

    def failed(self):
        return self._crowd.failed()

    def _work(self, number, wire):
        while self.turns[number] == 0 or not self._ending.is_set():
            self._turn(number, wire, self.turns[number])
            self.turns[number] += 1


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

    def failed(self):
        """One of them, so far."""
        return bool(self._errors)

    def _run(self, number, wire):
        try:
            self._task(number, wire)
        except BaseException as error:
            self._errors.append(error)


def work(rounds):
    """A task for a Crowd: sets, gets, counts and deletes keys of its own, and checks every answer."""
    def task(number, wire):
        for turn in range(rounds):
            work_once(number, wire, turn)
    return task


def work_once(number, wire, turn):
    key = b"worker-%d-%d" % (number, turn % 10)
    value = b"%d of %d " % (turn, number) * (1 + turn % 50)
    set_value(wire, key, value)
    ask(wire, b"get %s\r\n" % key, value_reply(key, value))
    ask(wire, b"set %s 0 0 2\r\n%02d\r\nincr %s 5\r\n" % (key, turn % 90, key),
        b"STORED\r\n%d\r\n" % (turn % 90 + 5))
    ask(wire, b"delete %s\r\nget %s\r\n" % (key, key), b"DELETED\r\nEND\r\n")
