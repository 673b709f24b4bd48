"""Which sockets listen on a TCP port: asked of the kernel (sock_diag(7)) or, where it does not answer
such questions, read from /proc/net/tcp, which walks through all connections for it, for milliseconds.
"""

import os
import socket
import struct

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
REQUEST_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
ANSWER_ERROR, ANSWER_DONE = 2, 3
STATES = 1 << 10  # TCP_LISTEN alone
HEAD = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
QUERY = struct.Struct("=BBBxI2s2x44x")  # inet_diag_req_v2: family, protocol, extensions, states; port
INODE_AT = 68  # in inet_diag_msg
ANSWER_BYTES = 1 << 16
LIMIT_S = 10
TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
LISTENING = "0A"  # in them


def inodes(port):
    """Inodes, as text, of the sockets that listen on the port, over IPv4 and IPv6."""
    try:
        return _asked(port)
    except OSError:
        return _read(port)


def _asked(port):
    found = set()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(LIMIT_S)
        for family in (socket.AF_INET, socket.AF_INET6):
            query = QUERY.pack(family, socket.IPPROTO_TCP, 0, STATES, struct.pack(">H", port))
            kernel.send(HEAD.pack(HEAD.size + len(query), SOCK_DIAG_BY_FAMILY, REQUEST_DUMP, 0, 0) + query)
            for message in _answer(kernel):
                found.add(str(struct.unpack_from("=I", message, INODE_AT)[0]))
    return found


def _answer(kernel):
    """The messages up to the one that says that these were all."""
    while True:
        heard, at = kernel.recv(ANSWER_BYTES), 0
        while at < len(heard):
            length, kind, *_ = HEAD.unpack_from(heard, at)
            if kind == ANSWER_DONE:
                return
            if kind == ANSWER_ERROR:
                raise OSError(-struct.unpack_from("=i", heard, at + HEAD.size)[0], "sock_diag")
            yield heard[at + HEAD.size:at + length]
            at += (length + 3) & ~3


def _read(port):
    found = set()
    for name in filter(os.path.exists, TABLES):
        with open(name) as table:
            for row in table.read().splitlines()[1:]:
                words = row.split()
                if words[3] == LISTENING and int(words[1].rpartition(":")[2], 16) == port:
                    found.add(words[9])
    return found
