#!/usr/bin/python3
"""Runs the dialogue cases against ringcached or Debian's memcached and reports in TAP.

    tests/dialogue/run.py --server memcached
    RINGCACHED=build/src/ringcached tests/dialogue/run.py --server ringcached --fragment 1
    tests/dialogue/run.py --server memcached --only 'storage: set'

See README.md for the format of the case files.
"""

import argparse
import os
import pathlib
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import deviations  # noqa: E402  (the path to the harness comes first)
import sasl        # noqa: E402
import script      # noqa: E402
import tap         # noqa: E402
from play import Play, StepError  # noqa: E402
from servers import Server, binary  # noqa: E402

JOBS = 6               # they mostly wait: for a clock tick, or for a server to end
STALE_PATIENCE_S = 3.0  # a case that must not hold as written: how long to wait for missing bytes
SERVER_LIMIT_S = 280
FRAGMENTS = ("whole", "100", "24", "10", "5", "2", "1")


class Runner:
    """Everything that the command line chose."""

    def __init__(self, options):
        self.options = options
        self.fragment = None if options.fragment == "whole" else int(options.fragment)
        self.unix = True if options.transport == "unix" else None

    def server(self, args):
        threads = [] if "-t" in args else ["-t", str(self.options.threads)]
        return Server(self.options.server, threads + args, self.unix, SERVER_LIMIT_S)

    def job(self, file_name, args, cases, at_once, check):
        """One server and the cases that share it."""
        title = f"{file_name}: the server starts and ends well ({' '.join(args) or 'no options'})"
        try:
            with self.server(args) as server:
                with ThreadPoolExecutor(len(cases) if at_once else 1) as threads:
                    list(threads.map(lambda case: check(server, case), cases))
        except Exception as error:  # the server's own failure is a result too
            tap.failed(title, f"{error}\n" + "\n".join(getattr(error, "__notes__", [])))
        else:
            tap.passed(title)

    def is_steady(self, deviation):
        """What memcached answers does not depend on the fragments of this run."""
        return deviation is None or not deviation.whole_only or self.fragment is None

    def holds(self, server, case):
        """The case passes."""
        try:
            with Play(server, self.fragment) as playing:
                playing.run(case.steps())
        except StepError as error:  # says all there is to say; anything else shows its traceback
            tap.failed(case.name, str(error))
        except Exception as error:
            tap.failed(case.name, "".join(traceback.format_exception(error)))
        else:
            tap.passed(case.name)

    def is_stale(self, server, case):
        """The case as written must not pass, else its deviation is out of date."""
        def play():
            try:
                with Play(server, self.fragment, STALE_PATIENCE_S) as playing:
                    playing.run(case.steps())
            except StepError:
                return
            raise AssertionError("it holds as written: remove its entry from deviations.txt")
        tap.case(f"{case.name} (still deviates)", play)


def jobs_of(file, cases):
    """(options, cases, at once): the file's own server first, then one per case with options."""
    shared = [case for case in cases if not case.own_server]
    if shared:
        yield file.server, shared, file.at_once
    for case in cases:
        if case.own_server:
            yield case.server, [case], False


def select(files, only):
    """The cases whose name contains `only`, by file."""
    return [(file, [case for case in file.cases if only in case.name]) for file in files]


def check_names(entries, files):
    known = {case.name for file in files for case in file.cases}
    for name in entries:
        if name not in known:
            raise deviations.DeviationError(f"deviations.txt: there is no case '{name}'")


def schedule(runner, pool, selected, entries):
    """Starts all jobs; returns their futures."""
    for file, cases in selected:
        cases = [case for case in cases if runner.is_steady(entries.get(case.name))]
        changed = [deviations.apply(entries[case.name], case) if case.name in entries else case
                   for case in cases]
        for args, group, at_once in jobs_of(file, changed):
            yield pool.submit(runner.job, file.name, args, group, at_once, runner.holds)
        deviating = [case for case in cases if case.name in entries]
        for args, group, _ in jobs_of(file, deviating):
            yield pool.submit(runner.job, file.name, args, group, False, runner.is_stale)


def parse_options():
    parser = argparse.ArgumentParser(description="dialogue cases against a server")
    parser.add_argument("--server", choices=("ringcached", "memcached"), required=True)
    parser.add_argument("--transport", choices=("tcp", "unix"), default="tcp")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--fragment", choices=FRAGMENTS, default="whole")
    parser.add_argument("--only", default="", help="run the cases whose name contains this")
    return parser.parse_args()


def main():
    options = parse_options()
    files = [script.read_file(path) for path in sorted(HERE.glob("*.txt"))
             if path.name != "deviations.txt"]
    entries = deviations.read(HERE / "deviations.txt")
    check_names(entries, files)
    if options.server == "ringcached":
        entries = {}
    else:
        files = [file for file in files if not file.only_ours]
    runner = Runner(options)
    if not tap.case("there is a server to run", lambda: binary(options.server)):
        tap.finish()
    with sasl.configured() as surroundings, ThreadPoolExecutor(JOBS) as pool:
        os.environ.update(surroundings)
        for future in list(schedule(runner, pool, select(files, options.only), entries)):
            future.result()
    tap.finish()


if __name__ == "__main__":
    main()
