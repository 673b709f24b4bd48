#!/usr/bin/python3
"""Large values from several clients at once come back byte for byte."""

import hashlib
import random

from crowd import MIB, Crowd, options, same, server

import tap

CLIENTS = 4
PIECE = MIB
SEED = 20240607
ARGS = ["-I", "128m", "-m", "1024"]


def main():
    chosen = options(__doc__)
    tap.note(f"seed {SEED}")
    blob = random.Random(SEED).randbytes(2 * PIECE)
    for size, rounds in ((MIB, 20), (3 * MIB + 1, 5), (100 * MIB, 1)):
        name = f"{CLIENTS} clients at once store and read {size} bytes, {rounds} times"
        with server(chosen, *ARGS) as target:
            tap.case(name, lambda: round_trips(target, blob, size, rounds))
    tap.finish()


def round_trips(target, blob, size, rounds):
    def task(number, wire):
        wire.patience_s = 300
        for turn in range(rounds):
            start = random.Random(f"{number} {turn}").randrange(PIECE)
            sent = store(wire, b"large-%d" % number, pieces(blob, start, size), size)
            same(read_back(wire, b"large-%d" % number, size), sent, f"checksum of client {number}, turn {turn}")

    with Crowd(target, CLIENTS, task):
        pass


def pieces(blob, start, size):
    """`size` bytes that differ from piece to piece and from client to client."""
    left, turn = size, 0
    while left:
        at = (start + turn * 4099) % PIECE
        piece = blob[at:at + min(left, PIECE)]
        yield piece
        left -= len(piece)
        turn += 1


def store(wire, key, values, size):
    checksum = hashlib.sha256()
    wire.send(b"set %s 7 0 %d\r\n" % (key, size))
    for piece in values:
        checksum.update(piece)
        wire.send(piece)
    wire.send(b"\r\n")
    wire.expect(b"STORED\r\n")
    return checksum.hexdigest()


def read_back(wire, key, size):
    checksum = hashlib.sha256()
    wire.send(b"get %s\r\n" % key)
    wire.expect(b"VALUE %s 7 %d\r\n" % (key, size))
    left = size
    while left:
        piece = wire.read_exactly(min(left, PIECE))
        checksum.update(piece)
        left -= len(piece)
    wire.expect(b"\r\nEND\r\n")
    return checksum.hexdigest()


if __name__ == "__main__":
    main()
