"""What is to be reached, and whether a run's rounds say that it is."""

import dataclasses
import enum
from collections.abc import Callable

import figures
from workloads import CONTROL, FEW_CONNECTIONS, LIMIT, MEMCACHED, ONE_THREAD, RINGCACHED

CONTROL_MOST = 0.04  # a control that reaches farther from 1 voids what was measured beside it
PAIRS_LEAST, SECONDS_LEAST = 9, 5.0  # what a verdict needs


class Verdict(enum.Enum):
    MET = "met"
    MISSED = "missed"
    VOID = "void"  # the machine was too restless to tell

    def __str__(self):
        return self.value


@dataclasses.dataclass(frozen=True)
class Target:
    """`quantity` of a round, a ratio, is to be at most `limit`."""

    workload: str
    what: str
    limit: float
    quantity: Callable  # of a round: what each role did, by its name
    control: Callable | None  # of a round: the same, of memcached against itself
    by_median: bool = False  # a tail: the median decides, whatever the interval
    timed: bool = True  # false: a restless machine does not change it


@dataclasses.dataclass(frozen=True)
class Result:
    target: Target
    measured: figures.Estimate
    control: figures.Estimate | None  # of the quantity's own kind
    verdict: Verdict

    def control_shown(self):
        return self.control.shown() if self.control else "none"

    def shown(self):
        return (f"{self.verdict}: {self.target.workload}: {self.target.what}: "
                f"{self.measured.shown()}, target {self.target.limit:.2f}, "
                f"control {self.control_shown()}")


def cpu(run):
    return run.cpu_us


def ratio(metric, above, below=MEMCACHED):
    return lambda of_round: metric(of_round[above]) / metric(of_round[below])


def over_floor(metric, factor, more_us):
    """Of what the limit server's cost allows."""
    return lambda of_round: (metric(of_round[RINGCACHED]) /
                             (factor * metric(of_round[LIMIT]) + more_us))


def _cpu_target(workload, limit, below=MEMCACHED):
    of_below = f"{below}'" if below.endswith("s") else f"{below}'s"
    return Target(workload, f"server CPU per request over {of_below}", limit,
                  ratio(cpu, RINGCACHED, below), ratio(cpu, CONTROL))


def _floor_targets():
    for verb in ("get", "set"):
        yield Target(f"{verb}-1", "user CPU over (limit server's + 0.35 us)", 1.0,
                     over_floor(lambda run: run.user_us, 1.0, 0.35), ratio(cpu, CONTROL))
        for depth in (16, 100):
            yield Target(f"{verb}-{depth}", "server CPU over (1.2 x limit server's + 0.05 us)",
                         1.0, over_floor(cpu, 1.2, 0.05), ratio(cpu, CONTROL))


def _tail_target(name, limit):
    def tail(run):
        return run.latency_us[name]

    return Target("open-loop", f"{name} over memcached's", limit, ratio(tail, RINGCACHED),
                  ratio(tail, CONTROL), by_median=True)


TARGETS = (
    *(_cpu_target(name, 0.85) for name in ("get-1", "set-1")),
    *(_cpu_target(name, 0.82) for name in ("unix-get-1", "unix-set-1", "open-loop")),
    *(_cpu_target(name, 0.65) for name in ("get-16", "set-16")),
    *(_cpu_target(name, 0.47) for name in ("get-100", "multiget-100")),
    _cpu_target("get-64kib", 1.0),
    *_floor_targets(),
    _cpu_target("two-threads-get-16", 0.75),
    _cpu_target("two-threads-get-100", 0.60),
    _cpu_target("two-threads-get-16", 1.25, ONE_THREAD),
    _tail_target("p99", 1.0),
    _tail_target("p99.9", 1.1),
    _cpu_target("connections-10000", 1.3, FEW_CONNECTIONS),
    Target("connections-10000", "user memory of an idle connection over 320 B", 1.0,
           lambda of_round: of_round[RINGCACHED].idle_bytes / 320,
           lambda of_round: of_round[CONTROL].idle_bytes / of_round[MEMCACHED].idle_bytes,
           timed=False),
)


def judge(target, rounds):
    """The verdict of a workload's rounds on a target."""
    measured = figures.estimate([target.quantity(each) for each in rounds])
    control = figures.estimate([target.control(each) for each in rounds])
    steady = figures.estimate([ratio(cpu, CONTROL)(each) for each in rounds])
    if target.by_median:
        met = measured.median <= target.limit
    else:
        met = measured.high <= target.limit + control.half_width
    if target.timed and steady.farthest_from(1.0) > CONTROL_MOST:
        verdict = Verdict.VOID
    else:
        verdict = Verdict.MET if met else Verdict.MISSED
    return Result(target, measured, control, verdict)
