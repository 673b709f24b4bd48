#!/usr/bin/python3
"""collectd's memcached plugin reports what `stats` says, without a warning."""

import math
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

from fleet import one_server, options, same

import tap

TOOL = "/usr/sbin/collectd"
REPORT_LIMIT_S = 60
STOP_LIMIT_S = 30
CONFIG = """BaseDir "{folder}"
PIDFile "{folder}/pid"
Hostname "here"
FQDNLookup false
Interval 0.2
LoadPlugin logfile
LoadPlugin csv
LoadPlugin memcached
<Plugin logfile>
  LogLevel info
  File "{folder}/log"
  PrintSeverity true
</Plugin>
<Plugin csv>
  DataDir "{folder}/csv"
  StoreRates false
</Plugin>
<Plugin memcached>
  <Instance "it">
    Address "127.0.0.1"
    Port "{port}"
  </Instance>
</Plugin>
"""

# What collectd calls a figure, and what `stats` does; those that stand still while it asks.
FIGURES = {
    "memcached_command-get": "cmd_get", "memcached_command-set": "cmd_set", "memcached_command-flush": "cmd_flush",
    "memcached_command-touch": "cmd_touch", "memcached_ops-hits": "get_hits", "memcached_ops-misses": "get_misses",
    "memcached_ops-evictions": "evictions", "memcached_ops-incr_hits": "incr_hits",
    "memcached_ops-incr_misses": "incr_misses", "memcached_ops-decr_hits": "decr_hits",
    "memcached_ops-decr_misses": "decr_misses", "memcached_items-current": "curr_items", "df-cache": "bytes",
    "ps_count": "threads",
}
# Those that move: they are there.
MOVING = ["memcached_connections-current", "memcached_octets", "ps_cputime"]
WORK = (b"set a 0 0 1\r\n5\r\nset b 0 0 3\r\nabc\r\nget a\r\nget b\r\nget a\r\nget none\r\nincr a 1\r\nincr none 1\r\n"
        b"decr a 1\r\ndecr a 1\r\ndecr none 1\r\ntouch b 0\r\nflush_all 1000\r\nmn\r\n")


def main():
    chosen = options(__doc__)
    with one_server(chosen) as server, tempfile.TemporaryDirectory(prefix="rc-") as folder:
        with server.connect() as wire:
            wire.send(WORK)
            wire.read_until(b"MN\r\n")
        reported = tap.case("collectd: the memcached plugin reports", lambda: report(server, folder))
        if reported:
            tap.case("collectd: no warning", lambda: check_log(folder))
            tap.case("collectd: what it reports is what stats says", lambda: check_figures(server, folder))
    tap.finish()


def report(server, folder):
    """Runs collectd until each figure has been written."""
    config = pathlib.Path(folder, "conf")
    config.write_text(CONFIG.format(folder=folder, port=server.port), encoding="ascii")
    process = subprocess.Popen(["timeout", "-k", "5", "100", TOOL, "-f", "-C", config], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + REPORT_LIMIT_S
        while missing := [name for name in [*FIGURES, *MOVING] if not values(folder, name)]:
            if time.monotonic() > deadline or process.poll() is not None:
                raise AssertionError(f"no report of {missing}: {log(folder)}")
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_LIMIT_S)
    same(process.returncode, 0, "exit code of collectd")


def values(folder, name):
    """The last known values of a figure, without what collectd has no value for; empty: none yet."""
    files = sorted(pathlib.Path(folder, "csv", "here", "memcached-it").glob(name + "-2*"))  # one a day
    rows = [line for file in files for line in file.read_text(encoding="ascii").splitlines()
            if not line.startswith("epoch")]
    numbers = [float(value) for value in rows[-1].split(",")[1:]] if rows else []
    return [number for number in numbers if not math.isnan(number)]


def log(folder):
    path = os.path.join(folder, "log")
    return pathlib.Path(path).read_text(encoding="utf-8") if os.path.exists(path) else "(no log)"


def check_log(folder):
    lines = log(folder).splitlines()
    bad = [line for line in lines if re.search(r"\[(warning|error|critical)\]", line, re.IGNORECASE)]
    same(bad, [], "warnings")


def check_figures(server, folder):
    with server.connect() as wire:
        wire.send(b"stats\r\n")
        lines = wire.read_until(b"END\r\n").decode().splitlines()[:-1]
    told = dict(line.split(" ", 2)[1:] for line in lines)
    same({name: values(folder, name)[0] for name in FIGURES},
         {name: float(told[figure]) for name, figure in FIGURES.items()}, "figures")


if __name__ == "__main__":
    main()
