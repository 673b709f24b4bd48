"""A tiny cache server that errs as it is told to."""

import socket
import threading

PATIENCE_S = 60


class Fake:
    """Speaks `set` and `get` on a port of its own: `with Fake(alter) as fake: ...`

    `alter(reply, fake)` is given every reply before it is sent, and returns what is sent instead:
    bytes, a list of bytes that are sent one by one, or None to close the connection. `seen` is what
    came in, on all connections; `clients` are their sockets, in the order in which they came.
    """

    def __init__(self, alter=lambda reply, fake: reply):
        self.alter = alter
        self.seen = bytearray()
        self.replies = 0
        self._values = {}
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listener.settimeout(PATIENCE_S)
        self.clients = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self.port = self._listener.getsockname()[1]
        self.unix_path = None

    def __enter__(self):
        self._acceptor.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)  # who waits in accept() would keep it open
        self._acceptor.join(PATIENCE_S)
        self._listener.close()
        for client in self.clients:
            client.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.settimeout(PATIENCE_S)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.clients.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            with client, client.makefile("rb") as stream:
                while line := stream.readline():
                    with self._lock:
                        reply = self.alter(self._run(line, stream), self)
                        self.replies += 1
                    if reply is None:
                        client.shutdown(socket.SHUT_RDWR)
                        return
                    for piece in [reply] if isinstance(reply, bytes) else reply:
                        client.sendall(piece)
        except OSError:
            return  # the other side has had enough

    def _run(self, line, stream):
        self.seen += line
        words = line.split()
        if words[0] == b"set":
            data = stream.read(int(words[4]) + 2)
            self.seen += data
            self._values[words[1]] = data[:-2]
            return b"STORED\r\n"
        found = [(key, self._values[key]) for key in words[1:] if key in self._values]
        return b"".join(value_reply(key, value) for key, value in found) + b"END\r\n"


def value_reply(key, value):
    return b"VALUE %s 0 %d\r\n%s\r\n" % (key, len(value), value)
