#!/usr/bin/python3
"""A client that dies in the middle of a value leaves the old value, and no memory behind."""

import random

from crowd import MIB, ask, drop, options, server, set_value, value_reply, wait_until_all_gone

import tap

SEED = 77
SIZES = (100, 20_000, 512 << 10)
VERBS = (b"set", b"replace", b"append", b"prepend", b"add")
DEATHS = 300
MEMORY_MIB = 64


def main():
    chosen = options(__doc__)
    tap.note(f"seed {SEED}")
    with server(chosen, "-m", MEMORY_MIB, "-I", "2m") as target:
        for size in SIZES:
            for farewell in ("closes", "resets"):
                tap.case(f"the old value stays when a client {farewell} within {size} bytes",
                         lambda: old_value_stays(target, size, farewell == "resets"))
        tap.case(f"{DEATHS} deaths within 1 MiB values leave {MEMORY_MIB} MiB usable",
                 lambda: memory_comes_back(target))
    tap.finish()


def old_value_stays(target, size, resets):
    rng = random.Random(f"{SEED} {size} {resets}")
    old, new = rng.randbytes(size), rng.randbytes(size)
    with target.connect() as wire:
        set_value(wire, b"key", old)
        for verb in VERBS:
            for sent in (0, 1, size // 2, size, size + 1):
                die(target, verb, b"key", new, sent, resets)
                ask(wire, b"get key\r\n", value_reply(b"key", old))
    wait_until_all_gone(target)
    with target.connect() as wire:
        ask(wire, b"get key\r\n", value_reply(b"key", old))
        set_value(wire, b"key", new)
        ask(wire, b"get key\r\n", value_reply(b"key", new))


def die(target, verb, key, value, sent, resets):
    """Sends `sent` bytes of the value and its line end, then dies. A get before it shows that we were served."""
    wire = target.connect()
    ask(wire, b"get no-such-key\r\n", b"END\r\n")
    wire.send(b"%s %s 0 0 %d\r\n" % (verb, key, len(value)) + (value + b"\r\n")[:sent])
    if resets:
        drop(wire.sock)
    else:
        wire.close()


def memory_comes_back(target):
    value = random.Random(SEED).randbytes(MIB)
    for number in range(DEATHS):
        die(target, b"set", b"dead-%d" % number, value, 900_000, number % 2 == 0)
    wait_until_all_gone(target)
    with target.connect() as wire:
        for turn in range(2 * MEMORY_MIB):
            key = b"alive-%d" % turn
            set_value(wire, key, value)
            ask(wire, b"get %s\r\n" % key, value_reply(key, value))


if __name__ == "__main__":
    main()
