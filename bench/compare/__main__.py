"""Compares ringcached with Debian's memcached and with the kernel's floor, side by side.

    python3 bench/compare --build build-release --out results

Runs each server in turn over the workloads and prints, per target, whether it is met. The folder
gets compare.md, compare.json and plots. On a machine with at least two cores and nothing else to do.
"""

import argparse
import dataclasses
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "support"))

import machine  # noqa: E402
import path  # noqa: E402
import plots  # noqa: E402
import report  # noqa: E402
import rounds  # noqa: E402
import servers  # noqa: E402
import targets  # noqa: E402
from workloads import WORKLOADS  # noqa: E402

# What is run, by the environment variable that names it and its place in a build folder.
EXECUTABLES = {"RINGCACHED": "src/ringcached", "LIMIT_SERVER": "bench/limit/limit_server",
               "RINGLOAD": "tools/ringload/ringload", "BENCH_SERVER": "bench/bench_server"}

# A quick run shows that all of it works: some of each kind, and little of it.
QUICK_NAMES = ("get-1", "set-16", "unix-get-1", "multiget-100", "get-64kib", "open-loop",
               "connections-10000", "two-threads-get-16", path.NAME)
QUICK_KEYS, QUICK_IDLE = 500, 1000


@dataclasses.dataclass(frozen=True)
class Plan:
    """How often and how long."""

    pairs: int
    seconds: float
    warm_up: float
    slices: int  # that a run is cut into
    quick: bool

    def of(self, workload):
        if not self.quick:
            return workload
        return dataclasses.replace(workload, keys_max=min(workload.keys_max, QUICK_KEYS),
                                   idle=min(workload.idle, QUICK_IDLE))


def parse_options():
    names = [*(workload.name for workload in WORKLOADS), path.NAME]
    parser = argparse.ArgumentParser(prog="bench/compare", description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, metavar="FOLDER",
                        help="of a release build; else the environment names each executable: "
                        + ", ".join(EXECUTABLES))
    parser.add_argument("--memcached", metavar="FILE", help="another one than Debian's")
    parser.add_argument("--only", nargs="+", metavar="WORKLOAD", default=[], choices=names,
                        help=f"some of: {', '.join(names)}")
    parser.add_argument("--pairs", type=int, default=9, help="rounds of each workload (9)")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run (5)")
    parser.add_argument("--out", type=pathlib.Path, metavar="FOLDER", help="for the results")
    parser.add_argument("--resume", action="store_true",
                        help="what --out already has is kept; only the rest is run")
    parser.add_argument("--quick", action="store_true", help="little of all, in seconds")
    chosen = parser.parse_args()
    if chosen.resume and not chosen.out:
        parser.error("--resume needs --out")
    if chosen.pairs < 1 or chosen.seconds <= 0:
        parser.error("--pairs and --seconds are to be more than nothing")
    if chosen.memcached:
        servers.MEMCACHED = chosen.memcached
    for name, place in EXECUTABLES.items():
        if chosen.build:
            os.environ[name] = str(chosen.build / place)
        if not os.access(os.environ.get(name, ""), os.X_OK):
            parser.error(f"no {pathlib.Path(place).name}: give --build, or {name}")
    return chosen


def earlier(chosen, plan, described):
    """Rounds by workload, and of the path, that need not be run again."""
    results = chosen.out / "compare.json" if chosen.resume else None
    if results is None or not results.exists():
        return {}, []
    try:
        return report.read(results.read_text(), plan, described)
    except ValueError as error:
        sys.exit(f"bench/compare: {results} is of another run: {error}")


def play_workload(plan, workload):
    """None, and a word about it, if the workload could not be run to its end."""
    start = time.monotonic()
    try:
        played = report.Played.of(workload, rounds.play(plan, plan.of(workload)))
    except (RuntimeError, servers.ServerError, subprocess.SubprocessError) as error:
        print(f"{workload.name}: FAILED: {error}", flush=True)
        return None
    print(f"{workload.name}: server CPU over memcached's {played.ratio.shown()}, control "
          f"{played.control.shown()}{', void' if played.void else ''}; "
          f"{time.monotonic() - start:.0f} s", flush=True)
    return played


def judge(played, path_rounds):
    """Every target of what was played."""
    results = [targets.judge(target, each.rounds) for each in played
               for target in targets.TARGETS if target.workload == each.workload.name]
    return results + ([path.judge(path_rounds)] if path_rounds else [])


def write(folder, plan, found):
    """All files of a run into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {}
    if found.played:
        (folder / "ratios.svg").write_text(plots.ratios(found.played))
        pictures["server CPU per request"] = "ratios.svg"
    for each in found.played:
        if each.workload.load:
            (folder / "latency.svg").write_text(plots.latencies(each))
            pictures["latency"] = "latency.svg"
    (folder / "compare.md").write_text(report.markdown(plan, found, pictures))
    (folder / "compare.json").write_text(report.as_json(plan, found))


def main():
    chosen = parse_options()
    plan = (Plan(1, 0.2, 0.05, 2, True) if chosen.quick else
            Plan(chosen.pairs, chosen.seconds, 1.0, 10, False))
    names = chosen.only or (QUICK_NAMES if chosen.quick else None)
    described = machine.described()
    for name, value in described.items():
        print(f"{name}: {value}")
    known, path_rounds = earlier(chosen, plan, described)
    played, failed = [], 0
    for workload in WORKLOADS:
        if workload.name in known:
            played.append(report.Played.of(workload, known[workload.name]))
        elif not names or workload.name in names:
            one = play_workload(plan, workload)
            failed += one is None
            played += [one] if one else []
            if chosen.out:  # for --resume, should this run not come to its end
                write(chosen.out, plan, report.Found(described, played, path_rounds, judge(played, path_rounds)))
    if not path_rounds and (not names or path.NAME in names):
        path_rounds = path.play(plan)
    results = judge(played, path_rounds)
    for result in results:
        print(result.shown())
    if chosen.out:
        write(chosen.out, plan, report.Found(described, played, path_rounds, results))
    # What a quick run measures is too little to be held to anything.
    missed = sum(result.verdict is not targets.Verdict.MET for result in results)
    print(f"{len(results) - missed} targets met, {missed} missed or void, {failed} workloads failed")
    return 1 if failed or (missed and not chosen.quick) else 0


if __name__ == "__main__":
    sys.exit(main())
