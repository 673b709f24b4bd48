"""The run in words: a Markdown page with its tables, and all figures as JSON."""

import dataclasses
import json
import statistics

import figures
import load
import machine
import path
import targets
from workloads import CONTROL, LIMIT, MEMCACHED, RINGCACHED


@dataclasses.dataclass(frozen=True)
class Played:
    """A workload, its rounds, and what they say about server CPU per request."""

    workload: object
    rounds: list
    ratio: figures.Estimate
    control: figures.Estimate

    @classmethod
    def of(cls, workload, rounds):
        def estimate(above):
            return figures.estimate([targets.ratio(targets.cpu, above)(each) for each in rounds])

        return cls(workload, rounds, estimate(RINGCACHED), estimate(CONTROL))

    @property
    def void(self):
        return self.control.farthest_from(1.0) > targets.CONTROL_MOST

    def median(self, role, metric):
        """Over the rounds; None where the role took no part."""
        if role not in self.workload.roles:
            return None
        return statistics.median(metric(each[role]) for each in self.rounds)


@dataclasses.dataclass(frozen=True)
class Found:
    """All of a run; without rounds of the path if that was not asked for."""

    machine: dict
    played: list
    path_rounds: list
    results: list


def _number(value, digits=2):
    return "" if value is None else f"{value:.{digits}f}"


def _table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def cpu_table(played):
    head = ("workload", "ringcached", "memcached", "limit server", "ringcached / memcached",
            "memcached / itself", "")
    rows = []
    for each in played:
        costs = (each.median(role, targets.cpu) for role in (RINGCACHED, MEMCACHED, LIMIT))
        rows.append((each.workload.title, *map(_number, costs), each.ratio.shown(),
                     each.control.shown(), "void" if each.void else ""))
    return _table(head, rows)


def latency_table(played):
    head = ["workload"]
    head += [f"{name}, {role}" for name in ("p50", "p99", "p99.9") for role in
             (RINGCACHED, MEMCACHED)]
    rows = []
    for each in played:
        cells = [_number(each.median(role, lambda run, name=name: run.latency_us[name]), 0)
                 for name in ("p50", "p99", "p99.9") for role in (RINGCACHED, MEMCACHED)]
        rows.append((each.workload.title, *cells))
    return _table(head, rows)


def target_table(results):
    head = ("workload", "what", "measured", "target", "control", "")
    return _table(head, [(each.target.workload, each.target.what, each.measured.shown(),
                          f"<= {each.target.limit:.2f}", each.control_shown(),
                          "met" if each.verdict is targets.Verdict.MET else f"**{each.verdict}**")
                         for each in results])


def markdown(plan, found, plots):
    """The page; `plots` are file names beside it, by what they show."""
    parts = ["# ringcached beside memcached and the kernel's floor", _how(plan)]
    parts.append(_table(("", ""), list(found.machine.items())))
    if found.results:
        parts += ["## Targets", target_table(found.results)]
    parts += [f"![{title}]({name})" for title, name in plots.items()]
    if found.played:
        parts += ["## Server CPU per request, in microseconds", cpu_table(found.played)]
        parts += ["## Latency as the client saw it, in microseconds", latency_table(found.played)]
    if found.path_rounds:
        parts += ["## Without the kernel", path.shown(found.path_rounds)]
    return "\n\n".join(parts) + "\n"


def _how(plan):
    enough = plan.pairs >= targets.PAIRS_LEAST and plan.seconds >= targets.SECONDS_LEAST
    return (
        f"{plan.pairs} rounds of {plan.seconds:g} s for each server, which start afresh in each and "
        f"take turns within it, {plan.seconds / plan.slices:g} s at a time (all of it in the open "
        "loop and with 10,000 connections); one core serves, another asks, unless two threads are "
        "named, which two threads ask; over TCP loopback with 50 connections and values of 100 B, unless said otherwise. Figures are "
        "medians over the rounds; a ratio is the median of the rounds' ratios with the 90 % "
        "interval of a bootstrap. memcached runs twice in each round: its ratio to itself is the "
        "control. A target is met when the upper end of the interval is at most the target and "
        "half the control's width; a control that reaches farther than 4 % from 1 voids the "
        "workload. Nothing is said about more cores than these."
        + ("" if enough else " **Too few rounds, or too short ones, for a verdict.**"))


def as_json(plan, found):
    """Everything that was measured, round by round."""
    return json.dumps({
        "machine": found.machine,
        "pairs": plan.pairs,
        "seconds": plan.seconds,
        "workloads": {each.workload.name: {
            "rounds": [{role: dataclasses.asdict(run) for role, run in one.items()}
                       for one in each.rounds],
            "cpu_ratio": dataclasses.asdict(each.ratio),
            "control": dataclasses.asdict(each.control),
        } for each in found.played},
        "path": found.path_rounds,
        "targets": [{
            "workload": each.target.workload, "what": each.target.what,
            "limit": each.target.limit, "verdict": str(each.verdict),
            "measured": dataclasses.asdict(each.measured),
            "control": dataclasses.asdict(each.control) if each.control else None,
        } for each in found.results],
    }, indent=1)


def read(text, plan, described):
    """What an earlier run on the same machine has measured: rounds by workload, and of the path.

    A ValueError says what is not the same.
    """
    found = json.loads(text)
    same = [name for name in described if name != machine.LOAD]
    for name, here, there in (*((name, described[name], found["machine"].get(name)) for name in same),
                              ("pairs", plan.pairs, found["pairs"]),
                              ("seconds", plan.seconds, found["seconds"])):
        if here != there:
            raise ValueError(f"{name} was {there}, is {here}")
    rounds = {name: [{role: load.Run(**run) for role, run in one.items()} for one in each["rounds"]]
              for name, each in found["workloads"].items()}
    return rounds, found["path"]
