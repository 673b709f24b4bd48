#!/usr/bin/python3
"""A storm of connections opened and dropped: others are served meanwhile, and nothing of it stays behind."""

import socket

from crowd import (MIB, Busy, Crowd, allow_descriptors, check_memory, descriptors, drop, options, server,
                   statistic, wait_until, wait_until_all_gone, work, work_once)

import tap

STORM = 4_000   # by hand: --many 20000
AT_ONCE = 200  # far below -c and what waits to be accepted: this is about coming and going
CONNECTIONS_MAX = 4096
WORKERS = 4
RSS_BOUND = 16 * MIB  # a guess, for what connections past and gone may leave in pools
SAID = (
    b"",
    b"get no-such-key\r\n",
    b"get no-such-k",
    b"set storm 0 0 100\r\n" + b"x" * 50,
    b"set storm 0 0 1\r\nx\r\n" * 10,
    b"\x80\x00\x00\x03",
)


def main():
    chosen = options(__doc__, many=STORM)
    allow_descriptors(2 * AT_ONCE + 100)
    with server(chosen, "-c", CONNECTIONS_MAX, "-m", 64) as target:
        with Crowd(target, AT_ONCE, work(1)):
            pass  # what so many connections need at once is no part of what the storm leaves
        wait_until_all_gone(target)
        before, rss = descriptors(target), target.rss_bytes()
        tap.case(f"{chosen.many} connections are opened and dropped while others are served",
                 lambda: storm(target, chosen.many))
        tap.case("every one of them was accepted", lambda: counted(target, chosen.many))
        tap.case("the server's descriptors are those from before", lambda: as_before(target, before))
        tap.case(f"and its memory, within {RSS_BOUND >> 20} MiB",
                 lambda: check_memory(target, rss, RSS_BOUND))
        tap.case("it serves", lambda: serves(target))
    tap.finish()


def storm(target, count):
    """Waves of clients, of which each says something, or nothing, and closes or resets the connection."""
    with Busy(target, WORKERS, work_once):
        for first in range(0, count, AT_ONCE):
            wave = range(first, min(first + AT_ONCE, count))
            for number, sock in [(number, opened(target, number)) for number in wave]:
                drop(sock) if number % 2 else sock.close()


def opened(target, number):
    sock = socket.create_connection(target.address, 60)
    sock.sendall(SAID[number // 2 % len(SAID)])
    return sock


def counted(target, count):
    wait_until(lambda: statistic(target, "total_connections") >= count, "all of them counted")


def as_before(target, before):
    wait_until_all_gone(target)
    wait_until(lambda: descriptors(target) <= before, f"{before} descriptors: {descriptors(target)}")


def serves(target):
    with Crowd(target, WORKERS, work(10)):
        pass


if __name__ == "__main__":
    main()
