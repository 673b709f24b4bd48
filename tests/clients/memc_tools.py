#!/usr/bin/python3
"""The command line tools of libmemcached work unchanged, in text and in binary, as with memcached."""

import os
import subprocess
import tempfile

from fleet import one_server, options, same

import tap
from servers import Server

TOOL_LIMIT_S = 60
BIG = bytes(range(256)) * 1200  # more than one received buffer, and without an end of line


def main():
    chosen = options(__doc__)
    for protocol, flags in (("text", []), ("binary", ["--binary"])):
        for server in (one_server(chosen), Server("memcached", ["-t", chosen.threads])):
            with server, tempfile.TemporaryDirectory() as folder:
                tools = Tools(server, flags, folder)
                for name, test in TESTS:
                    tap.case(f"{server.kind}, {protocol}: {name}", lambda: test(tools))
    tap.finish()


class Tools:
    """The tools, pointed at one server; files are in a folder of their own."""

    def __init__(self, server, flags, folder):
        self.server = server
        self.flags = flags
        self.folder = folder

    def write(self, name, content):
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(content)

    def run(self, tool, *args):
        """Exit code and output of a tool."""
        done = subprocess.run(
            [f"/usr/bin/{tool}", f"--servers=127.0.0.1:{self.server.port}", *self.flags, *args],
            cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=TOOL_LIMIT_S)
        return done.returncode, done.stdout


def copy_and_cat(tools):
    tools.write("one", b"hello")
    tools.write("big", BIG)
    same(tools.run("memccp", "one", "big"), (0, b""), "memccp")
    same(tools.run("memccat", "one"), (0, b"hello\n"), "memccat")
    same(tools.run("memccat", "one", "big"), (0, b"hello\n" + BIG + b"\n"), "memccat of two, one of them large")
    same(tools.run("memccat", "none")[0], 1, "memccat of a missing key")


def exist_touch_remove(tools):
    tools.write("it", b"x")
    same(tools.run("memccp", "it")[0], 0, "memccp")
    same(tools.run("memcexist", "it")[0], 0, "memcexist")
    same(tools.run("memcexist", "none")[0], 1, "memcexist of a missing key")
    same(tools.run("memctouch", "--expire=1000", "it")[0], 0, "memctouch")
    same(tools.run("memctouch", "--expire=1000", "none")[0], 1, "memctouch of a missing key")
    same(tools.run("memcrm", "it")[0], 0, "memcrm")
    same(tools.run("memcrm", "it")[0], 1, "memcrm of what is gone")
    same(tools.run("memccat", "it")[0], 1, "memccat of what is gone")


def statistics(tools):
    code, output = tools.run("memcstat")
    same(code, 0, "memcstat")
    names = [line.split(b":")[0].strip() for line in output.splitlines()[1:]]
    for name in (b"pid", b"curr_items", b"get_hits", b"threads"):
        same(names.count(name), 1, f"lines about {name}")


def flush(tools):
    tools.write("it", b"x")
    same(tools.run("memccp", "it")[0], 0, "memccp")
    same(tools.run("memcflush")[0], 0, "memcflush")
    same(tools.run("memccat", "it")[0], 1, "memccat after the flush")


def ping_and_dump(tools):
    same(tools.run("memcping")[0], 1 if tools.flags else 0, "memcping, whose --binary fails with any server")
    for name in ("one", "two"):
        tools.write(name, b"x")
        same(tools.run("memccp", name)[0], 0, "memccp")
    code, output = tools.run("memcdump")
    if code == 0:  # memcached lists what has left its first queue only: nothing of this, so far
        same(set(output.split()) - {b"one", b"two"}, set(), "keys that memcdump invents")
    if tools.server.kind == "ringcached" and not tools.flags:
        same((code, sorted(output.split())), (0, [b"one", b"two"]), "memcdump")


def many_at_once(tools):
    for test in ("set", "get", "mget"):
        same(tools.run("memcslap", "--concurrency=4", "--execute-number=500", f"--test={test}")[0], 0, f"memcslap {test}")
    same(tools.run("memcflush")[0], 0, "memcflush")


TESTS = [
    ("memccp stores, memccat shows", copy_and_cat),
    ("memcexist, memctouch, memcrm", exist_touch_remove),
    ("memcstat shows every figure once", statistics),
    ("memcflush forgets", flush),
    ("memcping is answered, memcdump lists the keys", ping_and_dump),
    ("memcslap sets and gets from several connections", many_at_once),
]

if __name__ == "__main__":
    main()
