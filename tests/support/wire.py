"""One client connection as raw bytes: send exactly this, expect exactly that."""

import select
import socket
import time

PATIENCE_S = 60.0  # a passing test never waits this long, even with a sanitizer
SHOWN_BYTES = 400


class WireError(AssertionError):
    """What came back is not what was expected; the message shows both."""


def shown(data):
    """Bytes for a message: the ends of what is too long to print."""
    data = bytes(data)
    if len(data) <= SHOWN_BYTES:
        return repr(data)
    half = SHOWN_BYTES // 2
    return f"{data[:half]!r} ... {data[-half:]!r} ({len(data)} bytes)"


class Wire:
    """A connection. Replies are collected while sending, so that neither side can block the other.

    A peer that closes while we send is no error here: whoever expects bytes afterwards fails.
    """

    def __init__(self, sock, patience_s=PATIENCE_S):
        self.sock = sock
        self.patience_s = patience_s
        self.was_reset = False  # the peer has closed, and not all that we had sent was read
        self.sock.setblocking(False)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        self._ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        """Sends all of `data`, however long, taking in replies meanwhile."""
        rest = memoryview(bytes(data))
        deadline = time.monotonic() + self.patience_s
        while rest:
            try:
                rest = rest[self.sock.send(rest):]
            except BlockingIOError:
                if self._wait(deadline, to_write=True)[0]:
                    self._take()
            except (BrokenPipeError, ConnectionResetError):
                self.was_reset = True
                return

    def send_fragmented(self, data, sizes):
        """Sends `data` in pieces; `sizes`, a number or numbers in turn, says how long they are."""
        sizes = [sizes] if isinstance(sizes, int) else list(sizes)
        at = turn = 0
        while at < len(data):
            size = sizes[turn % len(sizes)]
            self.send(data[at:at + size])
            at += size
            turn += 1

    def shutdown_write(self):
        """Tells the server that nothing more will come."""
        self.sock.shutdown(socket.SHUT_WR)

    def expect(self, expected):
        """Takes exactly these bytes, or fails at the first one that differs."""
        expected = bytes(expected)
        deadline = time.monotonic() + self.patience_s
        while self._agrees(expected):
            if len(self._received) >= len(expected):
                del self._received[:len(expected)]
                return
            if not self._fill(False, deadline):
                break
        raise WireError(self._difference(expected))

    def read_exactly(self, count):
        """The next `count` bytes."""
        deadline = time.monotonic() + self.patience_s
        while self._fill(len(self._received) >= count, deadline):
            if len(self._received) >= count:
                return self._cut(count)
        raise WireError(f"wanted {count} bytes, {self._state()}")

    def read_line(self):
        """The next line with its end (LF, or CR LF)."""
        deadline = time.monotonic() + self.patience_s
        searched = 0
        while True:
            at = self._received.find(b"\n", searched)
            if at >= 0:
                return self._cut(at + 1)
            searched = len(self._received)
            if not self._fill(False, deadline):
                raise WireError(f"wanted a line, {self._state()}")

    def read_until(self, end):
        """All bytes up to `end`, and `end` itself."""
        deadline = time.monotonic() + self.patience_s
        searched = 0
        while True:
            at = self._received.find(end, searched)
            if at >= 0:
                return self._cut(at + len(end))
            searched = max(0, len(self._received) - len(end) + 1)
            if not self._fill(False, deadline):
                raise WireError(f"wanted bytes up to {end!r}, {self._state()}")

    def read_until_closed(self):
        """All bytes until the server closes the connection."""
        deadline = time.monotonic() + self.patience_s
        while not self._ended:
            if not self._fill(False, deadline) and not self._ended:
                raise WireError(f"wanted the connection closed, {self._state()}")
        return self._cut(len(self._received))

    def at_eof(self):
        """Waits for bytes or for the end; True when the server has closed and nothing is left."""
        deadline = time.monotonic() + self.patience_s
        if not self._received and not self._fill(False, deadline) and not self._ended:
            raise WireError(f"wanted the connection closed, {self._state()}")
        return self._ended and not self._received

    def pending(self):
        """What has arrived and was not taken yet (does not wait)."""
        if not self._ended and self._wait(0, to_write=False)[0]:
            self._take()
        return bytes(self._received)

    def _agrees(self, expected):
        common = min(len(expected), len(self._received))
        return self._received[:common] == expected[:common]

    def _cut(self, count):
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    def _fill(self, enough, deadline):
        """Takes in more bytes unless there are enough; False when no more can come in time."""
        if enough:
            return True
        if self._ended or not self._wait(deadline, to_write=False)[0]:
            return False
        before = len(self._received)
        self._take()
        return len(self._received) > before or not self._ended

    def _wait(self, deadline, to_write):
        """Whether it is readable and whether it is writable; poll(2) minds no number of descriptors."""
        left = max(0.0, deadline - time.monotonic())
        poll = select.poll()
        poll.register(self.sock, (0 if self._ended else select.POLLIN) | (select.POLLOUT if to_write else 0))
        events = sum(event for _, event in poll.poll(left * 1000))
        if to_write and not events:
            raise WireError(f"the server takes no bytes, {self._state()}")
        ended = select.POLLHUP | select.POLLERR
        return not self._ended and bool(events & (select.POLLIN | ended)), bool(events & (select.POLLOUT | ended))

    def _take(self):
        try:
            data = self.sock.recv(1 << 18)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
            self.was_reset = True
        if data:
            self._received += data
        else:
            self._ended = True

    def _state(self):
        how = "the server closed" if self._ended else f"nothing more came in {self.patience_s} s"
        return f"but {how} after {shown(self._received)}"

    def _difference(self, expected):
        if self._agrees(expected):
            return f"expected {shown(expected)}, {self._state()}"
        at = next(i for i, byte in enumerate(expected) if self._received[i] != byte)
        return (f"expected {shown(expected)}\n"
                f"received {shown(self._received)}\n(they part at byte {at})")
