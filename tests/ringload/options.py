#!/usr/bin/python3
"""A bad option of ringload is one clear line and exit code 64."""

from generator import expect, expect_equal, ringload

import tap

SERVER = "--server 127.0.0.1:1"

# What is wrong, and a word of the line about it.
REFUSED = [
    ("", "--server is missing"),
    ("--server", "--server wants a value"),
    ("--server=", "--server wants a value"),
    ("--server nowhere", "host:port"),
    ("--server :11211", "host:port"),
    ("--server host:", "host:port"),
    (f"{SERVER} --nosuch", "--nosuch"),
    (f"{SERVER} -q", "-q"),
    (f"{SERVER} --quiet=1", "--quiet=1"),
    (f"{SERVER} more", "'more'"),
    (f"{SERVER} --protocol ascii", "'ascii'"),
    (f"{SERVER} --threads 0", "1 to 256"),
    (f"{SERVER} --threads 4 --connections 3", "--connections 3"),
    (f"{SERVER} --connections 20001", "20000"),
    (f"{SERVER} --idle-connections -1", "'-1'"),
    (f"{SERVER} --depth 0", "--depth"),
    (f"{SERVER} --depth 1x", "'1x'"),
    (f"{SERVER} --multiget 0", "--multiget"),
    (f"{SERVER} --set-ratio 1.1", "0 to 1"),
    (f"{SERVER} --set-ratio nan", "'nan'"),
    (f"{SERVER} --keys 0", "--keys"),
    (f"{SERVER} --pattern random", "'random'"),
    (f"{SERVER} --pattern zipf:0", "'zipf:0'"),
    (f"{SERVER} --pattern uniform:1", "'uniform:1'"),
    (f"{SERVER} --hot-key=2", "'2'"),
    (f"{SERVER} --key-size 251", "250"),
    (f"{SERVER} --key-size 4", "--keys 100000"),
    (f"{SERVER} --value-size 10-5", "'10-5'"),
    (f"{SERVER} --value-size 10:0", "'10:0'"),
    (f"{SERVER} --value-size 10,", "'10,'"),
    (f"{SERVER} --value-size 2000000000", "1073741824"),
    (f"{SERVER} --value-size 200000 --depth 6000", "1 GiB"),
    (f"{SERVER} --ttl -1", "--ttl"),
    (f"{SERVER} --rate 0", "--rate"),
    (f"{SERVER} --poisson", "--rate"),
    (f"{SERVER} --duration 0", "--duration"),
    (f"{SERVER} --requests 0", "--requests"),
    (f"{SERVER} --warmup -1", "--warmup"),
    (f"{SERVER} --timeout 0", "--timeout"),
    (f"{SERVER} --cpus 1-", "'1-'"),
    (f"{SERVER} --cpus 1023", "1023"),
    (f"{SERVER} --seed x", "--seed"),
    (f"{SERVER} --pid 0", "--pid"),
    (f"{SERVER} --no-verify=1", "--no-verify=1"),
]


def main():
    for line, word in REFUSED:
        tap.case(f"refused: {line or 'no option'}", lambda: check_refused(line.split(), word))
    tap.case("a process that is not there", check_pid)
    tap.case("--help names every option", check_help)
    tap.finish()


def check_refused(args, word):
    outcome = ringload(*args)
    expect_equal(outcome.exit_code, 64, f"exit code of {outcome}")
    expect_equal(outcome.stdout, "", "stdout")
    lines = outcome.stderr.splitlines()
    expect(len(lines) == 1 and lines[0].startswith("ringload: ") and word in lines[0], f"{outcome}")


def check_pid():
    with open("/proc/sys/kernel/pid_max", encoding="ascii") as file:
        none = int(file.read())
    outcome = ringload(*SERVER.split(), "--pid", none)
    expect_equal(outcome.exit_code, 69, f"exit code of {outcome}")
    expect(f"no process {none}" in outcome.stderr, f"{outcome}")


def check_help():
    outcome = ringload("--help")
    expect_equal(outcome.exit_code, 0, "exit code")
    words = {word for line, _ in REFUSED for word in line.replace("=", " ").split()}
    for option in {word for word in words if word.startswith("--")} - {"--nosuch"}:
        expect(option in outcome.stdout, f"--help does not name {option}")


if __name__ == "__main__":
    main()
