#!/usr/bin/python3
"""A reader that stops in the middle of a reply gets the old bytes, whatever happens to the key meanwhile."""

import array
import fcntl
import random
import socket
import termios

from crowd import ask, options, server, set_value, value_reply, wait_until
from wire import Wire

import tap

SEED = 4711
SIZE = 512 << 10
READ_FIRST = 1000
SMALL_BUFFER = 4096
SMALL_SEGMENT = 536
MEMORY_MIB = 64


def main():
    chosen = options(__doc__)
    tap.note(f"seed {SEED}")
    for unix in (None, True):
        with server(chosen, "-m", MEMORY_MIB, unix=unix) as target:
            for name, act in ACTS:
                where = "over a unix socket" if unix else "over TCP"
                tap.case(f"a stalled reader {where} gets the old bytes though the key is {name}",
                         lambda: old_bytes(target, act))
    tap.finish()


def old_bytes(target, act):
    rng = random.Random(SEED)
    old = rng.randbytes(SIZE)
    with target.connect() as other:
        set_value(other, b"key", old)
        reader = slow_reader(target)
        expected = value_reply(b"key", old)
        reader.sock.send(b"get key\r\n")
        taken = take(reader.sock, READ_FIRST)
        wait_until_stalled(target, reader.sock)
        act(other, rng)
        handed = len(taken) + in_kernel(target, reader.sock)
        if handed >= SIZE:
            raise AssertionError(f"the kernel held {handed} bytes: the server had nothing left to keep")
        if taken != expected[:READ_FIRST]:
            raise AssertionError("the beginning differs")
        reader.expect(expected[READ_FIRST:])
        ask(reader, b"get no-such-key\r\n", b"END\r\n")
        reader.close()


def slow_reader(target):
    """A connection whose kernel buffers hold much less than the reply."""
    family = socket.AF_UNIX if target.unix_path else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    if family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SMALL_SEGMENT)
    sock.connect(target.address)
    return Wire(sock)


def take(sock, count):
    """Exactly the next bytes, and no more."""
    sock.settimeout(60)
    taken = b""
    while len(taken) < count:
        piece = sock.recv(count - len(taken))
        if not piece:
            raise AssertionError("the server closed")
        taken += piece
    sock.setblocking(False)
    return taken


def wait_until_stalled(target, sock):
    """Until the kernel takes no more of the reply."""
    history = []

    def unchanged():
        history.append(in_kernel(target, sock))
        return len(history) > 10 and len(set(history[-10:])) == 1 and history[-1] > 0

    wait_until(unchanged, "the reply stalled")


def in_kernel(target, sock):
    """Bytes of the reply that the server has given away and that the reader has not taken."""
    count = array.array("i", [0])
    fcntl.ioctl(sock.fileno(), termios.FIONREAD, count)
    if target.unix_path:
        return count[0]
    return count[0] + unsent(target.port, sock.getsockname()[1])


def unsent(server_port, client_port):
    """Bytes in the send queue of the server's side of this connection."""
    with open("/proc/net/tcp") as table:
        for row in table.read().splitlines()[1:]:
            words = row.split()
            ports = [int(end.rpartition(":")[2], 16) for end in words[1:3]]
            if ports == [server_port, client_port]:
                return int(words[4].partition(":")[0], 16)
    raise AssertionError("the server's side of the connection is gone")


def replace_and_delete(other, rng):
    set_value(other, b"key", rng.randbytes(SIZE))
    ask(other, b"delete key\r\nget key\r\n", b"DELETED\r\nEND\r\n")


def replace_often(other, rng):
    for _ in range(20):
        set_value(other, b"key", rng.randbytes(SIZE))


def append_and_prepend(other, rng):
    for verb in (b"append", b"prepend"):
        ask(other, b"%s key 0 0 1000\r\n%s\r\n" % (verb, rng.randbytes(1000)), b"STORED\r\n")


def flush(other, rng):
    ask(other, b"flush_all\r\nget key\r\n", b"OK\r\nEND\r\n")
    replace_often(other, rng)


def evict(other, rng):
    """Twice the memory in other keys."""
    for number in range(4 * MEMORY_MIB):
        set_value(other, b"filler-%d" % number, rng.randbytes(SIZE))


ACTS = [
    ("replaced and deleted", replace_and_delete),
    ("replaced twenty times", replace_often),
    ("appended to", append_and_prepend),
    ("flushed", flush),
    ("pushed out by others", evict),
]

if __name__ == "__main__":
    main()
