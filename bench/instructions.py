#!/usr/bin/python3
"""Instructions that a request costs in one build and in another, by callgrind: what no noise of a machine hides.

    bench/instructions.py build-before build-after

Both are release builds with bench/bench_server. Counted is Core::turn and what it calls: the way of a request without
the kernel. Two runs of different length are subtracted, so that filling the store does not count. Needs valgrind.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

LIMIT_S = 120
SHORT, LONG = "0.02", "0.3"  # --benchmark_min_time, seconds
WAYS = [(verb, depth) for verb in ("gets", "sets") for depth in (1, 16)]


def count(build, way, min_time):
    """Instructions in all turns, and how many turns there were."""
    with tempfile.TemporaryDirectory(prefix="rc-ir-") as folder:
        told = pathlib.Path(folder) / "callgrind"
        subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={told}", "--toggle-collect=*server::Core::turn*",
             f"{build}/bench/bench_server", f"--benchmark_filter=^{way}$", f"--benchmark_min_time={min_time}"],
            check=True, timeout=LIMIT_S, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return read(told.read_text().splitlines())


def read(lines):
    names, called, turns, total = {}, "", 0, 0
    for line in lines:
        function = re.match(r"(c?)fn=\((\d+)\)(?: (.*))?", line)
        if function:
            if function[3]:
                names[function[2]] = function[3]
            if function[1]:
                called = names[function[2]]
        elif line.startswith("calls=") and "BenchDoor::wait" in called:  # once a turn
            turns += int(line[len("calls="):].split()[0])
        elif line.startswith(("summary:", "totals:")):
            total = int(line.split()[1])
    return total, turns


def per_request(build, verb, depth):
    way = f"{verb}/depth:{depth}/connections:1/items:1000"
    (few, few_turns), (many, many_turns) = count(build, way, SHORT), count(build, way, LONG)
    if many_turns <= few_turns:
        sys.exit(f"{build}: no turns counted for {way}")
    return (many - few) / (many_turns - few_turns) / depth


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    for verb, depth in WAYS:
        before, after = (per_request(build, verb, depth) for build in sys.argv[1:])
        print(f"{verb} {depth:3} deep: {before:8.1f} {after:8.1f}  {after / before:.4f}", flush=True)


if __name__ == "__main__":
    main()
