#!/usr/bin/python3
"""Plays a seeded stream of commands, classic or meta too, against memcached and the server under test: equal replies."""

import argparse
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import meta  # noqa: E402
import tap  # noqa: E402
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

STREAMS = {"classic": (Generator, EXPECTED_OUTCOMES), "meta": (meta.MetaGenerator, meta.EXPECTED_OUTCOMES)}


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
        generator, expected_outcomes = STREAMS[options.stream]
        duel = Duel(reference, subject, options.seed, generator=generator)
        try:
            duel.play(options.commands)
        finally:
            duel.close()
            tap.note(f"{duel.played} commands, {duel.bytes_compared >> 20} MiB of replies compared "
                     f"in {time.monotonic() - began:.1f} s")
    _check_outcomes(duel, expected_outcomes, options.commands)


def _check_outcomes(duel, expected, commands):
    """A stream that no longer meets an outcome would pass without showing anything."""
    for (verb, outcome), count in sorted(duel.outcomes.items()):
        tap.note(f"{count:7} {verb}: {outcome}")
    missing = [pair for pair in expected if not duel.outcomes[pair]]
    if commands >= FULL_RUN and missing:
        raise AssertionError(f"seed {duel.seed}: the stream never met {missing}")


if __name__ == "__main__":
    main()
