#!/usr/bin/python3
"""Runs one fuzzer for so many inputs, from its corpus on, and reports in TAP.

    tests/fuzz/run.py build-fuzz/tests/fuzz/fuzz_text --corpus text --runs 100000
    tests/fuzz/run.py build-fuzz/tests/fuzz/fuzz_canary --corpus text --runs 100000 --finds canary

What it finds is kept beside the build, and printed. The corpus in the tree stays as it is.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import tap  # noqa: E402  (the path to the harness comes first)

LIMIT_S = 12 * 3600
SLOWEST_INPUT_S = 60
SHOWN = 6000
FOUND = re.compile(r"the claim does not hold|ERROR: |runtime error|ALARM|assertion")


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fuzzer", type=pathlib.Path)
    parser.add_argument("--corpus", choices=("text", "binary", "conversation"), required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0, help="0: a new one")
    parser.add_argument("--longest", type=int, default=4096, help="bytes of an input")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder that the corpus grows in")
    parser.add_argument("--finds", help="it must fail, and say this")
    return parser.parse_args()


def command(options, grown, found):
    dictionary = HERE / f"{options.corpus}.dict"
    words = [options.fuzzer, f"-runs={options.runs}", f"-seed={options.seed}",
             f"-max_len={options.longest}", f"-timeout={SLOWEST_INPUT_S}", "-rss_limit_mb=4096",
             f"-artifact_prefix={found}/", "-print_final_stats=1"]
    if options.corpus == "conversation":  # where bookkeeping takes as long as what is run
        words += ["-entropic=0", "-reduce_inputs=0", "-verbosity=0", "-close_fd_mask=2"]  # -vv says much
    if dictionary.exists():
        words.append(f"-dict={dictionary}")
    return [str(word) for word in (*words, grown, HERE / "corpus" / options.corpus)]


def run(options):
    found = options.fuzzer.parent / "found"
    found.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rc-corpus-") as folder:
        grown = options.keep or pathlib.Path(folder)
        grown.mkdir(parents=True, exist_ok=True)
        ended = subprocess.run(command(options, grown, found), stdin=subprocess.DEVNULL,
                               capture_output=True, text=True, errors="replace", timeout=LIMIT_S,
                               check=False)
    said = ended.stdout + ended.stderr
    if options.finds:
        if ended.returncode == 0 or options.finds not in said:
            raise AssertionError(f"it does not find {options.finds!r}: {said[-SHOWN:]}")
        return
    if ended.returncode != 0 or FOUND.search(said):
        raise AssertionError(said[-SHOWN:])
    executed = re.search(r"stat::number_of_executed_units: (\d+)", said)
    if not executed or int(executed[1]) < options.runs:
        raise AssertionError(f"fewer than {options.runs} inputs: {said[-SHOWN:]}")


def main():
    options = parse_options()
    title = f"{options.fuzzer.name}: {options.runs} inputs"
    if options.finds:
        title = f"{options.fuzzer.name} finds what was put there for it"
    tap.case(title, lambda: run(options))
    tap.finish()


if __name__ == "__main__":
    main()
