#!/usr/bin/python3
"""The connection limit (-c): one error line above it, service again below it, and an honest count."""

from crowd import ask, options, same, server, statistic, wait_until, wait_until_all_gone

import tap
from wire import WireError

LIMIT = 40
TOO_MANY = b"ERROR Too many open connections\r\n"
CHURN = 500
MISS = b"get no-such-key\r\n"


def main():
    chosen = options(__doc__)
    with server(chosen, "-c", LIMIT) as target:
        crowd = []
        tap.case("connections are served up to the limit", lambda: fill(target, crowd))
        tap.case("one above it gets the error line and is closed", lambda: refused(target, crowd))
        tap.case("a close makes room for a new one", lambda: replaced(target, crowd))
        tap.case("all closed: no connection is counted", lambda: all_closed(target, crowd))
        tap.case(f"{CHURN} connections, one after the other", lambda: churn(target))
        tap.case("the limit can be reached again", lambda: again(target))
    if chosen.server == "ringcached":  # memcached takes fewer than LIMIT
        with server(chosen, "-c", LIMIT, "-o", "no_maxconns_fast") as target:
            tap.case("no_maxconns_fast: stats tell of the pause", lambda: paused(target))
    tap.finish()


def paused(target):
    crowd = [target.connect() for _ in range(LIMIT)]
    for wire in crowd:
        ask(wire, MISS, b"END\r\n")
    told = stats_of(crowd[0])
    same((told["accepting_conns"], told["listen_disabled_num"]), ("0", "1"), "while it pauses")
    same("rejected_connections" in told, False, "whether rejections are told")
    for wire in crowd[1:]:
        wire.close()
    wait_until(lambda: stats_of(crowd[0])["accepting_conns"] == "1", "it accepts again")
    same(stats_of(crowd[0])["listen_disabled_num"], "1", "pauses")


def stats_of(wire):
    wire.send(b"stats\r\n")
    told = {}
    while (line := wire.read_line()) != b"END\r\n":
        _, name, value = line.decode().split()
        told[name] = value
    return told


def fill(target, crowd):
    while len(crowd) <= LIMIT:
        wire = target.connect()
        if not is_served(wire):
            wire.close()
            break
        crowd.append(wire)
    tap.note(f"-c {LIMIT}: {len(crowd)} connections were served")
    if not LIMIT // 4 <= len(crowd) <= LIMIT:  # memcached counts descriptors, its own included
        raise AssertionError(f"{len(crowd)} connections were served with -c {LIMIT}")


def is_served(wire):
    """Whether a request is answered; else the error line, or a reset that overtook it."""
    wire.send(MISS)
    answer = wire.read_until_closed() if wire.at_eof() else wire.read_line()
    if answer not in (b"END\r\n", TOO_MANY, b""):
        raise WireError(f"answered {answer!r}")
    return answer == b"END\r\n"


def refused(target, crowd):
    """These say nothing, so that nothing unread turns the close into a reset."""
    for _ in range(5):
        with target.connect() as wire:
            same(wire.read_until_closed(), TOO_MANY, "the answer above the limit")
    for wire in crowd:
        ask(wire, MISS, b"END\r\n")


def replaced(target, crowd):
    for _ in range(5):
        crowd.pop(0).close()
        wait_until(lambda: admitted(target, crowd), "a new connection served")
        with target.connect() as wire:
            same(wire.read_until_closed(), TOO_MANY, "the answer above the limit")


def admitted(target, crowd):
    wire = target.connect()
    if is_served(wire):
        crowd.append(wire)
        return True
    wire.close()
    return False


def all_closed(target, crowd):
    while crowd:
        crowd.pop().close()
    wait_until(lambda: can_ask(target), "a connection is served")
    wait_until_all_gone(target)
    refusals = statistic(target, "rejected_connections")
    if refusals < 10:  # five in each of the two cases before
        raise AssertionError(f"rejected_connections is {refusals}, but at least 10 were refused")


def can_ask(target):
    with target.connect() as wire:
        return is_served(wire)


def churn(target):
    before = statistic(target, "total_connections")
    for _ in range(CHURN):
        with target.connect() as wire:
            ask(wire, MISS + b"quit\r\n", b"END\r\n")
            same(wire.read_until_closed(), b"", "after quit")
    wait_until_all_gone(target)
    if statistic(target, "total_connections") < before + CHURN:
        raise AssertionError("total_connections did not count them all")


def again(target):
    crowd = []
    fill(target, crowd)
    refused(target, crowd)
    for wire in crowd:
        wire.close()
    wait_until(lambda: can_ask(target), "a connection is served")
    wait_until_all_gone(target)


if __name__ == "__main__":
    main()
