#!/usr/bin/python3
"""Memory exhausted, with -M and without, while others read: what they read is right, and room comes back."""

import random
import threading

from crowd import (MIB, Busy, ask, check_memory, options, server, set_value, statistic, value_reply, wait_until,
                   work_once)

import tap
from wire import WireError

SEED = 1907
WRITERS = 4
READERS = 4
WORKERS = 2
MEMORY_MIB = 32
RSS_BOUND = (MEMORY_MIB + 64) * MIB  # README's promise for the fixed part, tables and buffers, generously
REFUSED = (b"SERVER_ERROR out of memory storing object\r\n", b"SERVER_ERROR Out of memory during read\r\n")
LARGE, LARGE_SETS = b"x" * 900_000, 50
TIMES = 2  # the memory, in values


def main():
    chosen = options(__doc__)
    tap.note(f"seed {SEED}")
    with server(chosen, "-m", MEMORY_MIB, "-M") as target:
        kept = []
        tap.case("-M: sets are refused, and readers find every value that was stored", lambda: refuse(target, kept))
        tap.case("-M: with no room, what needs none is done", lambda: without_room(target, kept))
        tap.case("-M: what is deleted makes room", lambda: room_again(target, kept))
        tap.case("-M: memory stays within bounds", lambda: check_memory(target, 0, RSS_BOUND))
    with server(chosen, "-m", MEMORY_MIB) as target:
        tap.case("without -M: every set is stored, readers find the value or nothing", lambda: evict(target))
        tap.case("without -M: memory stays within bounds", lambda: check_memory(target, 0, RSS_BOUND))
    tap.finish()


def value_of(key):
    """A value that is its key's alone, of a size that follows from the key."""
    rng = random.Random(key)
    return rng.randbytes(rng.choice((10, 100, 1000, 10_000, 100_000)))


class Writer:
    """Stores new keys; remembers which were stored, so that readers can ask for them."""

    def __init__(self, bytes_each):
        self.stored, self.refused, self.bytes = [], 0, 0
        self._bytes_each = bytes_each
        self._lock = threading.Lock()
        self._sent = [0] * WRITERS

    def done(self):
        return min(self._sent) >= self._bytes_each

    def turn(self, number, wire, round_number):
        key = b"%d-%d-%d" % (SEED, number, round_number)
        value = value_of(key)
        wire.send(b"set %s 0 0 %d\r\n%s\r\n" % (key, len(value), value))
        reply = wire.read_line()
        with self._lock:
            self._sent[number] += len(value)
            if reply == b"STORED\r\n":
                self.stored.append(key)
            elif reply in REFUSED:
                self.refused += 1
            else:
                raise WireError(f"a set drew {reply!r}")


def play(target, reader):
    """Writers at work, readers beside them, until each writer has sent its part."""
    writer = Writer(TIMES * MEMORY_MIB * MIB // WRITERS)
    with Busy(target, READERS, lambda *args: reader(writer, *args)) as readers:
        with Busy(target, WRITERS, writer.turn) as writers:
            wait_until(lambda: writers.failed() or readers.failed() or writer.done(), "all is written")
        readers.wait_for_turns(10)
    tap.note(f"{len(writer.stored)} values stored, {writer.refused} refused, {sum(readers.turns)} read meanwhile")
    return writer


def read(writer, must_hit, number, wire, round_number):
    if not writer.stored:
        return ask(wire, b"get no-such-key\r\n", b"END\r\n")
    key = random.Random(f"{SEED} {number} {round_number}").choice(writer.stored)
    wire.send(b"get %s\r\n" % key)
    first = wire.read_line()
    if first == b"END\r\n" and not must_hit:
        return
    rest = value_reply(key, value_of(key))
    if first != rest[:len(first)]:
        raise WireError(f"get {key!r} drew {first!r}")
    wire.expect(rest[len(first):])


def refuse(target, kept):
    writer = play(target, lambda writer, *args: read(writer, True, *args))
    if not writer.refused:
        raise AssertionError("nothing was refused")
    kept += writer.stored
    with target.connect() as wire:
        for key in kept:
            ask(wire, b"get %s\r\n" % key, value_reply(key, value_of(key)))


def without_room(target, kept):
    """Reading, touching, counting and deleting; and a set that is refused leaves the old value or none, no other."""
    with target.connect() as wire:
        ask(wire, b"touch %s 0\r\nget no-such-key\r\n" % kept[0], b"TOUCHED\r\nEND\r\n")
        ask(wire, b"delete %s\r\nset n 0 0 2\r\n41\r\nincr n 1\r\n" % kept.pop(0), b"DELETED\r\nSTORED\r\n42\r\n")
        for turn in range(LARGE_SETS):
            key = kept.pop(0)
            wire.send(b"set %s 0 0 %d\r\n%s\r\nget %s\r\n" % (key, len(LARGE), LARGE, key))
            stored, found = wire.read_line(), wire.read_until(b"END\r\n")
            if stored != b"STORED\r\n":
                break
        if stored not in REFUSED or found not in (b"END\r\n", value_reply(key, value_of(key))):
            raise WireError(f"set {turn} drew {stored!r}, the get after it {found[:40]!r}")


def room_again(target, kept):
    with target.connect() as wire:
        for key in kept:
            ask(wire, b"delete %s\r\n" % key, b"DELETED\r\n")
        for key in kept:
            set_value(wire, key, value_of(key))
            ask(wire, b"get %s\r\n" % key, value_reply(key, value_of(key)))


def evict(target):
    writer = play(target, lambda writer, *args: read(writer, False, *args))
    if writer.refused:
        raise AssertionError(f"{writer.refused} sets were refused")
    if not statistic(target, "evictions"):
        raise AssertionError("nothing was evicted")
    with Busy(target, WORKERS, work_once) as busy:
        busy.wait_for_turns(10)


if __name__ == "__main__":
    main()
