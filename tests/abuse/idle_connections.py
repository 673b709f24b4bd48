#!/usr/bin/python3
"""Two thousand idle connections beside fifty busy ones: all are served, at a small price each."""

import socket

from crowd import (ONLY_THE_ASKER, Crowd, allow_descriptors, options, server, statistic_on, wait_until,
                   wait_until_all_gone, work)

import tap

IDLE = 2000
BUSY = 50
ROUNDS = 40
DESCRIPTORS = IDLE + BUSY + 200
PATIENCE_S = 60
BOUND_PER_IDLE = 64 << 10  # a guess, several times what memcached needs


def main():
    chosen = options(__doc__)
    allow_descriptors(DESCRIPTORS)
    with server(chosen, "-c", 4096, "-m", 64) as target:
        tap.case(f"{IDLE} idle and {BUSY} busy connections are all served", lambda: crowded(target))
        tap.case("they leave nothing behind", lambda: wait_until_all_gone(target))
    tap.finish()


def crowded(target):
    asker = target.connect()
    busy = Crowd(target, BUSY, work(ROUNDS))
    with Crowd(target, BUSY, work(ROUNDS)):
        pass
    before = target.rss_bytes()
    idle = [socket.create_connection(target.address, PATIENCE_S) for _ in range(IDLE)]
    try:
        wait_until(lambda: statistic_on(asker, "curr_connections") == IDLE + BUSY + ONLY_THE_ASKER,
                   "all connections accepted")
        after = target.rss_bytes()
        each = (after - before) / IDLE
        tap.note(f"RSS {before >> 10} KiB with {BUSY}, {after >> 10} KiB with {IDLE} more: "
                 f"{each:.0f} bytes per idle connection")
        with busy:
            pass
        for number, sock in enumerate(idle):
            greet(sock, number)
        tap.note(f"RSS {target.rss_bytes() >> 10} KiB after each of them was served once")
    finally:
        for sock in idle:
            sock.close()
        asker.close()
    if each > BOUND_PER_IDLE:
        raise AssertionError(f"{each:.0f} bytes per idle connection")


def greet(sock, number):
    """One request on a connection that was idle so far."""
    expected = b"STORED\r\nVALUE idle 0 4\r\n%04d\r\nEND\r\n" % number
    sock.sendall(b"set idle 0 0 4\r\n%04d\r\nget idle\r\n" % number)
    received = b""
    while len(received) < len(expected):
        piece = sock.recv(1024)
        if not piece:
            raise AssertionError(f"idle connection {number} was closed after {received!r}")
        received += piece
    if received != expected:
        raise AssertionError(f"idle connection {number} was answered {received!r}")


if __name__ == "__main__":
    main()
