"""Runs of ringload: what it is told, and what it found."""

import dataclasses
import json
import os
import statistics
import subprocess
import time

from workloads import LIMIT

KEY_SIZE = 20
START_LIMIT_S = 300  # to connect and to set every key, on a busy machine
GLANCE_S = 0.05


@dataclasses.dataclass(frozen=True)
class Run:
    """What one server did in the measured seconds. Its CPU is that of all its threads."""

    requests: int  # keys: each key of a multi-get is one
    rate: float  # requests a second
    cpu_us: float  # of a request
    user_us: float  # the part of it in user mode, as the kernel's ticks tell
    server_cpus: float  # cores that it kept busy
    client_cpus: float
    latency_us: dict  # by the percentile's name: p50, p99, p99.9 and more
    idle_bytes: float = 0.0  # of user memory for an idle connection, where there are any


def sum_of(slices):
    """One run of the runs in which one server had its turns; latencies are medians over them."""
    requests = sum(each.requests for each in slices)
    seconds = sum(each.requests / each.rate for each in slices)

    def per_request(quantity):
        return sum(quantity(each) * each.requests for each in slices) / requests

    return Run(requests=requests, rate=requests / seconds,
               cpu_us=per_request(lambda each: each.cpu_us),
               user_us=per_request(lambda each: each.user_us),
               server_cpus=statistics.mean(each.server_cpus for each in slices),
               client_cpus=statistics.mean(each.client_cpus for each in slices),
               latency_us={name: statistics.median(each.latency_us[name] for each in slices)
                           for name in slices[0].latency_us})


def ask(plan, server, workload, role, rate, populate=True):
    """Puts the workload on the server; `rate` in requests a second makes it an open loop."""
    words = _words(plan, server, workload, role, populate)
    if rate is not None:
        words += ["--rate", f"{rate:.0f}", "--poisson"]
    if not workload.idle:
        return _run_of(_ringload(plan, words)[0])
    # The same load without them says how much memory is not theirs.
    _ringload(plan, words)
    before = user_memory(server.pid)
    found, most = _ringload(plan, [*words, "--idle-connections", workload.idle], server.pid)
    # A page at the least: less cannot be seen.
    more = max(most - before, os.sysconf("SC_PAGE_SIZE"))
    return dataclasses.replace(_run_of(found), idle_bytes=more / workload.idle)


def _words(plan, server, workload, role, populate):
    address = server.unix_path or f"127.0.0.1:{server.port}"
    words = ["--server", address, "--pid", server.pid, "--quiet", "--json", "-",
             # One thread cannot keep two busy, and what sleeps between requests pays for waking.
             "--threads", workload.threads,
             "--connections", workload.active, "--depth", workload.depth,
             "--multiget", workload.keys_per_get, "--set-ratio", workload.sets,
             "--keys", workload.keys, "--key-size", KEY_SIZE,
             "--value-size", workload.value_size,
             "--duration", plan.seconds, "--warmup", plan.warm_up]
    if role == LIMIT:  # it has but one value, which is no key's own
        return words + ["--no-populate", "--no-verify"]
    return words + ["--populate" if populate else "--no-populate"]


def _ringload(plan, words, pid=0):
    """What ringload found, and the most user memory that process `pid` had meanwhile."""
    command = [os.environ["RINGLOAD"], *map(str, words)]
    limit_s = START_LIMIT_S + plan.warm_up + plan.seconds
    most = 0
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as running:
        try:
            deadline = time.monotonic() + limit_s
            while pid and running.poll() is None and time.monotonic() < deadline:
                most = max(most, user_memory(pid))
                time.sleep(GLANCE_S)
            out, errors = running.communicate(timeout=max(0, deadline - time.monotonic()))
        except BaseException:
            running.kill()
            raise
    if running.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {running.returncode}: {errors}")
    return json.loads(out), most


def _run_of(found):
    for trouble in ("wrong", "errors", "misses", "timeouts", "idle_disturbed"):
        if found[trouble]:
            raise RuntimeError(f"{found['server']}: {found[trouble]} {trouble} "
                               f"({found['first_error']})")
    return Run(requests=found["requests"], rate=found["requests_per_second"],
               cpu_us=found["server_cpu_us_per_request"],
               user_us=found["server_user_us_per_request"], server_cpus=found["server_cpus"],
               client_cpus=found["client_cpus"], latency_us=found["latency_us"])


def user_memory(pid):
    """Bytes of the process's own that are resident."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} has ended")
