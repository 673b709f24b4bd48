#!/usr/bin/python3
"""Slow writers and slow readers by the hundred, a byte at a time: each is served in the end, others at once."""

import hashlib
import socket

from crowd import (ONLY_THE_ASKER, Busy, Crowd, allow_descriptors, ask, check_memory, options, server, set_value,
                   statistic, value_reply, wait_until, wait_until_all_gone, work, work_once)
from wire import Wire

import tap

SLOW = 300            # half of them write, half read; by hand: --many 4000
WORKERS = 4
SMALL_BUFFER = 4096
LARGE = 200_000       # what each of the readers asks for; more than the kernel keeps for it
BYTES_READ = 60       # one at a time, before they take the rest
BOUND_EACH = 64 << 10  # of RSS; a guess, as for those that are idle


def main():
    chosen = options(__doc__, many=SLOW)
    allow_descriptors(chosen.many + 200)
    with server(chosen, "-c", chosen.many + 100, "-m", 64) as target:
        large = bytes(hashlib.sha256(b"slow").digest() * (LARGE // 32))
        with Crowd(target, WORKERS, work(100)):
            pass  # what the others need is no part of what the slow ones cost
        with target.connect() as wire:
            set_value(wire, b"large", large)
            ask(wire, b"get large\r\n", value_reply(b"large", large))
        tap.case(f"{chosen.many} slow writers and readers are served, and so are others beside them",
                 lambda: slow(target, chosen.many // 2, value_reply(b"large", large)))
        tap.case("they leave nothing behind", lambda: wait_until_all_gone(target))
    tap.finish()


def slow(target, count, expected):
    before = target.rss_bytes()
    writers = [connect(target) for _ in range(count)]
    readers = [connect(target) for _ in range(count)]
    wait_until(lambda: statistic(target, "curr_connections") == 2 * count + ONLY_THE_ASKER, "all accepted")
    for reader in readers:
        reader.send(b"get large\r\n")
    with Busy(target, WORKERS, work_once) as busy:
        trickle(busy, writers, readers, expected)
        check_memory(target, before, 2 * count * BOUND_EACH)
        tap.note(f"the others did {sum(busy.turns)} turns meanwhile")
        for number, writer in enumerate(writers):
            writer.send((said(number))[-1:])
            writer.expect(b"STORED\r\nVALUE slow-%05d 0 20\r\n01234567890123456789\r\nEND\r\n" % number)
        for reader in readers:
            reader.expect(expected[BYTES_READ:])
            ask(reader, b"get no-such-key\r\n", b"END\r\n")
    for wire in writers + readers:
        wire.close()


def connect(target):
    """A connection whose kernel buffers hold little; not more than one at a time waits to be accepted."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    sock.settimeout(60)
    sock.connect(target.address)
    return Wire(sock)


def said(number):
    return b"set slow-%05d 0 0 20\r\n01234567890123456789\r\nget slow-%05d\r\n" % (number, number)


def trickle(busy, writers, readers, expected):
    """All but the last byte of each writer; between two bytes of one come those of all others, and others' turns."""
    for at in range(len(said(0)) - 1):
        for number, writer in enumerate(writers):
            writer.sock.send(said(number)[at:at + 1])
        if at < BYTES_READ:
            for reader in readers:
                read_byte(reader.sock, expected[at])
        busy.wait_for_turns()


def read_byte(sock, expected):
    sock.settimeout(60)
    if sock.recv(1) != bytes((expected,)):
        raise AssertionError("a slow reader got a wrong byte")
    sock.setblocking(False)


if __name__ == "__main__":
    main()
