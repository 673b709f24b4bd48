"""Requests in datagrams, and replies put together from them: `run.py ringcached|memcached`.

A datagram may be lost, even on loopback: requests that may be repeated are, with a new id, and nobody
waits for silence. That a datagram has no reply is seen by a later one on the same socket that has.
"""

import os
import pathlib
import random
import socket
import struct
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import packets  # noqa: E402
import servers  # noqa: E402
import tap  # noqa: E402

FRAME = struct.Struct(">HHHH")
DATAGRAM_MAX = 1400
ATTEMPTS = 20
PATIENCE_S = 5.0
SERVER_LIMIT_S = 120
LARGE = bytes(range(32, 127)) * 700  # 66,500 bytes: 48 datagrams


class Client:
    """A client of one socket, known to the server by its address."""

    def __init__(self, port, host="127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.connect((host, port))
        self._id = random.randrange(0x10000)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def say(self, request, sequence=0, count=1, reserved=0):
        """Sends one request; returns its id."""
        self._id = (self._id + 1) % 0x10000
        self.say_raw(FRAME.pack(self._id, sequence, count, reserved) + request)
        return self._id

    def say_raw(self, datagram):
        self._socket.send(datagram)

    def reply(self, number, size):
        """The reply to the request `number`, of `size` bytes in all; None: it did not come whole.

        memcached frames every value of a get line by itself, and so every reply of a pipeline: several
        messages of one id, which only their order tells apart. ringcached makes one message of them.
        """
        messages = [{}]
        deadline = time.monotonic() + PATIENCE_S
        while sum(len(part) for parts in messages for part in parts.values()) < size:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                datagram = self._socket.recv(0x10000)
            except TimeoutError:
                return None
            check(len(datagram) <= DATAGRAM_MAX, "a datagram of at most 1400 bytes", len(datagram))
            got, sequence, count, reserved = FRAME.unpack(datagram[:FRAME.size])
            if got != number:
                continue  # of a request that was given up
            check(sequence < count and reserved == 0, "a frame", (sequence, count, reserved))
            if sequence in messages[-1]:
                messages.append({})
            messages[-1][sequence] = datagram[FRAME.size:]
            whole = sum(len(part) for part in messages[-1].values())
            check(count <= whole // (DATAGRAM_MAX - FRAME.size) + 1 or len(messages[-1]) < count,
                  "as many datagrams as needed", (count, whole))
        return b"".join(parts[key] for parts in messages for key in sorted(parts))

    def ask(self, request, wanted):
        """Sends what may be sent twice until its reply comes, which must be this one."""
        for _ in range(ATTEMPTS):
            reply = self.reply(self.say(request), len(wanted))
            if reply is not None:
                check(reply == wanted, wanted[:200], reply[:200])
                return
        raise AssertionError(f"no reply to {request[:60]!r} in {ATTEMPTS} attempts")

    def first(self):
        """The next datagram, whatever it answers: its id and its bytes."""
        self._socket.settimeout(PATIENCE_S)
        datagram = self._socket.recv(0x10000)
        return FRAME.unpack(datagram[:FRAME.size])[0], datagram[FRAME.size:]


def check(holds, wanted, found):
    if not holds:
        raise AssertionError(f"wanted {wanted!r}, found {found!r}")


def set_line(key, value):
    return b"set %s 0 0 %d\r\n%s\r\n" % (key, len(value), value)


def value_of(key, value):
    return b"VALUE %s 0 %d\r\n%s\r\n" % (key, len(value), value)


def gets_and_sets(server):
    with Client(server.udp_port) as client:
        for i in range(40):
            key, value = b"key%d" % i, b"v" * random.randrange(1200)
            client.ask(set_line(key, value), b"STORED\r\n")
            client.ask(b"get " + key + b"\r\n", value_of(key, value) + b"END\r\n")
        client.ask(b"get nothing\r\n", b"END\r\n")
        client.ask(b"touch nothing 0\r\n", b"NOT_FOUND\r\n")
        client.ask(b"nonsense\r\n", b"ERROR\r\n")


def many_clients(server):
    clients = [Client(server.udp_port) for _ in range(30)]
    try:
        for number, client in enumerate(clients):
            client.ask(set_line(b"of%d" % number, b"x" * number), b"STORED\r\n")
        for number, client in enumerate(clients):
            client.ask(b"get of%d\r\n" % number, value_of(b"of%d" % number, b"x" * number) + b"END\r\n")
    finally:
        for client in clients:
            client._socket.close()


def several_datagrams(server):
    with server.connect() as wire:
        wire.send(set_line(b"large", LARGE))
        wire.expect(b"STORED\r\n")
    with Client(server.udp_port) as client:
        for size in (1, 1391 - 26, 1392 - 26, 1393 - 26, 2 * 1392 - 26, 10_000):
            with server.connect() as wire:
                wire.send(set_line(b"edge", LARGE[:size]))
                wire.expect(b"STORED\r\n")
            client.ask(b"get edge\r\n", value_of(b"edge", LARGE[:size]) + b"END\r\n")
        client.ask(b"get large\r\n", value_of(b"large", LARGE) + b"END\r\n")


def a_large_request(server):
    with Client(server.udp_port) as client:
        value = LARGE[:15_000]
        client.ask(set_line(b"sent", value), b"STORED\r\n")
        client.ask(b"get sent\r\n", value_of(b"sent", value) + b"END\r\n")


def many_keys(server):
    with Client(server.udp_port) as client:
        values = {b"m%d" % i: b"%d" % i * 30 for i in range(30)}
        for key, value in values.items():
            client.ask(set_line(key, value), b"STORED\r\n")
        client.ask(b"get " + b" ".join(values) + b" nothing\r\n",
                   b"".join(value_of(key, value) for key, value in values.items()) + b"END\r\n")


def meta(server):
    with Client(server.udp_port) as client:
        client.ask(b"ms meta 3 T0\r\nabc\r\n", b"HD\r\n")
        client.ask(b"mg meta v t k\r\n", b"VA 3 t-1 kmeta\r\nabc\r\n")
        client.ask(b"mg nothing v\r\n", b"EN\r\n")


def binary(server):
    with Client(server.udp_port) as client:
        codes = packets.OPCODES
        client.ask(packets.request(codes["noop"]), packets.reply_bytes(packets.Reply(codes["noop"])))
        client.ask(packets.request(codes["get"], b"absent"),
                   packets.reply_bytes(packets.Reply(codes["get"], 1, value=b"Not found")))
        client.ask(packets.request(0x70), packets.reply_bytes(packets.Reply(0x70, 0x81, value=b"Unknown command")))
        client.ask(packets.request(codes["delete"], b"absent"),
                   packets.reply_bytes(packets.Reply(codes["delete"], 1, value=b"Not found")))
        # The next datagram of the same client speaks text again.
        client.ask(b"mn\r\n", b"MN\r\n")


def unanswered(server):
    """What has no reply; the datagrams of one client go to one socket, whose order they keep."""
    silent = [b"", b"x", b"1234567", FRAME.pack(1, 0, 1, 0), FRAME.pack(1, 0, 0, 0) + b"mn\r\n",
              FRAME.pack(1, 3, 7, 0) + b"mn\r\n", FRAME.pack(1, 0, 1, 0) + b"mn",
              FRAME.pack(1, 0, 1, 0) + b"set silent 0 0 1 noreply\r\nx\r\n"]
    if server.kind == "ringcached":  # memcached takes the next datagram for the value, and answers quit
        silent += [FRAME.pack(1, 0, 1, 0) + b"set silent 0 0 10\r\nabc", FRAME.pack(1, 0, 1, 0) + b"quit\r\n"]
    with Client(server.udp_port) as client:
        client._id = 1000
        for datagram in silent:
            client.say_raw(datagram)
            number = client.say(b"mn\r\n")
            check(client.first() == (number, b"MN\r\n"), "the reply to what came after", datagram[:40])


def in_several_datagrams(server):
    """A request in several datagrams is refused once. (memcached means to, and says nothing.)"""
    with Client(server.udp_port) as client:
        refused = client.say(b"get a\r\n", count=3)
        client.say(b"get b\r\n", sequence=1, count=3)
        after = client.say(b"mn\r\n")
        if server.kind == "ringcached":
            check(client.first() == (refused, b"SERVER_ERROR multi-packet request not supported\r\n"), "a refusal", "")
        check(client.first() == (after, b"MN\r\n"), "the reply to what came after", "")


def random_bytes(server):
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    tap.note(f"SEED={seed}")
    draw = random.Random(seed)
    with Client(server.udp_port) as client:
        for _ in range(300):
            size = draw.randrange(60)
            frame = FRAME.pack(draw.randrange(0x10000), 0, 1, 0) if draw.random() < 0.8 else b""
            first = b"\x80" if draw.random() < 0.3 else b""
            client.say_raw(frame + first + draw.randbytes(size))
    with Client(server.udp_port) as client:
        client.ask(b"mn\r\n", b"MN\r\n")


def nothing_to_watch(server):
    """A watcher is told for as long as its connection lasts, and a datagram has none."""
    with Client(server.udp_port) as client:
        client.ask(b"watch\r\n", b"CLIENT_ERROR watch commands not allowed\r\n")
        client.ask(b"mn\r\n", b"MN\r\n")


def figures(server):
    with server.connect() as wire:
        wire.send(b"stats settings\r\n")
        lines = wire.read_until(b"END\r\n")
        check(b"STAT udpport %d\r\n" % server.udp_port in lines, "udpport", lines)
        wire.send(b"stats conns\r\n")
        lines = wire.read_until(b"END\r\n")
        threads = int(server.args[server.args.index("-t") + 1])
        check(lines.count(b":UDP UDP\r\n") == threads, f"{threads} sockets", lines)
        check(lines.count(b"addr udp:127.0.0.1:%d\r\n" % server.udp_port) == threads, "their addresses", lines)


def on_ipv6(kind):
    with servers.Server(kind, ["-t", 2, "-l", "::1", "-U", -1], time_limit_s=SERVER_LIMIT_S) as server:
        with server.connect() as wire:
            wire.send(b"stats conns\r\n")
            lines = wire.read_until(b"END\r\n").decode()
        ports = {line.rpartition(":")[2] for line in lines.splitlines() if "addr udp6:[::1]:" in line}
        check(len(ports) == 1, "one port", lines)
        with Client(int(ports.pop()), "::1") as client:
            client.ask(b"mn\r\n", b"MN\r\n")


def taken_port(kind):
    """A port that another has is refused, whether or not the other would share it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        command = [servers.binary(kind), "-p", "0", "-l", "127.0.0.1", "-U", str(other.getsockname()[1])]
        command += ["-u", "root"] if os.geteuid() == 0 else []
        done = subprocess.run(command + servers.io_args(kind), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=SERVER_LIMIT_S, check=False)
        check("failed to listen on UDP port" in done.stderr, "memcached's words", done.stderr)
        check(done.returncode == os.EX_OSERR, os.EX_OSERR, done.returncode)


TESTS = (
    ("gets and sets", gets_and_sets),
    ("many clients", many_clients),
    ("values in several datagrams, at every edge", several_datagrams),
    ("a request as large as a buffer", a_large_request),
    ("many keys", many_keys),
    ("meta commands", meta),
    ("binary", binary),
    ("what has no reply", unanswered),
    ("a request in several datagrams", in_several_datagrams),
    ("random bytes do no harm", random_bytes),
    ("statistics", figures),
)


def main():
    kind = sys.argv[1]
    for threads in (1, 4):
        port = servers.free_port()
        with servers.Server(kind, ["-t", threads, "-U", port], time_limit_s=SERVER_LIMIT_S) as server:
            server.udp_port = port
            for name, test in TESTS:
                tap.case(f"{name}, {threads} threads", lambda test=test: test(server))
    if kind == "ringcached":
        with servers.Server(kind, ["-t", 2, "-U", servers.free_port()], time_limit_s=SERVER_LIMIT_S) as server:
            server.udp_port = int(server.args[-1])
            tap.case("watch is refused", lambda: nothing_to_watch(server))
        tap.case("IPv6, on a port that the kernel chooses", lambda: on_ipv6(kind))
        tap.case("a port that is taken", lambda: taken_port(kind))
    tap.finish()


if __name__ == "__main__":
    main()
