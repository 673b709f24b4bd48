#!/usr/bin/python3
"""Nobody reads what was replaced, deleted or expired before the question, whatever goes on beside it.

    RINGCACHED=build/src/ringcached CONSISTENCY=build/tests/consistency/consistency \
        tests/consistency/run.py --acts 100000000 --threads 4

Connections of several threads act upon the same keys by all verbs while -m changes, pages move, the sweep
runs and all is flushed. README's "Tests" says more.
"""

import argparse
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import tap  # noqa: E402
from servers import Server  # noqa: E402

MIB = 64
PLAYERS, CONNECTIONS = 2, 8  # threads that ask, and connections of each
SECONDS_AT_LEAST, ACTS_PER_SECOND = 300, 5000  # how long it may take: much slower than it is


def play(kind, threads, acts, seed):
    limit_s = SECONDS_AT_LEAST + acts // ACTS_PER_SECOND
    with Server(kind, ["-t", threads, "-m", MIB], time_limit_s=limit_s) as server:
        words = [server.port, PLAYERS, CONNECTIONS, acts, seed, MIB]
        done = subprocess.run([os.environ["CONSISTENCY"], *map(str, words)], capture_output=True, text=True,
                              timeout=limit_s, check=False)
    tap.note(done.stdout)
    if done.returncode != 0:
        raise AssertionError(f"seed {seed}: {done.stdout}{done.stderr}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", choices=("ringcached", "memcached"), default="ringcached")
    parser.add_argument("--acts", type=int, default=300_000)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    for threads in chosen.threads:
        tap.case(f"{chosen.server}, {threads} threads, {chosen.acts} acts",
                 lambda: play(chosen.server, threads, chosen.acts, chosen.seed))
    tap.finish()


if __name__ == "__main__":
    main()
