#!/usr/bin/python3
"""A server without descriptors serves those it has, does not spin, and takes the others once it can."""

import os
import resource
import time

from crowd import (ONLY_THE_ASKER, ask, descriptors, options, same, server, statistic_on, wait_until,
                   wait_until_all_gone)

import tap

CONNECTIONS_MAX = 60
PAUSES = 1    # of accepting, since -c was reached
AMPLE = 1000  # descriptors
LEFT = 20     # connections that it still has descriptors for
WAITING = 30  # that come on top
REPLACED = 4  # each may take a second: the core that accepts looks for itself once in that time
WATCHED_S = 0.5
CPU_BOUND = 0.2  # of a CPU, while nothing can be accepted; a server that spins takes all of one


def main():
    chosen = options(__doc__)
    with server(chosen, "-m", 64, "-c", CONNECTIONS_MAX, "-o", "no_maxconns_fast") as target:
        served, waiting = [], []
        tap.case("connections are served until the descriptors are used up", lambda: used_up(target, served))
        tap.case("those that come then wait, and the others are served", lambda: wait(served, waiting, target))
        tap.case("waiting takes no CPU", lambda: at_rest(target))
        tap.case("each one that leaves makes room for one that waits", lambda: replaced(served, waiting))
        tap.case("with descriptors again all are served", lambda: enough_again(target, served, waiting))
        tap.case("and nothing is left behind", lambda: gone(target, served))
    tap.finish()


def used_up(target, served):
    """The limit is set from outside, since a server that is started with too low a one raises it or does not start.

    io_uring keeps the limit of the moment at which accepting began. The pause that -c brings begins it anew.
    """
    served += [target.connect() for _ in range(CONNECTIONS_MAX)]
    for wire in served:
        ask(wire, b"get no-such-key\r\n", b"END\r\n")
    limit = descriptors(target) - CONNECTIONS_MAX + LEFT
    limit_descriptors(target, limit)
    while len(served) > 1:
        served.pop().close()
    wait_until(lambda: statistic_on(served[0], "curr_connections") == ONLY_THE_ASKER, "the others are gone")
    served += [target.connect() for _ in range(LEFT - 1)]
    for wire in served:
        ask(wire, b"get no-such-key\r\n", b"END\r\n")
    same(descriptors(target), limit, "descriptors in use")


def limit_descriptors(target, limit):
    _, hard = resource.prlimit(target.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(target.pid, resource.RLIMIT_NOFILE, (min(limit, hard), hard))


def wait(served, waiting, target):
    """They are connected, by the kernel alone."""
    for _ in range(WAITING):
        waiting.append(target.connect())
        waiting[-1].send(b"get no-such-key\r\n")
    wait_until(lambda: statistic_on(served[0], "listen_disabled_num") > PAUSES, "the server has noticed")
    for wire in served:
        ask(wire, b"set key 0 0 1\r\nx\r\nget key\r\n", b"STORED\r\nVALUE key 0 1\r\nx\r\nEND\r\n")
    same([wire.pending() for wire in waiting], [b""] * WAITING, "what those that wait have heard")


def at_rest(target):
    """CPU time is what is measured here, so that a busy machine does not matter."""
    before, began = cpu_s(target.pid), time.monotonic()
    time.sleep(WATCHED_S)
    used = (cpu_s(target.pid) - before) / (time.monotonic() - began)
    tap.note(f"{used:.3f} of a CPU")
    if used > CPU_BOUND:
        raise AssertionError(f"{used:.2f} of a CPU while it waits for descriptors")


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as stat:
        user, system = stat.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def replaced(served, waiting):
    """The kernel hands them over in the order in which they came."""
    for _ in range(REPLACED):
        served.pop().close()
        waiting[0].expect(b"END\r\n")
        served.append(waiting.pop(0))
    same([wire.pending() for wire in waiting], [b""] * len(waiting), "what those that wait have heard")


def enough_again(target, served, waiting):
    limit_descriptors(target, AMPLE)
    while waiting:
        waiting[0].expect(b"END\r\n")
        served.append(waiting.pop(0))
    same(len(served), LEFT + WAITING - REPLACED, "clients")
    for wire in served:
        ask(wire, b"get key\r\n", b"VALUE key 0 1\r\nx\r\nEND\r\n")


def gone(target, served):
    while served:
        served.pop().close()
    wait_until_all_gone(target)


if __name__ == "__main__":
    main()
