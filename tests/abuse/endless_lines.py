#!/usr/bin/python3
"""Lines, gets and values without end: refused, answered or swallowed, in little memory, beside others at work."""

from crowd import MIB, Busy, ask, check_memory, drop, options, same, server, wait_until_all_gone, work_once
import tap

CLIENTS = 4
WORKERS = 4
EACH = 4 * MIB        # bytes that each of them sends; by hand: --many 1000
PIECE = 64 << 10
LINE_MAX = 2048
RSS_BOUND = 32 * MIB  # a guess: all that is sent would take several times as much


def main():
    chosen = options(__doc__, many=EACH // MIB)
    size = chosen.many * MIB
    with server(chosen, "-m", 64) as target:
        with Busy(target, WORKERS, work_once) as busy:
            busy.wait_for_turns(50)  # what the others need is no part of what the endless cost
            before = target.rss_bytes()
            tap.case("a connection with a line without end is closed",
                     lambda: refused(target, busy))
            tap.case(f"a get of {size >> 20} MiB of keys is answered to its end", lambda: endless_get(target, busy, size))
            tap.case(f"a value of {size >> 20} MiB is refused and swallowed", lambda: endless_value(target, busy, size))
            tap.case("lines that never end stay within the sockets' own memory", lambda: never_ended(target, busy))
            tap.case(f"memory grows by less than {RSS_BOUND >> 20} MiB", lambda: check_memory(target, before, RSS_BOUND))
        tap.case("they leave nothing behind", lambda: wait_until_all_gone(target))
    tap.finish()


def refused(target, busy):
    """Whatever it is that does not end: a verb, a key, a meta command, digits, spaces, a lone CR. As memcached does."""
    for beginning in (b"x", b"set " + b"k" * 100, b"mg key ", b"set key 0 0 1", b" ", b"\r"):
        for more in (LINE_MAX, 16 * LINE_MAX):
            with target.connect() as wire:
                wire.send(beginning + beginning[-1:] * more)
                same(wire.read_until_closed(), b"", f"the answer to {beginning[:10]!r} and {more} bytes")
    busy.wait_for_turns()


def endless_get(target, busy, size):
    """Taken key by key: the line is never whole, and its hits come while it is sent."""
    keys = b"no-such-key " * ((PIECE - 5) // 12) + b"here "
    wires = [target.connect() for _ in range(CLIENTS)]
    ask(wires[0], b"set here 0 0 1\r\nx\r\n", b"STORED\r\n")
    for wire in wires:
        wire.send(b"get ")
    for _ in range(size // len(keys)):
        for wire in wires:
            wire.send(keys)
            wire.expect(b"VALUE here 0 1\r\nx\r\n")
    busy.wait_for_turns()
    for wire in wires:
        ask(wire, b"here\r\n", b"VALUE here 0 1\r\nx\r\nEND\r\n")
        wire.close()


def endless_value(target, busy, size):
    value = b"v" * PIECE
    wires = [target.connect() for _ in range(CLIENTS)]
    for number, wire in enumerate(wires):
        wire.send(b"set big%d 0 0 %d\r\n" % (number, size))
    for _ in range(size // PIECE):
        for wire in wires:
            wire.send(value)
    busy.wait_for_turns()
    for number, wire in enumerate(wires):
        wire.send(b"\r\nget big%d\r\n" % number)
        wire.expect(b"SERVER_ERROR object too large for cache\r\nEND\r\n")
        wire.close()


def never_ended(target, busy):
    """As many as fit in a line, and no more: they are waited for, and vanish."""
    wires = [target.connect() for _ in range(CLIENTS * 50)]
    for wire in wires:
        wire.send(b"set " + b"k" * (LINE_MAX - 100))
    busy.wait_for_turns(3)
    same([wire.pending() for wire in wires], [b""] * len(wires), "what they hear")
    for wire in wires:
        drop(wire.sock)


if __name__ == "__main__":
    main()
