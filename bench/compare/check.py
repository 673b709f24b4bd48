"""Claims about the comparison's own reckoning: intervals, verdicts, the order of runs, the pages."""

import contextlib
import dataclasses
import pathlib
import random
import sys
import xml.dom.minidom

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "support"))

import figures  # noqa: E402
import load  # noqa: E402
import path  # noqa: E402
import plots  # noqa: E402
import report  # noqa: E402
import rounds  # noqa: E402
import tap  # noqa: E402
import targets  # noqa: E402
from workloads import CONTROL, FEW_CONNECTIONS, LIMIT, MEMCACHED, RINGCACHED  # noqa: E402
from workloads import KIB, MIB, VALUES_MAX, WORKLOADS  # noqa: E402


@dataclasses.dataclass(frozen=True)
class Plan:
    pairs: int = 9
    seconds: float = 5.0
    warm_up: float = 1.0
    slices: int = 10
    quick: bool = False


PLAN = Plan()


def run(cpu_us, user_us=0.5, p99=100.0, idle_bytes=400.0):
    latency = {"p50": p99 / 4, "p99": p99, "p99.9": 2 * p99}
    return load.Run(1000, 1e5, cpu_us, user_us, 0.7, 1.0, latency, idle_bytes)


def rounds_of(count=9, **by_role):
    """So many equal rounds; CPU per request of each role that is named."""
    names = {"ringcached": RINGCACHED, "memcached": MEMCACHED, "control": CONTROL, "limit": LIMIT}
    one = {names[role]: cost if isinstance(cost, load.Run) else run(cost)
           for role, cost in by_role.items()}
    return [one] * count


def target_of(workload, words):
    [target] = [each for each in targets.TARGETS
                if each.workload == workload and words in each.what]
    return target


def verdict(workload, words, played):
    return targets.judge(target_of(workload, words), played).verdict


def expect(claim, otherwise):
    if not claim:
        raise AssertionError(otherwise)


def equal_samples_have_no_width():
    one = figures.estimate([0.8] * 9)
    expect((one.median, one.low, one.high) == (0.8, 0.8, 0.8), one)


def an_interval_lies_around_its_median():
    rng = random.Random(3)
    samples = [rng.gauss(1, 0.1) for _ in range(9)]
    one = figures.estimate(samples)
    expect(min(samples) <= one.low < one.median < one.high <= max(samples), one)
    expect(figures.estimate(samples) == one, "the same samples give another interval")


def an_interval_covers_the_truth_in_about_90_of_100():
    rng = random.Random(4)
    trials = 200
    covered = 0
    for _ in range(trials):
        one = figures.estimate([rng.gauss(1, 0.1) for _ in range(9)], resamples=1000)
        covered += one.low <= 1 <= one.high
    expect(0.8 <= covered / trials <= 0.99, f"{covered} of {trials}")


def a_ratio_at_its_target_is_met():
    played = rounds_of(ringcached=8.5, memcached=10.0, control=10.0)
    expect(verdict("get-1", "server CPU", played) is targets.Verdict.MET, "at the target")
    played = rounds_of(ringcached=8.6, memcached=10.0, control=10.0)
    expect(verdict("get-1", "server CPU", played) is targets.Verdict.MISSED, "above it")


def the_upper_end_decides_and_the_control_gives_slack():
    mixed = [*rounds_of(5, ringcached=8.4, memcached=10.0, control=10.0),
             *rounds_of(4, ringcached=8.7, memcached=10.0, control=10.0)]
    expect(verdict("get-1", "server CPU", mixed) is targets.Verdict.MISSED, "its upper end is above")
    wider = [{**each, CONTROL: run(10.0 + 0.3 * (at % 3 - 1))} for at, each in enumerate(mixed)]
    expect(verdict("get-1", "server CPU", wider) is targets.Verdict.MET, "by the control's width")


def a_restless_control_voids():
    played = rounds_of(ringcached=1.0, memcached=10.0, control=10.5)
    expect(verdict("get-1", "server CPU", played) is targets.Verdict.VOID, "5 % off")
    played = rounds_of(ringcached=1.0, memcached=10.0, control=9.7)
    expect(verdict("get-1", "server CPU", played) is targets.Verdict.MET, "3 % off")


def floors_allow_what_they_say():
    words = "(1.2 x limit server's"
    for cost, expected in ((1.25, targets.Verdict.MET), (1.26, targets.Verdict.MISSED)):
        played = rounds_of(ringcached=cost, memcached=9.0, control=9.0, limit=1.0)
        expect(verdict("get-16", words, played) is expected, f"{cost}")
    for cost, expected in ((0.449, targets.Verdict.MET), (0.46, targets.Verdict.MISSED)):
        played = rounds_of(ringcached=run(6.0, user_us=cost), memcached=9.0, control=9.0,
                           limit=run(5.0, user_us=0.1))
        expect(verdict("get-1", "user CPU", played) is expected, f"{cost}")


def a_tail_goes_by_its_median():
    calm = rounds_of(5, ringcached=run(6.0, p99=99.0), memcached=9.0, control=9.0)
    wild = rounds_of(4, ringcached=run(6.0, p99=900.0), memcached=9.0, control=9.0)
    expect(verdict("open-loop", "p99 ", calm + wild) is targets.Verdict.MET, "five of nine")
    expect(verdict("open-loop", "p99 ", calm[1:] + wild + wild) is targets.Verdict.MISSED, "four")


def memory_does_not_mind_a_restless_machine():
    few = run(6.0)
    for size, expected in ((319, targets.Verdict.MET), (321, targets.Verdict.MISSED)):
        played = [{**each, FEW_CONNECTIONS: few} for each in
                  rounds_of(ringcached=run(6.0, idle_bytes=size), memcached=9.0, control=10.0)]
        expect(verdict("connections-10000", "memory", played) is expected, f"{size} B")


def batches_are_to_cost_half():
    for cost, expected in ((200.0, targets.Verdict.MET), (210.0, targets.Verdict.MISSED)):
        found = path.judge([{path.BATCHED: cost, path.SINGLE: 400.0, path.DRAM: 100.0}] * 9)
        expect(found.verdict is expected, f"{cost}")


def every_target_has_its_workload_and_every_role():
    by_name = {workload.name: workload for workload in WORKLOADS}
    expect(len(by_name) == len(WORKLOADS), "two workloads have the same name")
    for target in targets.TARGETS:
        played = {role: run(5.0) for role in by_name[target.workload].roles}
        expect(target.quantity(played) > 0 and target.control(played) == 1.0, target.what)


def values_fit_into_memory():
    for workload in WORKLOADS:
        expect(0 < workload.keys * workload.value_size <= VALUES_MAX, workload.name)
    sizes = {workload.value_size for workload in WORKLOADS}
    expect(sizes == {100, 4 * KIB, 64 * KIB, MIB}, sizes)


def roles_take_turns_at_being_first():
    workload = WORKLOADS[0]
    asked = []
    serving, ask = rounds.serving, rounds.ask
    rounds.serving = lambda workload, role: contextlib.nullcontext(role)
    rounds.ask = lambda plan, server, workload, role, populate: asked.append(role) or run(5.0)
    try:
        played = rounds.play(PLAN, workload)
    finally:
        rounds.serving, rounds.ask = serving, ask
    expect(len(played) == PLAN.pairs and all(set(each) == set(workload.roles) for each in played),
           "a role is missing in a round")
    count = len(workload.roles)
    expect(len(asked) == PLAN.pairs * PLAN.slices * count, f"{len(asked)} slices")
    first = {asked[at] for at in range(0, len(asked), count)}
    expect(first == set(workload.roles), f"only {first} are ever first")


def slices_count_by_their_requests():
    few = dataclasses.replace(run(8.0, user_us=2.0), requests=100, rate=1000.0)
    many = dataclasses.replace(run(4.0, user_us=1.0), requests=300, rate=1000.0)
    whole = load.sum_of([few, many])
    expect((whole.requests, whole.rate, whole.cpu_us, whole.user_us) == (400, 1000.0, 5.0, 1.25),
           whole)


def found():
    played = []
    for workload in WORKLOADS:
        costs = {role: run(4.0 + at) for at, role in enumerate(workload.roles)}
        costs[CONTROL] = costs[MEMCACHED]
        played.append(report.Played.of(workload, [costs] * 3))
    results = [targets.judge(target, each.rounds) for each in played for target in targets.TARGETS
               if target.workload == each.workload.name]
    path_rounds = [{path.BATCHED: 1.0, path.SINGLE: 3.0, path.DRAM: 1.0}] * 3
    return report.Found({"kernel": "K"}, played, path_rounds, results + [path.judge(path_rounds)])


def plots_are_well_formed():
    for picture in (plots.ratios(found().played), plots.latencies(found().played[0])):
        text = xml.dom.minidom.parseString(picture).getElementsByTagName("text")
        expect(len(text) > 5, picture)


def the_page_has_a_row_for_everything():
    page = report.markdown(PLAN, found(), {"costs": "ratios.svg"})
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    for workload in WORKLOADS:
        expect(sum(row.startswith(f"| {workload.title} |") for row in rows) == 2, workload.title)
    for target in targets.TARGETS:
        expect(any(f"| {target.workload} | {target.what} |" in row for row in rows), target.what)
    expect("ratios.svg" in page and "Too few rounds" not in page, page)
    short = dataclasses.replace(PLAN, pairs=8)
    expect("Too few rounds" in report.markdown(short, found(), {}), "eight rounds are enough")


def an_earlier_run_is_read_back():
    before = found()
    text = report.as_json(PLAN, before)
    rounds_read, path_read = report.read(text, PLAN, before.machine)
    expect(rounds_read == {each.workload.name: each.rounds for each in before.played}, "the rounds")
    expect(path_read == before.path_rounds, "the path")
    for plan, machine_now in ((Plan(pairs=8), before.machine),
                              (PLAN, {"kernel": "another"})):
        try:
            report.read(text, plan, machine_now)
        except ValueError:
            continue
        raise AssertionError(f"{plan} on {machine_now} is taken for the same run")


for claim in (equal_samples_have_no_width, an_interval_lies_around_its_median,
              an_interval_covers_the_truth_in_about_90_of_100, a_ratio_at_its_target_is_met,
              the_upper_end_decides_and_the_control_gives_slack, a_restless_control_voids,
              floors_allow_what_they_say, a_tail_goes_by_its_median,
              memory_does_not_mind_a_restless_machine, batches_are_to_cost_half,
              every_target_has_its_workload_and_every_role, values_fit_into_memory,
              roles_take_turns_at_being_first, slices_count_by_their_requests, plots_are_well_formed,
              the_page_has_a_row_for_everything, an_earlier_run_is_read_back):
    tap.case(claim.__name__.replace("_", " "), claim)
tap.finish()
