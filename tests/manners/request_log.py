"""What -vv and -vvv say on stderr of clients and their requests, line by line beside memcached's.

Descriptors and cas ids are not compared, nor is what tells of memcached's own insides: its classes, its threads and
the states of a connection. RINGCACHED names the ringcached executable.
"""

import os
import pathlib
import re
import struct
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import packets  # noqa: E402
import servers  # noqa: E402
import tap  # noqa: E402

LIMIT_S = 60
PATIENCE_S = 30
PAUSE_S = 0.01
KINDS = ("memcached", "ringcached")

INSIDES = re.compile(r"slab class .*|<N server listening .*|N: going from .*|Starting LRU .*|LRU crawler .*"
                     r"|Nothing left .*|Kicking .*|ringcached .* serves: .*|Exiting normally")

TEXT = [
    "get none", "gets none other", "set key 0 0 1\r\nx", "get key", "gets key", "get key none key", "get none key",
    "set key 0 0 1 noreply\r\nx", "add key 0 0 1\r\nx", "add key 0 0 1 noreply\r\nx", "cas key 0 0 1 99999\r\nx",
    "cas none 0 0 1 1\r\nx", "replace none 0 0 1\r\nx", "append key 0 0 1\r\ny", "prepend none 0 0 1\r\ny", "delete key",
    "delete key", "delete key noreply", "set number 7 0 1\r\n1", "incr number 1", "incr number x", "incr none 1",
    "decr number 1 noreply", "touch number 0", "touch none 0", "gat 0 number", "gat 0 none", "gats 0 number none",
    "set gone 0 -1 1\r\nx", "get gone", "set key 0 0 1\r\nx", "incr key 1", "foo", "foo bar", "set key 0 0 abc",
    "touch number x", "verbosity 2", "stats reset", "stats nonsense", "stats", "stats settings", "stats items",
    "stats detail on", "stats detail off", "stats detail dump", "flush_all", "get key", "flush_all noreply",
    "set large 0 0 100000\r\n" + 100000 * "x", "get large", "set huge 0 0 2000000\r\n" + 2000000 * "x",
    "mn", "me none", "ms key 1\r\n2", "ms key 1 q\r\n2", "ms key 1 MA\r\n3", "mg key", "mg key v k O123", "mg none v",
    "mg none v q", "md none", "md key q", "ms one 1\r\n1", "ma one", "ma one v", "ma none", "ma one N0", "mg one !",
    "ms word 1\r\nx", "ma word", "ms word 1 C1\r\ny", "ms huge 2000000\r\n" + 2000000 * "x", "me word",
    "slabs automove 1", "cache_memlimit 100",
    "get  one", "get one\tx",
]

FLAGS = struct.pack(">II", 5, 0)
COUNT = struct.pack(">QQI", 1, 5, 0)
ONLY_THERE = struct.pack(">QQI", 1, 5, 0xFFFFFFFF)
NEVER = bytes(4)
BINARY = [
    ("get", b"none"), ("set", b"key", FLAGS, b"x"), ("get", b"key"), ("getq", b"none"), ("getk", b"key"), ("getk", b"none"),
    ("getkq", b"none"), ("setq", b"key", FLAGS, b"x"), ("add", b"key", FLAGS, b"x"), ("addq", b"key", FLAGS, b"x"),
    ("replace", b"none", FLAGS, b"x"), ("append", b"key", b"", b"y"), ("append", b"none", b"", b"y"),
    ("prependq", b"key", b"", b"y"), ("incr", b"key", COUNT), ("incr", b"number", COUNT), ("incr", b"number", COUNT),
    ("decr", b"number", COUNT), ("incr", b"none", ONLY_THERE), ("incrq", b"number", COUNT), ("touch", b"number", NEVER),
    ("touch", b"none", NEVER), ("gat", b"number", NEVER), ("gatq", b"none", NEVER), ("gatk", b"number", NEVER),
    ("delete", b"key"), ("delete", b"key"), ("deleteq", b"none"), ("noop",), ("version",), ("stat", b"items"),
    ("stat", b"settings"), ("stat", b"reset"), ("stat", b"nonsense"), ("stat", b"detail on"), ("stat", b"detail off"),
    ("set", b"large", FLAGS, 100000 * b"x"), ("get", b"large"), ("set", b"huge", FLAGS, 2000000 * b"x"), ("flush",),
    ("flushq",),
]


class Log:
    """A server whose stderr goes to a file of its own; to be read whole."""

    def __init__(self, kind, args):
        self.folder = tempfile.TemporaryDirectory(prefix="rc-log-")
        self.path = os.path.join(self.folder.name, "stderr")
        self.server = servers.Server(kind, args, time_limit_s=LIMIT_S, before=self._divert)

    def _divert(self):
        """Runs in the child."""
        os.dup2(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop()
        self.folder.cleanup()

    def whole(self):
        with open(self.path, encoding="latin1") as file:
            return file.read()

    def has_lines(self, pattern, least):
        """Waits for so many: a server may say them only after it has begun to listen."""
        deadline = time.monotonic() + PATIENCE_S
        while sum(bool(re.fullmatch(pattern, line)) for line in self.whole().split("\n")) < least:
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.server.kind}: too few lines like {pattern}: {self.whole()}")
            time.sleep(PAUSE_S)

    def lines_once(self, last):
        """What both servers say, once the line `last` has come as often as it should."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            lines = [line for line in map(comparable, self.whole().split("\n")[:-1]) if not INSIDES.fullmatch(line)]
            if last(lines):
                return without_cas(lines)
            if time.monotonic() > deadline:
                raise AssertionError("the log stays at\n" + "\n".join(lines[-20:]))
            time.sleep(PAUSE_S)


def comparable(line):
    """Without what is the server's own: descriptors."""
    line = re.sub(r"^([<>]?)\d+([ :])", r"\1N\2", line)
    line = re.sub(r"^(Closing idle fd|Protocol error .*, close connection) \d+", r"\1 N", line)
    return re.sub(r"^(>N VERSION) .*", r"\1", line)


def without_cas(lines):
    """Every server numbers in its own way: the last eight bytes of a header are told by whether there is a number."""
    told = list(lines)
    for i, line in enumerate(told):
        told[i] = re.sub(r"^CAS:  failure: expected \d+, got", "CAS:  failure: expected ID, got", line)
        if re.fullmatch(r"[<>]N +0x8[01] .*", line):
            there = any(digit in "123456789abcdef" for digit in re.sub(r".N|0x", "", told[i + 4] + told[i + 5]))
            told[i + 4:i + 6] = [told[i + 4][:2] + " cas", "yes" if there else "no"]
    return told


def closings(count):
    return lambda lines: lines.count("<N connection closed.") == count


def talk(log):
    """A connection of each language, and some that are short; each is gone before the next one comes."""
    server = log.server
    with server.connect() as wire:
        wire.send("".join(line + "\r\n" for line in TEXT).encode() + b"version\r\nquit\r\n")
        wire.read_until_closed()
    log.lines_once(closings(1))
    with server.connect() as wire:
        for name, *parts in BINARY:
            wire.send(packets.request(packets.OPCODES[name], *parts))
        wire.send(packets.request(packets.OPCODES["quit"]))
        wire.read_until_closed()
    log.lines_once(closings(2))
    with server.connect() as wire:
        wire.send(b"lru_crawler metadump all\r\n")
        wire.read_until(b"END\r\n")
    log.lines_once(closings(3))
    with server.connect() as wire:  # a request that makes no sense
        wire.send(packets.request(packets.OPCODES["get"], b"key", b"extras"))
        wire.read_until_closed()
    log.lines_once(closings(4))
    with server.connect() as wire:
        wire.send(packets.request(packets.OPCODES["noop"]) + 24 * b"x")
        wire.read_until_closed()
    return log.lines_once(closings(5))


def alike(ours, theirs):
    for i, (mine, yours) in enumerate(zip(ours + ["(nothing)"], theirs + ["(nothing)"])):
        if mine != yours:
            raise AssertionError(f"line {i} behind {theirs[max(0, i - 3):i]}:\nringcached {mine!r}\nmemcached  {yours!r}")
    if len(ours) != len(theirs):
        raise AssertionError(f"{len(ours)} lines, memcached's {len(theirs)}")


def logs_alike(level, threads):
    told = {}
    for kind in KINDS:
        with Log(kind, [level, "-t", threads if kind == "ringcached" else 1, "-o", "no_lru_maintainer"]) as log:
            told[kind] = talk(log)
    if len(told["memcached"]) < 500:
        raise AssertionError(f"memcached says little: {told['memcached']}")
    alike(told["ringcached"], told["memcached"])


def start_alike():
    wanted = {r"slab class +\d+: chunk size +\d+ perslab +\d+": 10, r"<\d+ server listening \(auto-negotiate\)": 1}
    for kind in KINDS:
        with Log(kind, ["-vv"]) as log:
            for pattern, least in wanted.items():
                log.has_lines(pattern, least)


def only_one_language(letter, request):
    told = {}
    for kind in KINDS:
        with Log(kind, ["-vv", "-B", letter]) as log:
            with log.server.connect() as wire:
                wire.send(request)
                wire.read_until_closed()
            told[kind] = log.lines_once(closings(1))
            if f"server listening ({letter})" not in log.whole():
                raise AssertionError(f"{kind}: who listens is not told: {log.whole()}")
    alike(told["ringcached"], told["memcached"])


def passwords_stay_secret():
    told = {}
    with tempfile.NamedTemporaryFile("w", suffix=".auth") as file:
        file.write("me:secret\n")
        file.flush()
        for kind in KINDS:
            with Log(kind, ["-vvv", "-Y", file.name]) as log:
                with log.server.connect() as wire:
                    wire.send(b"get key\r\nset a 0 0 8\r\nme wrong\r\n" b"set a 0 0 9\r\nme secret\r\nget key\r\nquit\r\n")
                    wire.read_until_closed()
                told[kind] = log.lines_once(closings(1))
                if "secret" in log.whole() or "wrong" in log.whole():
                    raise AssertionError(f"{kind} tells a password: {log.whole()}")
    alike(told["ringcached"], told["memcached"])


def switched_while_it_runs():
    """Line by line: ringcached may run what comes before a change, and tell of it after the change, if both are there."""
    told = {}
    lines = ("get a", "verbosity 1", "get b", "cache_memlimit 100", "verbosity 2", "get c", "verbosity 1", "get d",
             "verbosity 3", "get e", "verbosity 0", "cache_memlimit 64", "verbosity 2")
    for kind in KINDS:
        with Log(kind, []) as log:
            with log.server.connect() as wire:
                for line in lines:
                    wire.send(line.encode() + b"\r\n")
                    wire.expect(b"END\r\n" if line.startswith("get") else b"OK\r\n")
                wire.send(b"quit\r\n")
                wire.read_until_closed()
            told[kind] = log.lines_once(closings(1))
    alike(told["ringcached"], told["memcached"])


def watchers_and_the_idle():
    told = {}
    for kind in KINDS:
        with Log(kind, ["-vv", "-o", "idle_timeout=1"]) as log:
            with log.server.connect() as watcher:
                watcher.send(b"watch\r\n")
                watcher.expect(b"OK\r\n")
            log.lines_once(closings(1))
            with log.server.connect() as idle:
                idle.send(b"get a\r\n")
                idle.expect(b"END\r\n")
                idle.read_until_closed()
            told[kind] = log.lines_once(closings(2))
    alike(told["ringcached"], told["memcached"])


def main():
    for level, threads in (("-vv", 1), ("-vv", 4), ("-vvv", 1), ("-vvv", 4)):
        tap.case(f"{level} tells what memcached tells, line by line, at -t {threads}",
                 lambda level=level, threads=threads: logs_alike(level, threads))
    tap.case("-vv tells the classes of chunks, and who listens", start_alike)
    tap.case("-B ascii is told", lambda: only_one_language("ascii", b"get a\r\nquit\r\n"))
    tap.case("-B binary is told",
             lambda: only_one_language("binary", packets.request(packets.OPCODES["quit"])))
    tap.case("no password stands in the log", passwords_stay_secret)
    tap.case("verbosity switches it while it runs", switched_while_it_runs)
    tap.case("watchers that go, and clients that are idle", watchers_and_the_idle)
    tap.finish()


if __name__ == "__main__":
    main()
