#!/usr/bin/python3
"""What well-behaved clients suffer while others abuse the server: ringcached beside Debian's memcached.

Each attack is played against each server, alone, with the same light open load beside it, one after the
other. Prints a Markdown table: that load's p99 before, during and after the attack, and resident sizes.

    RINGCACHED=build/src/ringcached RINGLOAD=build/tools/ringload/ringload bench/abuse.py

The server runs on one core, load and attackers on another, where the load comes first (SCHED_FIFO).
"""

import argparse
import json
import multiprocessing
import os
import random
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from played import LOAD_CORE, MIB, SERVER_CORE, rss, statistics

from pinning import pinned_to
from servers import Server, ServerError

SERVERS = ("ringcached", "memcached")
CONNECTIONS = 10
RATE = 1000
BEFORE_S, DURING_S, AFTER_S = 2, 4, 2
SETTLE_S = 2.0  # of load while the attack sets in, which are not measured
GONE_LIMIT_S = 20
SAMPLE_S = 0.02
MEMORY_MIB = 256
CONNECTIONS_MAX = 8192
LARGE = MIB - 512


def connect(address):
    sock = socket.create_connection(address, 30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.settimeout(None)  # with one, Python waits where MSG_DONTWAIT does not
    return sock


def slow_reader(address):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(30)
    sock.connect(address)
    sock.settimeout(None)
    return sock


def drop(sock):
    """Closes with a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def send_some(sock, data):
    """As much as the kernel takes at once; how much that was."""
    try:
        return sock.send(data, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return 0


def take_all(sock):
    try:
        while sock.recv(1 << 18, socket.MSG_DONTWAIT):
            pass
    except BlockingIOError:
        pass


def is_refused(sock):
    try:
        return sock.recv(100, socket.MSG_DONTWAIT) is not None
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


# Each attack goes on until its process is killed, and counts what it has done in `done`.

def storm(address, done):
    """Connections opened and dropped, 200 at once."""
    while True:
        wave = [connect(address) for _ in range(200)]
        for number, sock in enumerate(wave):
            drop(sock) if number % 2 else sock.close()
        done.value += len(wave)


def at_the_limit(address, done):
    """Twice as many connections as -c allows; whoever is refused comes again."""
    held = [connect(address) for _ in range(1000)]
    while True:
        for at, sock in enumerate(held):
            if is_refused(sock):
                sock.close()
                held[at] = connect(address)
                done.value += 1


def slow_ones(address, done):
    """2,000 writers and 2,000 readers, a byte at a time."""
    with connect(address) as sock:
        sock.sendall(b"set large 0 0 200000\r\n%s\r\n" % (b"x" * 200_000))
        sock.recv(100)
    said = b"set slow 0 0 200\r\n" + b"x" * 200 + b"\r\n"
    writers = [slow_reader(address) for _ in range(2000)]
    readers = [slow_reader(address) for _ in range(2000)]
    for reader in readers:
        reader.sendall(b"get large\r\n" * 10)
    at = 0
    while True:
        for writer, reader in zip(writers, readers):
            writer.send(said[at % len(said):][:1])
            reader.recv(1)
        done.value += len(writers) + len(readers)
        at += 1


def never_read(address, done):
    """50 clients that ask for 1 MiB without end and never read."""
    with connect(address) as sock:
        sock.sendall(b"set large 0 0 %d\r\n%s\r\n" % (LARGE, b"x" * LARGE))
        sock.recv(100)
    clients = [slow_reader(address) for _ in range(50)]
    while True:
        for sock in clients:
            done.value += send_some(sock, b"get large\r\n" * 1000)
        time.sleep(0.001)


def flood(address, done):
    """20 clients that pipeline small gets as fast as they are answered."""
    clients = [connect(address) for _ in range(20)]
    said = b"get flood\r\n" * 2000
    while True:
        for sock in clients:
            done.value += send_some(sock, said) // len(b"get flood\r\n")
            take_all(sock)


def endless_gets(address, done):
    """20 clients, each with one get line that never ends, 64 MB a second in all."""
    clients = [connect(address) for _ in range(20)]
    for sock in clients:
        sock.sendall(b"get ")
    keys = b"no-such-key " * 4000
    began = time.monotonic()
    while True:
        for sock in clients:
            done.value += send_some(sock, keys)
        # memcached keeps the line: without a limit the machine's memory would end before the measurement.
        time.sleep(max(0.0, done.value / 64e6 - (time.monotonic() - began)))


def endless_lines(address, done):
    """20 clients that send a line without end, and come again when they are closed."""
    clients = [connect(address) for _ in range(20)]
    line = b"x" * (1 << 16)
    while True:
        for at, sock in enumerate(clients):
            try:
                done.value += send_some(sock, line)
            except ConnectionError:
                sock.close()
                clients[at] = connect(address)


def full_memory(address, done):
    """4 clients that store values of 10 bytes to 100 KB under new keys."""
    rng = random.Random(1)
    clients = [connect(address) for _ in range(4)]
    rest = [b""] * len(clients)
    filler = b"x" * 100_000
    number = 0
    while True:
        for at, sock in enumerate(clients):
            if not rest[at]:
                size = int(10 ** rng.uniform(1, 5))
                number += 1
                rest[at] = b"set filler-%d 0 0 %d noreply\r\n%s\r\n" % (number, size, filler[:size])
            sent = send_some(sock, rest[at])
            rest[at] = rest[at][sent:]
            done.value += sent
            take_all(sock)


def dying(address, done):
    """Clients that reset the connection in the middle of a value of 1 MiB."""
    value = b"x" * (LARGE * 3 // 4)
    number = 0
    while True:
        sock = connect(address)
        number += 1
        sock.sendall(b"set dying-%d 0 0 %d\r\n" % (number % 1000, LARGE) + value)
        drop(sock)
        done.value += 1


# Name, what attacks, the options of the servers beside -c and -m, and what is counted.
ATTACKS = {
    "storm": (storm, "connections", ()),
    "limit": (at_the_limit, "refused connections", ("-c", 500)),
    "slow": (slow_ones, "bytes", ()),
    "unread": (never_read, "bytes asked", ()),
    "flood": (flood, "gets", ()),
    "get": (endless_gets, "bytes", ()),
    "line": (endless_lines, "bytes", ()),
    "full": (full_memory, "bytes", ()),
    "full-M": (full_memory, "bytes", ("-M",)),
    "dying": (dying, "connections", ()),
}


class Attackers:
    """A process that attacks while the block runs."""

    def __init__(self, act, address):
        self.done = multiprocessing.Value("Q", 0, lock=False)
        self._process = multiprocessing.Process(target=self._run, args=(act, address), daemon=True)

    def __enter__(self):
        self._process.start()
        return self

    def __exit__(self, *_):
        if not self._process.is_alive():
            raise RuntimeError("the attack ended by itself")
        self._process.kill()
        self._process.join()

    def _run(self, act, address):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.nice(19)  # the kernel threads that bring packets to this core come before us, too
        act(address, self.done)


class Peak:
    """The largest resident size of the server while the block runs."""

    def __init__(self, server):
        self.bytes = 0
        self._server = server
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def _sample(self):
        while not self._end.wait(SAMPLE_S):
            self.bytes = max(self.bytes, rss(self._server))


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=sorted(ATTACKS), help="these attacks alone")
    parser.add_argument("--threads", type=int, default=1, help="-t of both servers (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="half a second of each, to see that it works")
    return parser.parse_args()


def before_others():
    """Runs in the child: an attacker's work on this core is no reason for the load to be late."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        os.nice(-10)


def start_load(server, seconds, settle_s, *words):
    address = f"{server.address[0]}:{server.address[1]}"
    command = [os.environ["RINGLOAD"], "--server", address, "--connections", CONNECTIONS, "--rate", RATE, "--poisson",
               "--keys", 1000, "--duration", seconds, "--warmup", settle_s, "--timeout", 10, "--json", "-", "--quiet", *words]
    with pinned_to(LOAD_CORE):
        return subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, preexec_fn=before_others)


def p99_ms(load):
    """Milliseconds at the 99th percentile; None when the load was not served."""
    output, errors = load.communicate(timeout=120)
    if load.returncode != 0:
        print(f"load: exit code {load.returncode}: {errors.strip()}", file=sys.stderr)
        return None
    figures = json.loads(output)
    if figures["wrong"] or figures["timeouts"]:
        print(f"load: {figures['wrong']} wrong, {figures['timeouts']} timeouts", file=sys.stderr)
    return figures["latency_us"]["p99"] / 1000


def wait_until_connected(server, load):
    deadline = time.monotonic() + GONE_LIMIT_S
    while int(statistics(server)["curr_connections"]) <= CONNECTIONS and load.poll() is None:
        if time.monotonic() > deadline:
            raise RuntimeError("the load does not connect")
        time.sleep(0.01)


def wait_until_gone(server):
    """Until the server has noticed that the attackers are gone, or the limit is over (memcached keeps some)."""
    deadline = time.monotonic() + GONE_LIMIT_S
    while time.monotonic() < deadline:
        try:
            if int(statistics(server)["curr_connections"]) <= 2:  # memcached counts its listener
                return
        except (AssertionError, OSError):
            pass  # it has no room for us yet
        time.sleep(0.05)
    print("connections of the attackers are still counted", file=sys.stderr)


def play(chosen, kind, attack):
    """One row of the table, without the attack's name."""
    act, unit, words = ATTACKS[attack]
    before_s, during_s, after_s = (0.5, 0.5, 0.5) if chosen.quick else (BEFORE_S, DURING_S, AFTER_S)
    args = ["-m", MEMORY_MIB, "-t", chosen.threads, "-c", CONNECTIONS_MAX, *words]
    with pinned_to(SERVER_CORE):
        server = Server(kind, args, time_limit_s=120).start()
    with server:
        p99 = [p99_ms(start_load(server, before_s, 0.5, "--populate"))]
        sizes = [rss(server)]
        load = start_load(server, during_s, SETTLE_S, "--no-populate")
        wait_until_connected(server, load)
        with pinned_to(LOAD_CORE), Attackers(act, server.address) as attackers, Peak(server) as peak:
            began = time.monotonic()
            p99.append(p99_ms(load))
            each_second = attackers.done.value / (time.monotonic() - began)
        sizes.append(peak.bytes)
        wait_until_gone(server)
        p99.append(p99_ms(start_load(server, after_s, 0.5, "--no-populate")))
        sizes.append(rss(server))
    return p99, sizes, f"{scaled(each_second)} {unit}/s"


def scaled(number):
    for factor, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            return f"{number / factor:.3g} {letter}"
    return f"{number:.3g}"


def main():
    chosen = options()
    if not os.access(os.environ.get("RINGLOAD", ""), os.X_OK):
        sys.exit("set RINGLOAD to the ringload executable")
    wanted = 2 * CONNECTIONS_MAX
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    began, failed = time.monotonic(), 0
    print("| attack | server | p99 before, ms | during | after | RSS before, MiB | most during | after | the attackers did |\n"
          + "|---" * 9 + "|")
    for attack in chosen.only or ATTACKS:
        for kind in SERVERS:
            try:
                p99, sizes, did = play(chosen, kind, attack)
            except (RuntimeError, ServerError) as error:
                print(f"{attack}, {kind}: {error}", file=sys.stderr)
                failed += 1
                continue
            told = ["not served" if value is None else f"{value:.2f}" for value in p99]
            told += [f"{size / MIB:.0f}" for size in sizes]
            what = ATTACKS[attack][0].__doc__.rstrip(".").replace("-c allows", "`-c` allows")
            flags = f" (`{ATTACKS[attack][2][0]}`)" if ATTACKS[attack][2] == ("-M",) else ""
            print(f"| {what}{flags} | {kind} | {' | '.join(told)} | {did} |", flush=True)
    print(f"\n{time.monotonic() - began:.0f} s", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
