"""What the figures were taken on: machine, kernel and versions."""

import os
import platform
import subprocess

import servers

LIMIT_S = 10
LOAD = "load before the run"  # of all that is described, what changes from run to run


def _first_word_of(path, name):
    """The value of the first `name : value` line."""
    with open(path) as file:
        for line in file:
            if line.startswith(name):
                return line.partition(":")[2].strip()
    return "unknown"


def _version(kind):
    done = subprocess.run([servers.binary(kind), "-V"], capture_output=True, text=True,
                          timeout=LIMIT_S, check=True)
    return done.stdout.strip()


def described():
    """By what is described, in the order in which it is shown."""
    processor = _first_word_of("/proc/cpuinfo", "model name")
    if processor == "unknown":
        processor = platform.machine()
    memory_kib = int(_first_word_of("/proc/meminfo", "MemTotal").split()[0])
    return {
        "processor": f"{processor}, {len(os.sched_getaffinity(0))} cores used",
        "memory": f"{memory_kib / (1 << 20):.1f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "ringcached": _version("ringcached"),
        "memcached": _version("memcached"),
        LOAD: f"{os.getloadavg()[0]:.2f}",
    }
