#!/usr/bin/python3
"""libmemcached's memccapable: every case that memcached passes must pass."""

import re
import subprocess

from fleet import one_server, options

import tap
from servers import Server

TOOL = "/usr/bin/memccapable"
TOOL_LIMIT_S = 120
REPLY_LIMIT_S = 30
CASES_AT_LEAST = 25  # as many per protocol in libmemcached 1.1.4, give or take: fewer means no real run
# A failure is printed on stderr, so that on stdout the name of the next case follows without a line end.
RESULT = re.compile(r"((?:ascii|binary) [a-z]+(?: [a-z]+)*)\s{2,}(?:\[(\w+)\])?")


def main():
    chosen = options(__doc__)
    for flag, protocol in (("-a", "ascii"), ("-b", "binary")):
        with Server("memcached", time_limit_s=TOOL_LIMIT_S * 2) as server:
            expected, output = results(server, flag)
        names = sorted(name for name, result in expected.items() if result == "pass")
        tap.case(f"memccapable: memcached passes {protocol}", lambda: must_be_many(names, output))
        with one_server(chosen) as server:
            found, output = results(server, flag)
        for name in names:
            tap.case(f"memccapable: {name}", lambda: must_pass(name, found, output))
    tap.finish()


def must_be_many(names, output):
    """memcached itself must be seen to pass, else the comparison would say nothing."""
    if len(names) < CASES_AT_LEAST:
        raise AssertionError(f"only {len(names)} cases passed:\n{output}")


def results(server, flag):
    """Each case's result, and all that the tool printed."""
    done = subprocess.run([TOOL, flag, "-t", str(REPLY_LIMIT_S), "-h", "127.0.0.1", "-p", str(server.port)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TOOL_LIMIT_S)
    return dict(RESULT.findall(done.stdout)), done.stdout + done.stderr


def must_pass(name, found, output):
    if found.get(name) != "pass":
        raise AssertionError(f"{found.get(name) or 'no pass'}; memccapable printed:\n{output}")


if __name__ == "__main__":
    main()
