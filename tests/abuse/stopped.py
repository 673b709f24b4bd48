#!/usr/bin/python3
"""SIGSTOP and SIGCONT under load: whoever waited is answered as if nothing had been, and time has passed."""

import pathlib
import signal
import socket
import time

from crowd import Busy, allow_descriptors, ask, options, same, server, wait_until, wait_until_all_gone, work_once
from wire import Wire

import tap

STOPS = 5
WORKERS = 8
NEWCOMERS = 100
TTL_S = 1


def main():
    chosen = options(__doc__, many=NEWCOMERS)
    allow_descriptors(chosen.many + 100)
    with server(chosen, "-c", chosen.many + 100, "-b", chosen.many, "-m", 64) as target:
        tap.case(f"{STOPS} stops under load: every reply comes, and is right", lambda: stops(target))
        tap.case(f"{chosen.many} clients that come during a stop are served after it",
                 lambda: newcomers(target, chosen.many))
        tap.case("items expire during a stop", lambda: expiry(target))
        tap.case("and nothing is left behind", lambda: wait_until_all_gone(target))
    tap.finish()


class Stopped:
    """The server stands still while the block runs."""

    def __init__(self, target):
        self._target = target

    def __enter__(self):
        self._target.send_signal(signal.SIGSTOP)
        wait_until(lambda: state(self._target.pid) == {"T"}, "each of its threads stopped")

    def __exit__(self, *_):
        self._target.send_signal(signal.SIGCONT)


def state(pid):
    """The states of its threads: letters of proc(5)."""
    found = set()
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        found.add((thread / "stat").read_text().rpartition(")")[2].split()[0])
    return found


def stops(target):
    with Busy(target, WORKERS, work_once) as busy:
        for _ in range(STOPS):
            busy.wait_for_turns()
            with Stopped(target):
                turns = list(busy.turns)
                wait_until_blocked(busy, turns)
            busy.wait_for_turns(3)


def wait_until_blocked(busy, turns):
    """Until nobody has got further for a while: what was answered before the stop has been read."""
    since = time.monotonic()

    def blocked():
        nonlocal since
        if busy.turns != turns:
            turns[:] = busy.turns
            since = time.monotonic()
        return time.monotonic() - since > 0.1

    wait_until(blocked, "the clients wait")


def newcomers(target, count):
    with Stopped(target):
        wires = [Wire(socket.create_connection(target.address, 60)) for _ in range(count)]
        for number, wire in enumerate(wires):
            wire.send(b"set n%d 0 0 1\r\nx\r\nget n%d\r\n" % (number, number))
        same([wire.pending() for wire in wires], [b""] * count, "what they hear of a server that is stopped")
    for number, wire in enumerate(wires):
        wire.expect(b"STORED\r\nVALUE n%d 0 1\r\nx\r\nEND\r\n" % number)
        wire.close()


def expiry(target):
    """The clock goes on without it: what was to die during the stop is dead at the first request after it."""
    with target.connect() as wire:
        ask(wire, b"set short 0 %d 1\r\nx\r\nset long 0 100 1\r\nx\r\n" % TTL_S, b"STORED\r\nSTORED\r\n")
        began = time.monotonic()
        with Stopped(target):
            wire.send(b"get short long\r\n")
            wait_until(lambda: time.monotonic() - began > TTL_S + 1, "the item's time is over")
        wire.expect(b"VALUE long 0 1\r\nx\r\nEND\r\n")


if __name__ == "__main__":
    main()
