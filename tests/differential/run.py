#!/usr/bin/python3
"""Plays a seeded stream of commands of one dialect against memcached and the server under test: equal replies."""

import argparse
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import meta  # noqa: E402
import tap  # noqa: E402
from binary_duel import SILENT, BinaryDuel  # noqa: E402
from binary_generator import BinaryGenerator  # noqa: E402
from duel import Duel  # noqa: E402
from generator import Generator  # noqa: E402
from servers import Server  # noqa: E402

TIME_LIMIT_S = 1500
MEMORY_MIB = 1024
# Its background threads hold items for a moment, and a held number is not padded: keep them out.
QUIET_MEMCACHED = ["-o", "no_lru_maintainer,no_lru_crawler"]
FULL_RUN = 50_000  # from so many commands on, every outcome below must have been met

EXPECTED_OUTCOMES = [
    ("get", "VALUE"), ("get", "END"), ("gets", "VALUE"), ("gat", "VALUE"), ("gat", "END"), ("gats", "VALUE"),
    ("set", "STORED"), ("set", "SERVER_ERROR"), ("set", "(silent)"), ("add", "STORED"), ("add", "NOT_STORED"),
    ("replace", "STORED"), ("replace", "NOT_STORED"), ("append", "STORED"), ("append", "NOT_STORED"),
    ("prepend", "STORED"), ("prepend", "NOT_STORED"), ("cas", "STORED"), ("cas", "EXISTS"),
    ("cas", "NOT_FOUND"), ("incr", "(number)"), ("incr", "NOT_FOUND"), ("incr", "CLIENT_ERROR"),
    ("decr", "(number)"), ("decr", "NOT_FOUND"), ("decr", "CLIENT_ERROR"), ("delete", "DELETED"),
    ("delete", "NOT_FOUND"), ("touch", "TOUCHED"), ("touch", "NOT_FOUND"), ("flush_all", "OK"),
    ("malformed", "ERROR"), ("malformed", "CLIENT_ERROR"), ("bad chunk", "CLIENT_ERROR"),
    ("long key", "CLIENT_ERROR"), ("version", "VERSION"), ("verbosity", "OK"), ("quit", "(silent)"),
]

# A quiet verb that goes well is silent; what fails is told by its status.
EXPECTED_BINARY_OUTCOMES = [
    (verb, status)
    for verb, statuses in (
        ("get", (0, 1)), ("getk", (0, 1)), ("getq", (0, SILENT)), ("getkq", (0, SILENT)),
        ("set", (0, 1, 2, 3)), ("setq", (SILENT, 1, 2, 3)), ("add", (0, 2)), ("addq", (SILENT, 2)),
        ("replace", (0, 1, 2)), ("replaceq", (SILENT, 1, 2)), ("append", (0, 2, 5)), ("appendq", (SILENT, 5)),
        ("prepend", (0, 2, 5)), ("prependq", (SILENT, 5)), ("delete", (0, 1, 2)), ("deleteq", (SILENT, 1, 2)),
        ("incr", (0, 1, 2, 6)), ("incrq", (SILENT, 1, 6)), ("decr", (0, 1, 2, 6)), ("decrq", (SILENT, 1, 6)),
        ("touch", (0, 1)), ("gat", (0, 1)), ("gatq", (0, SILENT)), ("gatk", (0, 1)), ("gatkq", (0, SILENT)),
        ("flush", (0,)), ("flushq", (SILENT,)), ("noop", (0,)), ("version", (0,)), ("stat", (0, 1)),
        ("unknown", (0x81,)), ("quit", (0,)), ("quitq", (SILENT,)), ("malformed", (4, 0x81)),
        ("bad magic", (SILENT,)))
    for status in statuses]
STREAMS = {
    "classic": (Duel, Generator, EXPECTED_OUTCOMES),
    "meta": (Duel, meta.MetaGenerator, meta.EXPECTED_OUTCOMES),
    "binary": (BinaryDuel, BinaryGenerator, EXPECTED_BINARY_OUTCOMES),
}


def main():
    options = _options()
    tap.note(f"seed {options.seed} (replay: run.py --server {options.server} --threads {options.threads} "
             f"--stream {options.stream} --commands {options.commands} --seed {options.seed})")
    name = f"{options.server} answers {options.commands} {options.stream} commands like memcached"
    tap.case(name, lambda: _compare(options))
    tap.finish()


def server_args(kind, threads):
    """The same memory and threads for both, so that nothing is evicted."""
    return ["-m", MEMORY_MIB, "-t", threads] + (QUIET_MEMCACHED if kind == "memcached" else [])


def _options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=("ringcached", "memcached"), default="ringcached")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--stream", choices=STREAMS, default="classic")
    parser.add_argument("--commands", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    if options.seed is None:
        options.seed = int.from_bytes(os.urandom(4), "little")
    return options


def _compare(options):
    began = time.monotonic()
    with Server("memcached", server_args("memcached", 2), time_limit_s=TIME_LIMIT_S) as reference, \
            Server(options.server, server_args(options.server, options.threads),
                   time_limit_s=TIME_LIMIT_S) as subject:
        kind, generator, expected_outcomes = STREAMS[options.stream]
        duel = kind(reference, subject, options.seed, generator=generator)
        try:
            duel.play(options.commands)
        finally:
            duel.close()
            tap.note(f"{duel.played} commands, {duel.bytes_compared >> 20} MiB of replies compared "
                     f"in {time.monotonic() - began:.1f} s")
    _check_outcomes(duel, expected_outcomes, options.commands)


def _check_outcomes(duel, expected, commands):
    """A stream that no longer meets an outcome would pass without showing anything."""
    for (verb, outcome), count in sorted(duel.outcomes.items(), key=str):
        tap.note(f"{count:7} {verb}: {outcome}")
    missing = [pair for pair in expected if not duel.outcomes[pair]]
    if commands >= FULL_RUN and missing:
        raise AssertionError(f"seed {duel.seed}: the stream never met {missing}")


if __name__ == "__main__":
    main()
