#!/usr/bin/python3
"""Deep pipelines: all is answered, and clients that never read cost neither others nor much memory."""

import threading

from crowd import MIB, Crowd, ask, drop, options, server, set_value, value_reply, wait_until_all_gone, work

import tap

ONE_PACKET = 1000
BIG = MIB
GREEDY_CLIENTS = 2
GREEDY_GETS = 10_000
WORKERS = 8
ROUNDS = 200
RSS_BOUND = 64 * MIB  # for 20,000 replies of 1 MiB that nobody takes; a guess well above what buffers need
SAMPLE_S = 0.01


def main():
    chosen = options(__doc__)
    with server(chosen, "-m", 256, "-I", "2m") as target:
        tap.case(f"{ONE_PACKET} gets in one packet are all answered", lambda: one_packet(target))
        tap.case("10,000 gets in one stream are answered in order", lambda: in_order(target))
        tap.case(f"{GREEDY_CLIENTS} clients that never read {GREEDY_GETS} x 1 MiB leave the others served, "
                 f"and memory within {RSS_BOUND >> 20} MiB", lambda: never_read(target))
    tap.finish()


def one_packet(target):
    with target.connect() as wire:
        set_value(wire, b"k", b"value")
        said = b"get k\r\n" * ONE_PACKET
        if wire.sock.send(said) != len(said):
            raise AssertionError("the kernel did not take all at once")
        wire.expect(value_reply(b"k", b"value") * ONE_PACKET)


def in_order(target):
    with target.connect() as wire:
        said = b"".join(b"set n%d 0 0 5 noreply\r\n%05d\r\nget n%d no-such-key\r\n" % (n % 100, n, n % 100)
                        for n in range(10_000))
        wire.send(said)
        wire.expect(b"".join(value_reply(b"n%d" % (n % 100), b"%05d" % n) for n in range(10_000)))


def never_read(target):
    with target.connect() as wire:
        set_value(wire, b"big", b"x" * BIG)
        ask(wire, b"get big\r\n", value_reply(b"big", b"x" * BIG))
    with Crowd(target, WORKERS, work(ROUNDS)):
        pass  # what the others need is no part of what the greedy ones cost
    before = target.rss_bytes()
    greedy = [Greedy(target) for _ in range(GREEDY_CLIENTS)]
    with PeakRss(target) as peak:
        for client in greedy:
            client.push()
        with Crowd(target, WORKERS, work(ROUNDS)):
            pass
        for client in greedy:
            client.push()
    tap.note(f"RSS before {before >> 10} KiB, at most {peak.bytes >> 10} KiB; requests sent: "
             f"{[client.sent for client in greedy]} of {len(Greedy.SAID)} bytes")
    for client in greedy:
        client.wire.expect(value_reply(b"big", b"x" * BIG) * 3)
        drop(client.wire.sock)
    wait_until_all_gone(target)
    if peak.bytes - before > RSS_BOUND:
        raise AssertionError(f"RSS grew by {(peak.bytes - before) >> 20} MiB")


class Greedy:
    """A client that asks and never reads."""

    SAID = b"get big\r\n" * GREEDY_GETS

    def __init__(self, target):
        self.wire = target.connect()
        self.sent = 0

    def push(self):
        """Sends as much as the kernel takes now."""
        try:
            while self.sent < len(self.SAID):
                self.sent += self.wire.sock.send(self.SAID[self.sent:])
        except BlockingIOError:
            return


class PeakRss:
    """Samples the server's resident size while the block runs."""

    def __init__(self, target):
        self.bytes = 0
        self._target = target
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self.bytes = max(self.bytes, self._target.rss_bytes())

    def _sample(self):
        while not self._stop.wait(SAMPLE_S):
            self.bytes = max(self.bytes, self._target.rss_bytes())


if __name__ == "__main__":
    main()
