#!/usr/bin/python3
"""Clients that write one byte at a time, and hundreds that vanish in mid-command, disturb nobody."""

import random

from crowd import (Crowd, ask, drop, options, server, set_value, value_reply, wait_until_all_gone, work)

import tap

SEED = 31337
SLOW_CLIENTS = 20
VANISHING = 200
WORKERS = 10
ROUNDS = 150
BIG = 300_000

SLOW_DIALOGUE = [
    (b"set slow-%d 5 0 40\r\n0123456789012345678901234567890123456789\r\n", b"STORED\r\n"),
    (b"get slow-%d no-such-key\r\n",
     b"VALUE slow-%d 5 40\r\n0123456789012345678901234567890123456789\r\nEND\r\n"),
    (b"append slow-%d 0 0 2\r\n\r\n\r\n", b"STORED\r\n"),
    (b"set count-%d 0 0 2\r\n41\r\n", b"STORED\r\n"),
    (b"incr count-%d 1\r\n", b"42\r\n"),
    (b"set slow-%d 0 0 3\r\nabcdefghij\r\n", b"CLIENT_ERROR bad data chunk\r\nERROR\r\n"),
    (b"delete slow-%d\r\n", b"DELETED\r\n"),
]


def main():
    chosen = options(__doc__)
    tap.note(f"seed {SEED}")
    with server(chosen, "-m", 128) as target:
        tap.case(f"{SLOW_CLIENTS} clients write byte by byte while others are served", lambda: slow(target))
        tap.case(f"{VANISHING} clients vanish in mid-command while others are served", lambda: vanish(target))
        tap.case("they leave nothing behind", lambda: wait_until_all_gone(target))
        tap.case("and the server still serves", lambda: still_serves(target))
    tap.finish()


def slow(target):
    """Each of them sends its next byte only after somebody else's request was answered."""
    wires = [target.connect() for _ in range(SLOW_CLIENTS)]
    with target.connect() as other, Crowd(target, WORKERS, work(ROUNDS)):
        for said, expected in SLOW_DIALOGUE:
            trickle(wires, said, other)
            for number, wire in enumerate(wires):
                wire.expect(expected % number if b"%d" in expected else expected)
    for wire in wires:
        wire.close()


def trickle(wires, said, other):
    longest = max(len(said % number) for number in range(len(wires)))
    for at in range(longest):
        for number, wire in enumerate(wires):
            wire.send((said % number)[at:at + 1])
        ask(other, b"get no-such-key\r\n", b"END\r\n")


def vanish(target):
    rng = random.Random(SEED)
    with target.connect() as wire:
        set_value(wire, b"big", b"b" * BIG)
        with Crowd(target, WORKERS, work(ROUNDS)):
            for number in range(VANISHING):
                vanish_once(target, rng, number)
                ask(wire, b"get no-such-key\r\n", b"END\r\n")
        ask(wire, b"get big\r\n", value_reply(b"big", b"b" * BIG))


def vanish_once(target, rng, number):
    """Connects, sends a part of something, and resets the connection, answered or not."""
    whole = rng.choice((
        b"get " + b"k" * 200 + b"\r\n",
        b"get " + b" ".join([b"some-key"] * 3000) + b"\r\n",
        b"set vanish-%d 0 0 1000\r\n" % number + b"v" * 1000 + b"\r\n",
        b"set vanish-%d 0 0 %d\r\n" % (number, BIG) + b"v" * BIG + b"\r\n",
        b"get big\r\n" * 100,
        b"set vanish-%d 0 0 1\r\nx\r\nget vanish-%d\r\n" % (number, number) * 200,
    ))
    wire = target.connect()
    ask(wire, b"get no-such-key\r\n", b"END\r\n")
    wire.send(whole[:rng.randint(1, len(whole))])
    if rng.random() < 0.3:
        wire.send(b"\r\n")
    drop(wire.sock)


def still_serves(target):
    with Crowd(target, WORKERS, work(20)):
        pass


if __name__ == "__main__":
    main()
