#!/usr/bin/python3
"""Holds the memory of ringcached to what README promises: resident size, use of -m, hit ratios.

Each claim starts servers of its own and plays made-up requests against them. Prints a Markdown
table; with --check a missed target makes the exit code 1.

    RINGCACHED=build/src/ringcached bench/footprint.py --replay build/bench/replay/replay --check
"""

import argparse
import os
import sys
import time

from played import MIB, replay, rss, running, statistics, verdict

PAGE = 64 * 1024
OVERHEAD_PER_ITEM = 14  # bytes of table and ghost, at most (README)
RSS_SLACK = 1.03
FIXED_MIB, FIXED_MIB_PER_CORE = 12, 2  # the program, its stacks, buffers (README)
USE_MIN = 0.95
SHIFT_POINTS, PARTITION_POINTS = 0.02, 0.005
RESIDENT_GROWTH = 1.05  # resident over allocated, after against before

# Up from 100 B to 200 KB and down again.
CHURN = (100, 1000, 10_000, 50_000, 200_000, 50_000, 10_000, 1000, 100)
# Bytes of key and value; with a cas id each.
SHAPES = ((18, 37), (44, 100), (20, 273), (32, 699), (40, 1024), (40, 10_240), (40, 100_000))


class Table:
    """Prints a row per figure and counts what missed its target."""

    def __init__(self):
        self.missed = 0

    def begin(self):
        print("| claim | settings | figure | target | |\n|---|---|---|---|---|", flush=True)

    def row(self, claim, settings, figure, target, fine):
        self.missed += not fine
        print(f"| {claim} | {settings} | {figure} | {target} | {verdict(fine)} |", flush=True)


def numbers(server, what=""):
    return {name: int(value) for name, value in statistics(server, what).items() if value.isdigit()}


def fill(chosen, server, total, value_size, seed, key_size=20):
    """Sets new keys of `total` bytes with their headers."""
    replay(chosen.replay, server, "--workload", "fill", "--seed", seed, "--requests",
           max(64, total // (key_size + value_size + 48)), "--set-only", "--value-size", value_size,
           "--key-size", key_size)


def arena_ratio(server):
    """Resident over allocated, as the allocator counts, all arenas together."""
    ring = numbers(server, "ring")
    return ring["malloc_resident"] / ring["malloc_allocated"]


def churn_of_sizes(chosen, table):
    """RSS stays below -m, 14 bytes an item, 3 % and a fixed part, whatever sizes come."""
    for threads, mib in ((2, 32),) if chosen.quick else ((1, 64), (2, 256)):
        with running("ringcached", threads, mib) as server:
            items_most, worst, first_ratio = 0, 0.0, 0.0
            for step, size in enumerate(CHURN):
                fill(chosen, server, 2 * mib * MIB, size, step + 1)
                items_most = max(items_most, numbers(server)["curr_items"])
                bound = ((mib * MIB + OVERHEAD_PER_ITEM * items_most) * RSS_SLACK
                         + (FIXED_MIB + FIXED_MIB_PER_CORE * threads) * MIB)
                worst = max(worst, rss(server, "VmHWM") / bound)
                first_ratio = first_ratio or arena_ratio(server)
            last_ratio = arena_ratio(server)
        settings = f"-m {mib} -t {threads}, 100 B to 200 KB and back"
        table.row("peak RSS / (1.03 (-m + 14 B x items) + fixed)", settings, f"{worst:.3f}",
                  "<= 1", worst <= 1)
        table.row("arenas: resident / allocated, before and after", settings,
                  f"{first_ratio:.3f}, {last_ratio:.3f}", f"growth <= {RESIDENT_GROWTH}",
                  last_ratio <= RESIDENT_GROWTH * first_ratio)


def used_share(server, mib):
    """Of -m: what items and the rounding of their chunks take up."""
    slabs = numbers(server, "slabs")
    used = sum(count * slabs[name.replace("used_chunks", "chunk_size")]
               for name, count in slabs.items() if name.endswith(":used_chunks"))
    return used / (mib * MIB)


def budget_in_use(chosen, table):
    """When full, at least 95 % of -m holds items or their rounding."""
    for mib, threads in ((64, 8),) if chosen.quick else ((64, 8), (1024, 1)):
        with running("ringcached", threads, mib) as server:
            fill(chosen, server, 2 * mib * MIB, 100, 1)
            share = used_share(server, mib)
        table.row("items and their rounding / -m", f"-m {mib} -t {threads}, 100 B", f"{share:.3f}",
                  f">= {USE_MIN}", share >= USE_MIN)
        if chosen.quick:  # too short for pages to have found their classes
            continue
        with running("ringcached", threads, mib) as server:
            requests = 5000 * mib
            replay(chosen.replay, server, "--workload", "mix", "--keys", requests, "--requests",
                   requests)
            share = used_share(server, mib)
        table.row("items and their rounding / -m", f"-m {mib} -t {threads}, 20 B to 60 KB",
                  f"{share:.3f}", f">= {USE_MIN}", share >= USE_MIN)


def zipf(chosen, server, mib, seed, value_size, requests):
    """Hit ratio, counted from the middle on, with about three times as many keys as fit."""
    keys = 3 * mib * MIB // (value_size + 60)
    played = replay(chosen.replay, server, "--workload", "zipf", "--seed", seed, "--keys", keys,
                    "--requests", requests, "--warmup", requests // 2, "--value-size", value_size,
                    "--batch", 256)
    return 1 - played["miss_ratio"]


def shift_of_sizes(chosen, table):
    """Once other sizes come, hits are soon what a fresh server would have."""
    mib, requests = (16, 300_000) if chosen.quick else (256, 5_000_000)
    for before, after in ((100, 2000), (2000, 100)):
        hits = {}
        for kind in ("fresh", "shifted"):
            with running("ringcached", 1, mib) as server:
                if kind == "shifted":
                    zipf(chosen, server, mib, 1, before, requests)
                hits[kind] = zipf(chosen, server, mib, 2, after, requests)
        behind = hits["fresh"] - hits["shifted"]
        table.row("hit ratio behind a fresh server's",
                  f"-m {mib}, {before} B, then {requests} requests of {after} B",
                  f"{behind:.4f} ({hits['shifted']:.4f}, {hits['fresh']:.4f})",
                  f"<= {SHIFT_POINTS}", behind <= SHIFT_POINTS)


def partitions(chosen, table):
    """Eight partitions hit as often as one."""
    mib, requests = (128, 300_000) if chosen.quick else (128, 5_000_000)
    for value_size in (300, 1000):
        hits = {}
        for threads in (1, 8):
            with running("ringcached", threads, mib) as server:
                if numbers(server, "ring")["partitions"] != threads:
                    raise RuntimeError(f"-t {threads} gives another number of partitions")
                hits[threads] = zipf(chosen, server, mib, 1, value_size, requests)
        behind = hits[1] - hits[8]
        table.row("hit ratio of 8 partitions behind one's",
                  f"-m {mib}, Zipf 1.0, {value_size} B, {requests} requests",
                  f"{behind:.4f} ({hits[8]:.4f}, {hits[1]:.4f})", f"<= {PARTITION_POINTS}",
                  behind <= PARTITION_POINTS)


def smaller_limit(chosen, table):
    """cache_memlimit down gives memory back to the system."""
    mib, smaller = (64, 16) if chosen.quick else (256, 64)
    for value_size in (10_000,) if chosen.quick else (100, 10_000):
        with running("ringcached", 1, mib) as server:
            fill(chosen, server, 2 * mib * MIB, value_size, 1)
            before, items = rss(server), numbers(server)["curr_items"]
            with server.connect() as wire:
                wire.send(f"cache_memlimit {smaller}\r\n".encode())
                wire.read_until(b"OK\r\n")
            deadline = time.monotonic() + 60
            while numbers(server, "ring")["pages_held"] > smaller * MIB // PAGE:
                if time.monotonic() > deadline:
                    break
                time.sleep(0.1)
            after = rss(server)
        bound = ((smaller * MIB + OVERHEAD_PER_ITEM * items) * RSS_SLACK
                 + (FIXED_MIB + FIXED_MIB_PER_CORE) * MIB)
        table.row("RSS before and after cache_memlimit, MiB",
                  f"-m {mib}, then {smaller}, {value_size} B",
                  f"{before / MIB:.0f}, {after / MIB:.0f}", f"<= {bound / MIB:.0f}", after <= bound)


def bytes_per_item(chosen, table):
    """What an item costs beside its key and value: header, rounding, table, ghost."""
    mib = 16 if chosen.quick else 64
    for key_size, value_size in SHAPES[:2] if chosen.quick else SHAPES:
        with running("ringcached", 1, mib) as server:
            fill(chosen, server, 2 * mib * MIB, value_size, 1, key_size)
            general, ring = numbers(server), numbers(server, "ring")
        items = general["curr_items"]
        header = general["bytes"] / items - key_size - value_size
        lost = ring["pages_held"] * PAGE / items - general["bytes"] / items
        outside = (ring["table_bytes"] + ring["ghost_bytes"]) / items
        table.row("bytes an item: header + rounding + table and ghost",
                  f"key {key_size}, value {value_size}",
                  f"{header:.1f} + {lost:.1f} + {outside:.1f}",
                  f"outside -m <= {OVERHEAD_PER_ITEM}", outside <= OVERHEAD_PER_ITEM)


CLAIMS = {"churn": churn_of_sizes, "use": budget_in_use, "shift": shift_of_sizes,
          "partitions": partitions, "memlimit": smaller_limit, "bytes": bytes_per_item}


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replay", default=os.environ.get("REPLAY", ""),
                        help="the replay executable (or environment REPLAY)")
    parser.add_argument("--quick", action="store_true", help="little of all, in seconds")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    parser.add_argument("--only", nargs="+", metavar="CLAIM", choices=CLAIMS, default=list(CLAIMS))
    chosen = parser.parse_args()
    if not os.access(chosen.replay, os.X_OK):
        parser.error("--replay: give the path of the replay executable")
    return chosen


def main():
    chosen, table, start = options(), Table(), time.monotonic()
    table.begin()
    for name in chosen.only:
        CLAIMS[name](chosen, table)
    print(f"\n{table.missed} targets missed; {time.monotonic() - start:.0f} s")
    return 1 if table.missed and chosen.check else 0


if __name__ == "__main__":
    sys.exit(main())
