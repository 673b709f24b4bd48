"""The way of a request without the kernel: a Google Benchmark, in rounds, and its target."""

import json
import os
import subprocess

import figures
from targets import Result, Target, Verdict

NAME = "path"
BATCHED, SINGLE, DRAM = ("gets/depth:16/connections:1/items:1000000",
                         "gets/depth:1/connections:1/items:1000000", "memory_latency/huge:0")
LIMIT_S_PER_ROUND = 120

TARGET = Target(NAME, "gets in batches of 16 of a million items over gets one by one", 0.5,
                lambda of_round: of_round[BATCHED] / of_round[SINGLE], None)


def play(plan):
    """CPU nanoseconds by benchmark, one dictionary a round; the rounds are interleaved."""
    command = [os.environ["BENCH_SERVER"], f"--benchmark_filter=^({BATCHED}|{SINGLE}|{DRAM})$",
               f"--benchmark_repetitions={plan.pairs}", "--benchmark_enable_random_interleaving",
               f"--benchmark_min_time={plan.seconds / 5}", "--benchmark_format=json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True,
                          timeout=LIMIT_S_PER_ROUND * (plan.pairs + 1))
    rounds = [{} for _ in range(plan.pairs)]
    for each in json.loads(done.stdout)["benchmarks"]:
        if each["run_type"] == "iteration":
            spent = each["cpu_time"] if each["run_name"] == DRAM else each["ns_per_request"]
            rounds[each["repetition_index"]][each["run_name"]] = spent
    return rounds


def judge(rounds):
    measured = figures.estimate([TARGET.quantity(each) for each in rounds])
    return Result(TARGET, measured, None,
                  Verdict.MET if measured.high <= TARGET.limit else Verdict.MISSED)


def shown(rounds):
    """One line: what a get costs, in nanoseconds and in waits for memory."""
    def median(name):
        return figures.estimate([each[name] for each in rounds]).median

    dram = median(DRAM)
    return (f"A get of 100 B among a million items costs, without the kernel, {median(SINGLE):.0f} "
            f"ns of CPU ({median(SINGLE) / dram:.2f} DRAM latencies of {dram:.0f} ns) one by one "
            f"and {median(BATCHED):.0f} ns ({median(BATCHED) / dram:.2f}) in batches of 16.")
