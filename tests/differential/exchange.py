"""Sends the batches of many connections at once, in random fragments, and collects the replies."""

import random
import select
import time

SILENCE_LIMIT_S = 60.0  # no byte in either direction for so long: a reply is missing
RECEIVE_BYTES = 1 << 18


class Link:
    """One connection to one server while it plays one batch."""

    def __init__(self, wire):
        self.sock = wire.sock
        self.reply = bytearray()
        self.closed = False
        self._end = None
        self._fragments = iter(())
        self._rest = b""

    def begin(self, data, end, plan_seed):
        """Plays `data`; the batch is over once the replies end with `end` (None: once the server closes)."""
        self.reply = bytearray()
        self._end = end
        self._fragments = _fragments(memoryview(data), random.Random(plan_seed))
        self._rest = next(self._fragments, b"")

    def events(self):
        return select.POLLIN | (select.POLLOUT if self._rest else 0)

    def done(self):
        if self._end is None:
            return self.closed
        return self.closed or (not self._rest and self.reply.endswith(self._end))

    def write(self):
        """Sends one fragment."""
        try:
            self._rest = self._rest[self.sock.send(self._rest):]
        except BlockingIOError:
            return
        except (BrokenPipeError, ConnectionResetError):
            self._rest = b""
            return
        if not self._rest:
            self._rest = next(self._fragments, b"")

    def read(self):
        try:
            data = self.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        self.reply += data
        self.closed = not data


def exchange(links):
    """Runs until every link is done; False when some server went silent before that."""
    by_fd = {link.sock.fileno(): link for link in links}
    poll = select.poll()
    for fd, link in by_fd.items():
        poll.register(fd, link.events())
    last_progress = time.monotonic()
    while by_fd:
        ready = poll.poll(1000)
        if ready:
            last_progress = time.monotonic()
        elif time.monotonic() - last_progress > SILENCE_LIMIT_S:
            return False
        for fd, happened in ready:
            _step(poll, by_fd, fd, happened)
    return True


def _step(poll, by_fd, fd, happened):
    link = by_fd[fd]
    if happened & ~select.POLLOUT:
        link.read()
    if happened & select.POLLOUT and not link.closed:
        link.write()
    if link.done():
        poll.unregister(fd)
        del by_fd[fd]
    else:
        poll.modify(fd, link.events())


def _fragments(data, rng):
    """Cuts the data: whole, at a few places, into packets, or (its beginning) into crumbs."""
    manner = rng.random()
    if manner < 0.4:
        sizes = iter(lambda: len(data) or 1, None)
    elif manner < 0.7:
        sizes = iter(lambda: rng.randint(1, 1 << rng.randint(1, 17)), None)
    elif manner < 0.9:
        sizes = iter(lambda: rng.randint(1, 20_000), None)
    else:
        sizes = _crumbs(rng)
    at = 0
    for size in sizes:
        if at >= len(data):
            return
        yield data[at:at + size]
        at += size


def _crumbs(rng):
    """A few hundred tiny pieces, then the rest in packets."""
    for _ in range(300):
        yield rng.randint(1, 10)
    while True:
        yield rng.randint(1000, 60_000)
