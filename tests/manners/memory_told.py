"""What `stats ring` tells of memory adds up, and agrees with what the kernel says.

RINGCACHED names the ringcached executable.
"""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import servers  # noqa: E402
import tap  # noqa: E402

LIMIT_S = 60
MIB = 1 << 20
PAGE = 65536
ITEMS, VALUE = 6000, b"x" * 5000  # nearly 30 MiB
LARGE = b"y" * 100_000


def ring(wire):
    wire.send(b"stats ring\r\n")
    lines = wire.read_until(b"END\r\n").decode().splitlines()[:-1]
    words = [line.split(maxsplit=2) for line in lines]
    return {name: int(value) for _, name, value in words if value.isdigit()}


def fill(wire):
    for first in range(0, ITEMS, 100):
        for number in range(first, first + 100):
            wire.send(b"set key%d 0 0 %d noreply\r\n%s\r\n" % (number, len(VALUE), VALUE))
        wire.send(b"set large 0 0 %d\r\n%s\r\n" % (len(LARGE), LARGE))
        wire.expect(b"STORED\r\n")


def by_class(figures, name):
    return sum(value for key, value in figures.items() if key.endswith(":" + name))


def holds(fact, what):
    if not fact:
        raise AssertionError(what)


def classes_add_up(server):
    with server.connect() as wire:
        fill(wire)
        figures = ring(wire)
        wire.send(b"stats\r\n")
        general = dict(line.split()[1:3] for line in wire.read_until(b"END\r\n").decode().splitlines()[:-1]
                       if len(line.split()) == 3)
    in_classes = sum(by_class(figures, name) for name in ("bytes_used", "bytes_free", "bytes_lost"))
    pages = figures["pages_held"] - figures["pages_empty"]
    holds(in_classes == pages * PAGE, f"used, free and lost: {in_classes}, {pages} pages")
    requested = by_class(figures, "bytes_requested")
    holds(requested == int(general["bytes"]), f"requested: {requested}, bytes: {general['bytes']}")
    holds(requested <= by_class(figures, "bytes_used"), "requested is used")
    holds(requested >= ITEMS * len(VALUE) + len(LARGE), f"requested: {requested}")


def allocator_agrees(server):
    with server.connect() as wire:
        figures = ring(wire)
    holds(figures["arena_bytes"] >= figures["pages_held"] * PAGE + figures["table_bytes"], "pages and tables")
    holds(figures["malloc_allocated"] >= figures["arena_bytes"], "the arenas are allocated")
    holds(figures["malloc_resident"] >= figures["malloc_allocated"], "what is allocated counts as resident")
    holds(figures["malloc_mapped"] >= figures["malloc_allocated"], "what is allocated is mapped")


def kernel_agrees(server):
    with server.connect() as wire:
        told = ring(wire)["process_resident"]
    known = server.rss_bytes()
    holds(abs(told - known) <= 4 * MIB, f"told {told}, resident {known}")


def comes_back(server):
    with server.connect() as wire:
        before, resident = ring(wire), server.rss_bytes()
        holds(before["arena_bytes_returned"] == 0, "nothing has gone back yet")
        wire.send(b"cache_memlimit 8\r\n")
        wire.expect(b"OK\r\n")
        deadline = time.monotonic() + LIMIT_S
        while ring(wire)["pages_held"] > 8 * MIB // PAGE:
            holds(time.monotonic() < deadline, "the pages do not go")
            time.sleep(0.01)
        after = ring(wire)
    gone = (before["pages_held"] - after["pages_held"]) * PAGE
    holds(after["arena_bytes_returned"] == gone, f"returned {after['arena_bytes_returned']}, {gone} gone")
    fallen = resident - server.rss_bytes()
    holds(fallen >= gone - 4 * MIB, f"{gone} gone, resident fell by {fallen}")


def main():
    with servers.Server("ringcached", ["-m", 64, "-t", 2], time_limit_s=4 * LIMIT_S) as server:
        for name, test in (("used, free and lost bytes of all classes are all pages", classes_add_up),
                           ("the allocator's figures contain the arenas'", allocator_agrees),
                           ("the resident size is the kernel's", kernel_agrees),
                           ("what cache_memlimit gives back is told, and gone", comes_back)):
            tap.case(name, lambda: test(server))
    tap.finish()


main()
