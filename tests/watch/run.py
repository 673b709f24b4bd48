"""What watchers read: the same lines from ringcached and from Debian's memcached, once numbers that must
differ are masked; and what becomes of a watcher that is slow, gone, or one too many.

    tests/watch/run.py --server memcached
    RINGCACHED=build/src/ringcached tests/watch/run.py --server ringcached --threads 4
"""

import argparse
import pathlib
import re
import socket
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import packets  # noqa: E402
import servers  # noqa: E402
import tap  # noqa: E402
from wire import Wire, WireError  # noqa: E402

WATCHERS_MAX = 20
HEAD = re.compile(r"ts=(\d+)\.(\d+) gid=(\d+) type=(.*)\n")
MASKED = ((re.compile(r"cfd=\d+"), "cfd=N"), (re.compile(r"clsid=[1-9]\d*"), "clsid=N"))
TOO_LARGE = 2_000_000
# What the slow watcher misses: rounds of so many gets, until it misses some.
SLOW_ROUNDS_MAX = 2000
SLOW_GETS = 500

# What is sent, what is answered, and what a watcher of fetchers and mutations reads.
EXCHANGES = (
    ("get w1", "END", ["item_get key=w1 status=not_found clsid=0 cfd=N size=0"]),
    ("set w1 5 0 3\r\nabc", "STORED",
     ["item_get key=w1 status=not_found clsid=0 cfd=N size=0",
      "item_store key=w1 status=stored cmd=set ttl=0 clsid=N cfd=N size=3"]),
    ("get w1", "VALUE w1 5 3\r\nabc\r\nEND", ["item_get key=w1 status=found clsid=N cfd=N size=3"]),
    ("add w1 0 0 1\r\nx", "NOT_STORED",
     ["item_get key=w1 status=found clsid=N cfd=N size=3",
      "item_store key=w1 status=not_stored cmd=add ttl=0 clsid=N cfd=N size=1"]),
    ("replace w2 0 0 1\r\nx", "NOT_STORED",
     ["item_get key=w2 status=not_found clsid=0 cfd=N size=0",
      "item_store key=w2 status=not_stored cmd=replace ttl=0 clsid=N cfd=N size=1"]),
    ("append w1 0 0 1\r\nx", "STORED",
     ["item_get key=w1 status=found clsid=N cfd=N size=3",
      "item_store key=w1 status=stored cmd=append ttl=0 clsid=N cfd=N size=4"]),
    ("prepend w1 0 0 1\r\nx", "STORED",
     ["item_get key=w1 status=found clsid=N cfd=N size=4",
      "item_store key=w1 status=stored cmd=prepend ttl=0 clsid=N cfd=N size=5"]),
    ("cas w1 0 0 1 1000000007\r\nx", "EXISTS",
     ["item_get key=w1 status=found clsid=N cfd=N size=5",
      "item_store key=w1 status=exists cmd=cas ttl=0 clsid=N cfd=N size=1"]),
    ("cas w3 0 0 1 1\r\nx", "NOT_FOUND",
     ["item_get key=w3 status=not_found clsid=0 cfd=N size=0",
      "item_store key=w3 status=not_found cmd=cas ttl=0 clsid=N cfd=N size=1"]),
    ("set a%b?c~ 0 0 1\r\nx", "STORED",
     ["item_get key=a%25b%3Fc~ status=not_found clsid=0 cfd=N size=0",
      "item_store key=a%25b%3Fc~ status=stored cmd=set ttl=0 clsid=N cfd=N size=1"]),
    ("touch w1 0", "TOUCHED", ["item_get key=w1 status=found clsid=N cfd=N size=5"]),
    ("gat 0 w1", "VALUE w1 5 5\r\nxabcx\r\nEND", ["item_get key=w1 status=found clsid=N cfd=N size=5"]),
    ("incr w1 1", "CLIENT_ERROR cannot increment or decrement non-numeric value",
     ["item_get key=w1 status=found clsid=N cfd=N size=5"]),
    ("incr w4 1", "NOT_FOUND", ["item_get key=w4 status=not_found clsid=0 cfd=N size=0"]),
    ("delete w1", "DELETED", ["item_get key=w1 status=found clsid=N cfd=N size=5"]),
    ("delete w1", "NOT_FOUND", ["item_get key=w1 status=not_found clsid=0 cfd=N size=0"]),
    ("mg w5 v", "EN", ["item_get key=w5 status=not_found clsid=0 cfd=N size=0"]),
    ("ms w5 2\r\nab", "HD",
     ["item_get key=w5 status=not_found clsid=0 cfd=N size=0",
      "item_store key=w5 status=stored cmd=set ttl=0 clsid=N cfd=N size=2"]),
    ("ms w5 2 MA\r\ncd", "HD",
     ["item_get key=w5 status=found clsid=N cfd=N size=2",
      "item_store key=w5 status=stored cmd=append ttl=0 clsid=N cfd=N size=4"]),
    ("ma w6 N0 J5", "HD",
     ["item_get key=w6 status=not_found clsid=0 cfd=N size=0",
      "item_get key=w6 status=not_found clsid=0 cfd=N size=0",
      "item_store key=w6 status=stored cmd=add ttl=0 clsid=N cfd=N size=1"]),
    ("ma w6", "HD", ["item_get key=w6 status=found clsid=N cfd=N size=1"]),
    ("md w6", "HD", ["item_get key=w6 status=found clsid=N cfd=N size=1"]),
    ("me w5", None, ["item_get key=w5 status=found clsid=N cfd=N size=4"]),
    ("set w7 0 0 100000\r\n" + "y" * 100_000, "STORED",
     ["item_get key=w7 status=not_found clsid=0 cfd=N size=0",
      "item_store key=w7 status=stored cmd=set ttl=0 clsid=N cfd=N size=100000"]),
)


class Watcher:
    """A connection that watches. Its numbers of events must grow."""

    def __init__(self, server, words, wire=None):
        self.wire = wire or server.connect()
        self.last_gid = 0
        self.skipped = 0
        self.wire.send(f"watch {words}".strip().encode() + b"\r\n")
        self.wire.expect(b"OK\r\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wire.close()

    def line(self):
        """The next event, masked; what was skipped before it is added up."""
        text = self.wire.read_line().decode()
        while text.startswith("skipped="):
            lost = re.fullmatch(r"skipped=(\d+)\n", text)
            self.skipped += int(lost[1])
            text = self.wire.read_line().decode()
        parts = HEAD.fullmatch(text)
        if parts is None:
            raise WireError(f"no event: {text!r}")
        gid = int(parts[3])
        if gid <= self.last_gid:
            raise WireError(f"event {gid} comes after {self.last_gid}")
        self.last_gid = gid
        event = parts[4]
        for pattern, mask in MASKED:
            event = pattern.sub(mask, event)
        return event

    def expect(self, *lines):
        for wanted in lines:
            found = self.line()
            if not re.fullmatch(wanted, found):
                raise WireError(f"expected {wanted!r}, read {found!r}")


def exactly(*lines):
    return [re.escape(line) for line in lines]


def ask(wire, text):
    """Sends a line and takes what comes up to END."""
    wire.send(text.encode() + b"\r\n")
    return wire.read_until(b"END\r\n").decode()


def figure(server, name):
    with server.connect() as wire:
        return int(re.search(rf"STAT {name} (\d+)\r\n", ask(wire, "stats"))[1])


def eventually(server, name, wanted):
    """Asks until the figure is what it must become; the connection's patience bounds each question."""
    for _ in range(SLOW_ROUNDS_MAX):
        if figure(server, name) == wanted:
            return
    raise WireError(f"{name} is {figure(server, name)}, not {wanted}")


def exchanges(server):
    with Watcher(server, "fetchers mutations") as watcher, server.connect() as wire:
        for sent, answer, lines in EXCHANGES:
            wire.send(sent.encode() + b"\r\n")
            if answer is None:
                wire.read_line()
            else:
                wire.expect(answer.encode() + b"\r\n")
            watcher.expect(*exactly(*lines))


def many_keys(server):
    """Keys of all cores in one line: each is told once, in whatever order."""
    keys = [f"many{i}" for i in range(40)]
    with Watcher(server, "") as watcher, server.connect() as wire:
        ask(wire, "get " + " ".join(keys))
        lines = sorted(watcher.line() for _ in keys)
        wanted = sorted(f"item_get key={key} status=not_found clsid=0 cfd=N size=0" for key in keys)
        if lines != wanted:
            raise WireError(f"{lines}")


def only_what_was_asked(server):
    with Watcher(server, "mutations") as watcher, server.connect() as wire:
        wire.send(b"get o1\r\nset o1 0 0 1\r\nx\r\nget o1\r\nset o2 0 0 1\r\ny\r\n")
        wire.expect(b"END\r\nSTORED\r\nVALUE o1 0 1\r\nx\r\nEND\r\nSTORED\r\n")
        keys = sorted(re.search("key=(o[12]) ", watcher.line())[1] for _ in range(2))
        if keys != ["o1", "o2"]:
            raise WireError(f"{keys}")


def dead_items(server):
    """memcached may have swept them already, and ringcached too."""
    with Watcher(server, "fetchers") as watcher, server.connect() as wire:
        wire.send(b"set d1 0 -1 1\r\nx\r\nget d1\r\n")
        wire.expect(b"STORED\r\nEND\r\n")
        watcher.expect(*exactly("item_get key=d1 status=not_found clsid=0 cfd=N size=0"))
        watcher.expect("item_get key=d1 status=(expired|not_found) clsid=0 cfd=N size=0")
        wire.send(b"set d2 0 0 1\r\nx\r\nflush_all\r\nget d2\r\n")
        wire.expect(b"STORED\r\nOK\r\nEND\r\n")
        watcher.expect(*exactly("item_get key=d2 status=not_found clsid=0 cfd=N size=0"))
        watcher.expect("item_get key=d2 status=(flushed|not_found) clsid=0 cfd=N size=0")


def too_large(server):
    """1.6.18 shows other numbers than it means, behind cmd=set."""
    with Watcher(server, "fetchers mutations") as watcher, server.connect() as wire:
        wire.send(b"set big 0 0 %d\r\n%s\r\n" % (TOO_LARGE, b"z" * TOO_LARGE))
        wire.expect(b"SERVER_ERROR object too large for cache\r\n")
        watcher.expect(r"item_store key=big status=too_large cmd=set ttl=0 clsid=\S+ cfd=\S+ size=0",
                       *exactly("item_get key=big status=not_found clsid=0 cfd=N size=0"))


def times_to_live(server):
    """What is left, in seconds: a second may pass between the store and the line."""
    with Watcher(server, "mutations") as watcher, server.connect() as wire:
        wire.send(b"set t1 0 100 1\r\nx\r\nms t2 1 T1000\r\ny\r\n")
        wire.expect(b"STORED\r\nHD\r\n")
        lines = sorted(watcher.line() for _ in range(2))
        for line, wanted in zip(lines, ("key=t1 .* ttl=(100|99) ", "key=t2 .* ttl=(1000|999) ")):
            if not re.search(wanted, line):
                raise WireError(line)


def evictions(server):
    value = b"e" * 10_000
    with Watcher(server, "evictions") as watcher, server.connect() as wire:
        for number in range(1500):
            wire.send(b"set ev%d 0 %d %d\r\n%s\r\n" % (number, number % 2 * 1000, len(value), value))
            wire.expect(b"STORED\r\n")
        for _ in range(20):
            watcher.expect(r"eviction key=ev\d*[02468] fetch=no ttl=-1 la=\d+ clsid=N size=10000|"
                           r"eviction key=ev\d*[13579] fetch=no ttl=\d+ la=\d+ clsid=N size=10000")


def connections(server):
    local = server.unix_path is not None
    # 1.6.18 does not always know that word.
    end = "rip=(unix)? rport=0 transport=local" if local else r"rip=127\.0\.0\.1 rport={port} transport=tcp"
    with Watcher(server, "connevents") as watcher:
        for goodbye in (b"quit\r\n", b""):
            with server.connect() as wire:
                spelled = end if local else end.format(port=wire.sock.getsockname()[1])
                wire.send(b"version\r\n")
                wire.read_line()
                watcher.expect(f"conn_new {spelled} cfd=N")
                wire.send(goodbye)
            watcher.expect(f"conn_close {spelled} reason=normal cfd=N")


# What a client does, and why its connection then closes.
GOODBYES = (
    (b"version\r\nquit\r\n", "normal"),
    (packets.request(packets.OPCODES["quit"]), "normal"),
    (b"x" * 5000, "error"),
    (b"foo / HTTP/1.1\r\n", "error"),
    (packets.request(packets.OPCODES["get"], b"k" * 251), "error"),
    (packets.request(packets.OPCODES["noop"]) + b"x" * 24, "error"),
)


def reasons(server):
    with Watcher(server, "connevents") as watcher:
        for said, reason in GOODBYES:
            with server.connect() as wire:
                end = rf"rip=127\.0\.0\.1 rport={wire.sock.getsockname()[1]} transport=tcp"
                wire.send(said)
                watcher.expect(f"conn_new {end} cfd=N", f"conn_close {end} reason={reason} cfd=N")


def idle_reason(server):
    with Watcher(server, "connevents") as watcher, server.connect():
        watcher.expect("conn_new .*", "conn_close rip=127.* reason=idle_timeout cfd=N")


def reset(server):
    """Who it was is told all the same; ringcached tells what the system says as well."""
    with Watcher(server, "connevents") as watcher:
        with server.connect() as wire:
            end = rf"rip=127\.0\.0\.1 rport={wire.sock.getsockname()[1]} transport=tcp"
            wire.send(b"version\r\n")
            wire.read_line()
            wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        watcher.expect(f"conn_new {end} cfd=N")
        if server.kind == "ringcached":
            watcher.expect(r"connerr fd=\d+ msg=Connection reset by peer")
        watcher.expect(f"conn_close {end} reason=error cfd=N")


def other_watchers(server):
    with Watcher(server, "connevents") as watcher:
        with Watcher(server, "evictions") as other:
            end = rf"rip=127\.0\.0\.1 rport={other.wire.sock.getsockname()[1]} transport=tcp"
            watcher.expect(f"conn_new {end} cfd=N")
        watcher.expect(f"conn_close {end} reason=error cfd=N")


def crawler(server):
    """memcached crawls by itself, too; a class is told for each of its queues."""
    with Watcher(server, "sysevents") as watcher, server.connect() as wire:
        wire.send(b"set c1 0 -1 1\r\nx\r\nset c2 0 0 1\r\nx\r\nlru_crawler crawl all\r\n")
        wire.expect(b"STORED\r\nSTORED\r\n")
        wire.read_line()
        watcher.expect(r"lru_crawler crawler=\d+ lru=(hot|warm|cold|temp|all) low_mark=\d+ next_reclaims=\d+ "
                       r"since_run=\d+ next_run=\d+ elapsed=\d+ examined=\d+ reclaimed=\d+")


def sweep_round(server):
    with Watcher(server, "sysevents") as watcher, server.connect() as wire:
        wire.send(b"set c1 0 -1 1\r\nx\r\nset c2 0 0 1\r\nx\r\nlru_crawler crawl all\r\n")
        wire.expect(b"STORED\r\nSTORED\r\nOK\r\n")
        watcher.expect(r"lru_crawler crawler=1 lru=all low_mark=0 next_reclaims=0 since_run=\d+ next_run=0 elapsed=\d+ "
                       r"examined=2 reclaimed=1")


def deletions(server):
    with Watcher(server, "deletions") as watcher, server.connect() as wire:
        wire.send(b"set l1 0 0 3\r\nabc\r\ndelete l1\r\ndelete l1\r\nset l1 0 0 2\r\nab\r\nmd l1\r\n")
        wire.expect(b"STORED\r\nDELETED\r\nNOT_FOUND\r\nSTORED\r\nHD\r\n")
        watcher.expect(*exactly("deleted key=l1 cmd=delete clsid=N size=3", "deleted key=l1 cmd=md clsid=N size=2"))


def words(server):
    """All of them are taken; what is no word, or hides one, is an error."""
    for known in ("rawcmds proxyreqs proxyevents proxyuser", "fetchers mutations evictions connevents sysevents"):
        with Watcher(server, known):
            pass
    with server.connect() as wire:
        for line in ("watch nonsense", "watch fetchers nonsense", "watch fetchersx"):
            wire.send(line.encode() + b"\r\n")
            wire.expect(b"ERROR\r\n")
        wire.send(b"watch nonsense noreply\r\nmn\r\n")
        wire.expect(b"MN\r\n")


def shortened_words(server):
    for short in ("f", "mut", "evic", "d"):
        with Watcher(server, short):
            pass


def not_first(server):
    with server.connect() as wire:
        wire.send(b"get p1\r\nwatch fetchers\r\nget p2\r\n")
        wire.expect(b"END\r\nERROR cannot pipeline other commands before watch\r\nEND\r\n")


def deaf(server):
    """A watcher's own commands are not run."""
    with Watcher(server, "") as watcher, server.connect() as wire:
        watcher.wire.send(b"get deaf1\r\nwatch\r\nset deaf2 0 0 1\r\nx\r\nversion\r\n")
        ask(wire, "get deaf2")
        watcher.expect(*exactly("item_get key=deaf2 status=not_found clsid=0 cfd=N size=0"))


def gone(server):
    eventually(server, "log_watchers", 0)
    with Watcher(server, ""), Watcher(server, "mutations"):
        eventually(server, "log_watchers", 2)
    eventually(server, "log_watchers", 0)
    with server.connect() as wire:
        written = figure(server, "log_worker_written")
        ask(wire, "get nobody")
        if figure(server, "log_worker_written") != written:
            raise WireError("an event was written for nobody")


def one_too_many(server):
    eventually(server, "log_watchers", 0)
    watchers = [Watcher(server, "") for _ in range(WATCHERS_MAX)]
    with server.connect() as wire:
        wire.send(b"watch\r\n")
        wire.expect(b"WATCHER_TOO_MANY log watcher limit reached\r\n")
        ask(wire, "get still")
    for watcher in watchers:
        watcher.expect(*exactly("item_get key=still status=not_found clsid=0 cfd=N size=0"))
        watcher.wire.close()
    eventually(server, "log_watchers", 0)


def slow_connection(server):
    """One whose side takes little."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(server.address)
    return Wire(sock)


def slow_watcher(server):
    """Who does not read misses lines, is told how many, and holds nobody up; what one misses another reads."""
    request = b"".join(b"get slow%d\r\n" % i for i in range(SLOW_GETS))
    with Watcher(server, "", slow_connection(server)) as slow, server.connect() as wire:
        asked = 0
        for _ in range(SLOW_ROUNDS_MAX):
            wire.send(request)
            wire.expect(b"END\r\n" * SLOW_GETS)
            asked += SLOW_GETS
            if figure(server, "log_watcher_skipped") > 0:
                break
        else:
            raise WireError(f"nothing skipped of {asked}")
        read = 0
        while slow.skipped == 0:
            ask(wire, "get more")  # what was lost is told with the next line that has room
            asked += 1
            slow.line()
            read += 1
        if server.kind != "ringcached":
            return
        dropped = figure(server, "log_worker_dropped")
        while read + slow.skipped < asked - dropped:
            slow.line()
            read += 1
        if figure(server, "log_watcher_sent") != read or figure(server, "log_watcher_skipped") != slow.skipped:
            raise WireError(f"{read} lines and {slow.skipped} skipped, which the figures do not say")


def refused(server):
    with server.connect() as wire:
        wire.send(b"watch fetchers\r\n")
        wire.expect(b"CLIENT_ERROR watch commands not allowed\r\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", choices=("ringcached", "memcached"), required=True)
    parser.add_argument("--threads", type=int, default=4)
    chosen = parser.parse_args()
    ours = chosen.server == "ringcached"

    def on(test, args=(), unix=None):
        def run():
            with servers.Server(chosen.server, ["-t", chosen.threads, *args], unix=unix) as server:
                test(server)
        return run

    cases = [
        ("fetchers and mutations read what was asked of a key and what became of it", on(exchanges)),
        ("each key of a long line is told", on(many_keys)),
        ("a watcher reads only what it asked for", on(only_what_was_asked)),
        ("what expired or was flushed is no find", on(dead_items)),
        ("a value that is too large is told", on(too_large)),
        ("mutations tell the seconds that are left", on(times_to_live)),
        ("evictions tell who had to go", on(evictions, ["-m", "8"])),
        ("connevents tell who comes and goes", on(connections)),
        ("connevents on a unix socket", on(connections, unix=True)),
        ("connevents tell why a connection closes", on(reasons)),
        ("connevents tell who was idle", on(idle_reason, ["-o", "idle_timeout=1"])),
        ("connevents tell whom a reset has cut off", on(reset)),
        ("connevents tell of watchers", on(other_watchers)),
        ("sysevents tell of the crawler", on(crawler)),
        ("all words are taken, others refused", on(words)),
        ("a watcher is deaf", on(deaf)),
        ("a watcher that is gone is forgotten", on(gone)),
        ("the twenty-first watcher is refused and goes on as a client", on(one_too_many)),
        ("a slow watcher misses lines and is told how many", on(slow_watcher, ["-o", "watcher_logbuf_size=16"])),
        ("-W refuses watch", on(refused, ["-W"])),
    ]
    if ours:  # what 1.6.45 has beyond 1.6.18, and what only ringcached tells in this way
        cases += [
            ("sysevents tell what a round of the sweep found in a class", on(sweep_round, ["-t", 1])),
            ("deletions tell what was deleted", on(deletions)),
            ("words may be shortened", on(shortened_words)),
            ("watch must come first in a pipeline", on(not_first)),
        ]
    for name, test in cases:
        tap.case(name, test)
    tap.finish()


if __name__ == "__main__":
    main()
