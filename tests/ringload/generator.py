"""Runs ringload and reads its JSON. RINGLOAD names the executable."""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

LIMIT_S = 120


class Outcome:
    """How a run of ringload ended."""

    def __init__(self, process):
        self.exit_code = process.returncode
        self.stdout = process.stdout
        self.stderr = process.stderr

    @property
    def json(self):
        return json.loads(self.stdout)

    def __str__(self):
        return f"exit {self.exit_code}\n{self.stdout}{self.stderr}"


def ringload(*args):
    """Runs it with these arguments, whatever comes of it."""
    command = [os.environ["RINGLOAD"], *(str(arg) for arg in args)]
    return Outcome(subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=LIMIT_S, check=False))


def address_of(server):
    return server.unix_path or f"127.0.0.1:{server.port}"


def measured(server, *args):
    """A run without warm-up that must end well; returns its results after the checks that hold for
    every run."""
    outcome = ringload("--server", address_of(server), "--warmup", 0, "--json", "-", "--quiet",
                       *args)
    expect(outcome.exit_code == 0, f"{args}: {outcome}")
    results = outcome.json
    check_sums(results)
    return results


def check_sums(results):
    """What is true of the figures of every run that ended well."""
    gets = results["hits"] + results["misses"] + results["wrong"]
    expect(results["requests"] == results["gets"] + results["sets"], f"requests: {results}")
    expect(results["errors"] > 0 or gets == results["gets"], f"gets: {results}")
    expect(results["wrong"] == 0 and results["timeouts"] == 0, f"failures: {results}")
    rate = results["requests"] / results["seconds"]
    expect(abs(rate - results["requests_per_second"]) <= rate * 1e-3 + 1, f"rate: {results}")
    check_order(results["latency_us"])
    if results["lag_us"] is not None:
        check_order(results["lag_us"])


def check_order(durations):
    """Percentiles rise; each is a bucket's middle, so that the largest may exceed none."""
    row = [durations[name] for name in ("p50", "p90", "p99", "p99.9", "p99.99", "max")]
    expect(row == sorted(row), f"percentiles: {durations}")
    expect(0 < durations["mean"] <= durations["max"], f"mean: {durations}")


def expect(claim, otherwise):
    if not claim:
        raise AssertionError(otherwise)


def expect_equal(value, expected, what):
    expect(value == expected, f"{what}: {value} instead of {expected}")
