"""What the memory benches share: a server on its own core, what it says, what replay played.

Needs RINGCACHED (the executable) in the environment and the path of replay.
"""

import contextlib
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "tests", "support"))

from pinning import pinned_to  # noqa: E402
from servers import Server  # noqa: E402

SERVER_CORE, LOAD_CORE = 0, 1
TIME_LIMIT_S = 300
MIB = 1 << 20


@contextlib.contextmanager
def running(kind, threads, memory_mib, words=()):
    """A server on its core; it dies with us and after a while."""
    with pinned_to(SERVER_CORE):
        server = Server(kind, ["-m", memory_mib, "-t", threads, *words], unix=True,
                        time_limit_s=TIME_LIMIT_S)
        server.start()
    with server:
        yield server


def statistics(server, what=""):
    """Names and values of `stats` or one of its parts."""
    with server.connect() as wire:
        wire.send(f"stats {what}".strip().encode() + b"\r\n")
        lines = wire.read_until(b"END\r\n").decode().splitlines()[:-1]
    return {line.split(maxsplit=2)[1]: line.split(maxsplit=2)[2] for line in lines}


def rss(server, field="VmRSS"):
    """Bytes that are resident; VmHWM: that were at most."""
    with open(f"/proc/{server.pid}/status") as status:
        for line in status:
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError(f"{server.kind} has ended")


def replay(executable, server, *words):
    """Plays something against the server; what replay counted."""
    command = [executable, "--server", server.unix_path, "--json", *map(str, words)]
    with pinned_to(LOAD_CORE):
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT_S)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")
    return json.loads(done.stdout)


def verdict(fine):
    return "ok" if fine else "**missed**"
