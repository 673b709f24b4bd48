#!/usr/bin/python3
"""Every row of inventory.txt holds: what is done works, what is accepted starts, what is refused says so."""

import collections
import getpass
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

import packets  # noqa: E402
import rows  # noqa: E402
import servers  # noqa: E402
import tap  # noqa: E402

LIMIT_S = 60
QUIT = b"quit\r\n"
LOGIN = b"set login 0 0 10\r\njohn hello\r\n"

# How many of each 1.6.45 has, so that no row gets lost.
COUNTS = {"options": 37, "suboptions": 69, "binary": 35}
COMMAND_WORDS = 14 + 12 + 3  # about data, others (all but stats), of debug builds
META_COMMANDS, META_FLAGS = 6, 25


def main():
    _titles, every_row = rows.read()
    by_section = collections.defaultdict(list)
    for row in every_row:
        by_section[row.section].append(row)
    tap.case("the inventory is whole", lambda: check_counts(by_section))
    tap.case("README shows this inventory", check_readme)
    check_starts(by_section["options"] + by_section["suboptions"] + by_section["surroundings"])
    with servers.Server("ringcached", ["-t", "2", "-o", "idle_timeout=600,track_sizes,debug_commands"]) as server:
        for row in by_section["commands"] + by_section["meta"] + by_section["stats"]:
            tap.case(f"{row.state}: {row.name}", lambda: check_text(server, row))
        for row in by_section["keys"]:
            tap.case(f"{row.state}: statistics about {row.name}", lambda: check_keys(server, row))
        for command in ("stats", "stats settings"):
            tap.case(f"{command} shows nothing else", lambda: check_no_other_keys(server, by_section["keys"], command))
        for row in by_section["binary"]:
            tap.case(f"{row.state}: {row.name}", lambda: check_packet(server, row))
    tap.finish()


def same(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r}, expected {expected!r}")


def check_counts(by_section):
    for section, count in COUNTS.items():
        same(len({row.name for row in by_section[section]}), count, section)
    words = {row.name.split()[0] for row in by_section["commands"]}
    same(len(words), COMMAND_WORDS, "text commands")
    names = [name for row in by_section["meta"] for name in row.name.split(", ")]
    same(len([name for name in names if len(name.partition("(")[0]) == 2]), META_COMMANDS, "meta commands")
    same(len([name for name in names if len(name.partition("(")[0]) == 1]), META_FLAGS, "meta flags")


def check_readme():
    done = subprocess.run([str(ROOT / "tools" / "inventory"), "check"], capture_output=True, timeout=LIMIT_S)
    same((done.returncode, done.stderr), (0, b""), "tools/inventory check")


# --- options: a word of the probe says how they are tried together


def check_starts(some):
    for row in some:
        how, _, args = row.asked().partition(" ")
        if how in ("exit", "end", "in"):
            tap.case(f"{row.state}: {row.name}", lambda: ALONE[how](row, args))
    together = collections.defaultdict(list)
    for row in some:
        how = row.asked().split()[0]
        if how not in ALONE:
            together["tcp" if how == "env" else how].append(row)
    for how, group in together.items():
        with tempfile.TemporaryDirectory(prefix="rc-") as folder:
            start_together(how, group, folder)


def start_together(how, group, folder):
    """One server with all options of the group; then each row against its settings."""
    words = {"folder": folder, "user": getpass.getuser(), "passwords": os.path.join(folder, "passwords")}
    pathlib.Path(words["passwords"]).write_text("john:hello\n", encoding="ascii")
    args, env = [], {}
    for row in group:
        kind, _, given = row.asked().partition(" ")
        if kind == "env":
            env.update([given.split("=")])
        else:
            args += given.format(**words).split()
    unix = os.path.join(folder, "socket") if how == "unix" else None
    with servers.Server("ringcached", args, unix=unix, env=env) as server:
        words["port"] = str(server.port)
        settings = settings_of(server, LOGIN if how == "login" else b"")
        for row in group:
            tap.case(f"{row.state}: {row.name}", lambda: check_setting(row, settings, words))


def settings_of(server, login):
    with server.connect() as wire:
        if login:
            wire.send(login)
            wire.expect(b"STORED\r\n")
        wire.send(b"stats settings\r\n")
        lines = wire.read_until(b"END\r\n").decode().splitlines()[:-1]
    return dict(line.split(" ", 2)[1:] for line in lines)


def check_setting(row, settings, words):
    if row.expected():
        name, value = row.expected().format(**words).split(" ", 1)
        same(settings[name], value, name)


def check_exit(row, args):
    code, _, options = args.partition(" ")
    got = run_alone(options.split())
    same(got[0], int(code), "exit code")
    if row.note not in got[1] or got[1].count("\n") != 1:
        raise AssertionError(f"expected one line with {row.note!r}, got {got[1]!r}")


def check_end(_row, args):
    code, output = run_alone(args.split())
    same(code, 0, "exit code")
    if "ringcached" not in output:
        raise AssertionError(output)


def check_elsewhere(row, path):
    names = row.name.split(", ")
    text = (ROOT / path).read_text(encoding="utf-8")
    if not any(re.search(rf"(?<![\w-]){re.escape(name)}\b", text) for name in names):
        raise AssertionError(f"{path} says nothing about {row.name}")


def run_alone(options):
    user = ["-u", getpass.getuser()]
    with tempfile.TemporaryDirectory(prefix="rc-") as folder:
        done = subprocess.run(
            [servers.binary("ringcached"), *user, "-s", os.path.join(folder, "socket"), *options], timeout=LIMIT_S,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.decode()


ALONE = {"exit": check_exit, "end": check_end, "in": check_elsewhere}


# --- commands


def check_text(server, row):
    with server.connect() as wire:
        wire.send(b"set k 0 0 1\r\n5\r\n")
        wire.expect(b"STORED\r\n")
        wire.send(row.asked().replace("\\r\\n", "\r\n").encode() + b"\r\n" + QUIT)
        reply = wire.read_until_closed().decode()
    if row.state == "refused":
        same(reply, row.note + "\r\n", "reply")
    if not reply.startswith(row.expected()) or reply.startswith("ERROR") != (row.expected() == "ERROR"):
        raise AssertionError(f"reply {reply!r}, expected {row.expected()!r} at its start")


def names_shown(server, command):
    """The names that a reply of statistics shows, without "items:1:" and the like before them."""
    with server.connect() as wire:
        wire.send(b"set k 0 0 1\r\n5\r\n")
        wire.expect(b"STORED\r\n")
        wire.send(command.encode() + b"\r\n")
        lines = wire.read_until(b"END\r\n").decode().splitlines()[:-1]
    return [line.split(" ")[1].rpartition(":")[2] for line in lines]


def check_keys(server, row):
    command, _, names = row.probe.partition(": ")
    same(sorted(set(names.split()) - set(names_shown(server, command))), [], "names that are missing")


def check_no_other_keys(server, some, command):
    listed = [name for row in some if row.probe.startswith(command + ": ")
              for name in row.probe.partition(": ")[2].split()]
    same(sorted(names_shown(server, command)), sorted(listed), command)


def check_packet(server, row):
    opcode = int(row.name.split()[0], 16)
    words = row.asked().split()
    asked = packets.request(opcode, key=b"packet" if "key" in words else b"", extras=bytes(int(words[0])),
                            value=b"5" if "value" in words else b"")
    with server.connect() as wire:
        for request in (asked, packets.request(packets.OPCODES["noop"]), packets.request(packets.OPCODES["quit"])):
            wire.send(request)
        replies = list(packets.split(wire.read_until_closed()))
    first = replies[0] if replies else None
    answered = first is not None and first.opcode == opcode
    same(f"{first.status:x}" if answered else "-", row.expected(), "status")
    if row.state == "refused":
        same(first.value.decode(), row.note, "text of the reply")


main()
