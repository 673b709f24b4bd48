#!/usr/bin/python3
"""ringload against a real server: every kind of load ends well, and its figures add up."""

import argparse
import os
import time

from generator import address_of, check_sums, expect, expect_equal, measured, ringload

import servers
import tap

REQUESTS = 6000
KEYS = 500
PATIENCE_S = 60

# Every key is there: all gets are hits.
LOADS = [
    "--pattern uniform",
    "--pattern zipf",
    "--pattern zipf:1 --depth 20",
    "--pattern sequential --multiget 7",
    "--pattern gaussian:0.3 --depth 3 --multiget 5",
    "--hot-key --depth 50",
    "--hot-key=0.5 --set-ratio 0.5",
    "--set-ratio 0 --depth 100 --multiget 100 --connections 2",
    "--set-ratio 1 --populate",
    "--threads 3 --connections 7 --depth 9",
    "--key-size 250 --value-size 0-20",
    "--key-size 10-100 --value-size 5:3,100-5000:2,200000",
    "--value-size 70000 --depth 4 --set-ratio 0.5",
    "--value-size 1000000 --keys 20 --requests 400 --set-ratio 0.5 --connections 5 --depth 2",
    "--connections 300",
    "--rate 20000 --depth 8 --multiget 3 --threads 2 --connections 4",
    "--rate 20000 --poisson",
    "--no-verify --depth 10 --value-size 0-500",
    f"--threads 2 --connections 2 --cpus {min(os.sched_getaffinity(0))}",
]

# The same of every protocol.
FOR_EACH_PROTOCOL = [
    "",
    "--depth 20 --set-ratio 0.5 --ttl 3600",
    "--set-ratio 0 --depth 10 --multiget 100 --connections 3",
    "--key-size 10-100 --value-size 5:3,100-5000:2,200000 --depth 3",
]
PROTOCOLS = ("meta", "binary")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=["ringcached", "memcached"], required=True)
    kind = parser.parse_args().server
    with servers.Server(kind, ["-m", 256, "-t", 2]) as server:
        for load in LOADS:
            tap.case(f"{kind}: {load}", lambda: check_load(server, load))
        for protocol in PROTOCOLS:
            for load in FOR_EACH_PROTOCOL:
                load = f"--protocol {protocol} {load}".strip()
                tap.case(f"{kind}: {load}", lambda: check_load(server, load))
        for check in (check_missing, check_open_loop, check_process_figures, check_other_run,
                      check_idle_connections, check_duration, check_expiry, check_table):
            tap.case(f"{kind}: {check.__doc__}", lambda: check(server))
    with servers.Server(kind, ["-m", 64], unix=True) as server:
        tap.case(f"{kind}: a unix socket", lambda: check_load(server, "--depth 10"))
    tap.finish()


def check_load(server, load):
    results = measured(server, "--requests", REQUESTS, "--keys", KEYS, *load.split())
    expect_equal(results["requests"], results["requests_limit"], "requests")
    expect_equal(results["errors"], 0, "errors")
    expect_equal(results["misses"], 0, "misses")
    ratio, seen = results["set_ratio"], results["sets"] / results["requests"]
    expect(abs(seen - ratio) < 0.1, f"{seen} of the requests are sets instead of {ratio}")


def check_missing(server):
    """what is not there is a miss"""
    flush(server)
    for protocol in ("classic", *PROTOCOLS):
        for multiget in (1, 3):
            results = measured(server, "--requests", REQUESTS, "--no-populate", "--set-ratio", 0,
                               "--multiget", multiget, "--depth", 2, "--protocol", protocol)
            expect_equal(results["misses"], REQUESTS, f"misses, {protocol}")
            expect_equal(results["hit_ratio"], 0, "hit ratio")


def check_open_loop(server):
    """an open loop sends as many requests as its rate says"""
    for more in ([], ["--threads", 3, "--connections", 3]):
        results = measured(server, "--rate", 3000, "--duration", 1, "--keys", KEYS, *more)
        expect_equal(results["requests"], 3000, "requests")
        expect(results["seconds"] > 0.99, f"3000 requests took {results['seconds']} s")
        expect(results["lag_us"]["mean"] <= results["latency_us"]["mean"], f"{results}")


def check_process_figures(server):
    """the server's figures are there with its pid, and null without"""
    names = ("server_cpu_us_per_request", "server_cpus", "server_rss_kib", "server_rss_peak_kib",
             "voluntary_switches", "involuntary_switches", "server_user_us_per_request",
             "server_system_us_per_request")
    without = measured(server, "--requests", REQUESTS)
    expect(all(without[name] is None for name in names), f"{without}")
    results = measured(server, "--requests", REQUESTS, "--pid", server.pid)
    expect(all(results[name] >= 0 for name in names), f"{results}")
    expect(all(results[name] > 0 for name in names[:4]), f"{results}")
    parts = results["server_user_us_per_request"] + results["server_system_us_per_request"]
    expect(abs(parts - results["server_cpu_us_per_request"]) < 0.01, f"{results}")
    expect(results["client_cpu_us_per_request"] > 0, f"{results}")


def check_other_run(server):
    """a run knows the values that another one has set"""
    flush(server)
    sizes = ["--keys", KEYS, "--key-size", "5-20", "--value-size", "0-3000"]
    measured(server, "--requests", 1, "--seed", 7, "--populate", *sizes)
    results = measured(server, "--requests", REQUESTS, "--no-populate", "--set-ratio", 0, *sizes)
    expect_equal(results["hits"], REQUESTS, "hits")


def check_idle_connections(server):
    """idle connections are opened and stay"""
    before = statistic(server, "total_connections")
    results = measured(server, "--requests", REQUESTS, "--idle-connections", 500,
                       "--connections", 20)
    expect_equal(results["idle_disturbed"], 0, "disturbed")
    opened = statistic(server, "total_connections") - before
    expect(opened >= 520, f"{opened} connections instead of 520")


def check_duration(server):
    """a run ends after its duration, a warm-up is not counted"""
    outcome = ringload("--server", address_of(server), "--duration", 2, "--warmup", 0.5,
                       "--json", "-")
    expect_equal(outcome.exit_code, 0, "exit code")
    check_sums(outcome.json)
    expect(outcome.json["seconds"] >= 2, f"{outcome}")
    expect(outcome.json["requests"] > 0, f"{outcome}")


def check_expiry(server):
    """what is set with --ttl goes away"""
    flush(server)
    measured(server, "--requests", 1, "--keys", 1, "--set-ratio", 1, "--key-size", 5, "--ttl", 1)
    deadline = time.monotonic() + PATIENCE_S
    with server.connect() as wire:
        while time.monotonic() < deadline:
            wire.send(b"get 00000\r\n")
            if wire.read_until(b"END\r\n") == b"END\r\n":
                return
            time.sleep(0.1)
    raise AssertionError("it is still there")


def check_table(server):
    """people get a table"""
    outcome = ringload("--server", address_of(server), "--requests", REQUESTS, "--warmup", 0,
                       "--pid", server.pid, "--rate", 100000)
    expect_equal(outcome.exit_code, 0, "exit code")
    for word in (f"requests              {REQUESTS} in ", "requests/s", "p99.99", "lag",
                 "us per request", "voluntary", "MiB"):
        expect(word in outcome.stdout, f"no {word!r} in {outcome}")


def flush(server):
    with server.connect() as wire:
        wire.send(b"flush_all\r\n")
        wire.expect(b"OK\r\n")


def statistic(server, name):
    with server.connect() as wire:
        wire.send(b"stats\r\n")
        for line in wire.read_until(b"END\r\n").decode().splitlines():
            if line.startswith(f"STAT {name} "):
                return int(line.split()[2])
    raise AssertionError(f"no statistic {name}")


if __name__ == "__main__":
    main()
