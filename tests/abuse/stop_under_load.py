#!/usr/bin/python3
"""SIGTERM under load: what was taken is answered, whole and in order, and the exit code is 0."""

import random
import signal
import socket
import threading
import time

from crowd import CONDITION_LIMIT_S, TIME_LIMIT_S, options, server

import tap
from wire import WireError

SEED = 99
CLIENTS = 8
BATCH = 50
PACKET = 30           # sets and gets of one packet: less than 2 KiB
BATCHES_BEFORE = 20   # that each client has had answered when the signal is sent
VALUE_MOST = 30_000
STOPS = 5
GONE_AFTER_S = 10     # how long stopping may take


def main():
    chosen = options(__doc__)
    tap.note(f"seed {SEED}")
    for number, name in ((signal.SIGTERM, "SIGTERM"), (signal.SIGINT, "SIGINT")):
        tap.case(f"{name} under load: whole replies and exit code 0, {STOPS} times",
                 lambda: stops(chosen, number, Client))
    tap.case(f"SIGTERM under load: whoever is not answered whole was not read, {STOPS} times",
             lambda: stops(chosen, signal.SIGTERM, PacketClient))
    tap.finish()


def stops(chosen, number, kind):
    for turn in range(STOPS):
        with server(chosen, "-m", 256) as target:
            clients = [kind(target, f"{SEED} {turn} {client}", client) for client in range(CLIENTS)]
            try:
                for client in clients:
                    client.wait_for_batches(BATCHES_BEFORE)
                began = time.monotonic()
                target.send_signal(number)
                code = target.wait_exit()
                took = time.monotonic() - began
            finally:
                target.kill()  # does nothing after a stop; else the clients would go on for ever
                for client in clients:
                    client.join()
            if code != 0 or took > GONE_AFTER_S:
                raise AssertionError(f"exit code {code} after {took:.1f} s: {target.log()}")
            for client in clients:
                client.check_end()
            errors = [client.error for client in clients if client.error]
            if errors:
                raise errors[0]
        tap.note(f"stop {turn}: {sum(client.batches for client in clients)} batches answered, gone after "
                 f"{took:.2f} s; of the last ones {[client.answered_last for client in clients]} replies")


class Client:
    """Sends a batch whenever the one before is answered, until the server is gone."""

    def __init__(self, target, seed, number):
        self.batches = 0
        self.asked_last = 0
        self.answered_last = 0  # replies of the batch that the end cut short
        self.error = None
        self._rng = random.Random(seed)
        self._number = number
        self._wire = target.connect()
        self._progress = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait_for_batches(self, count):
        with self._progress:
            self._progress.wait_for(lambda: self.batches >= count or self.error, CONDITION_LIMIT_S)
        if self.error or self.batches < count:
            raise self.error or AssertionError(f"only {self.batches} batches were answered in time")

    def join(self):
        self._thread.join(TIME_LIMIT_S)

    def check_end(self):
        """What holds of a client when the server is gone."""
        self._wire.close()

    def _run(self):
        try:
            while self._batch():
                with self._progress:
                    self.batches += 1
                    self._progress.notify()
        except BaseException as error:
            with self._progress:
                self.error = error
                self._progress.notify()

    def _batch(self):
        """One batch; False when the server has closed, after as many whole replies as there were."""
        said, replies = self._draw()
        self._wire.send(said)
        self.asked_last = len(replies)
        self.answered_last = 0
        for reply in replies:
            if self._wire.at_eof():
                return False
            self._expect_whole(reply)
            self.answered_last += 1
        return True

    def _expect_whole(self, reply):
        try:
            self._wire.expect(reply)
        except WireError as error:
            raise AssertionError(f"a reply that was begun was not finished: {error}") from None

    def _draw(self):
        """Commands on keys of our own, and the replies they must draw."""
        said, replies = [], []
        for _ in range(BATCH):
            key = b"client-%d-%d" % (self._number, self._rng.randrange(20))
            value = self._rng.randbytes(self._rng.randint(0, VALUE_MOST if self._rng.random() < 0.2 else 100))
            said.append(b"set %s 0 0 %d\r\n%s\r\nget %s\r\n" % (key, len(value), value, key))
            replies += [b"STORED\r\n", b"VALUE %s 0 %d\r\n%s\r\nEND\r\n" % (key, len(value), value)]
        return b"".join(said), replies


class PacketClient(Client):
    """Sends each batch as one packet that fits in one of the server's buffers: it is taken whole or not at all.

    A connection that the kernel closes with bytes that nobody has read is reset; one that was read to its end is not.
    """

    def check_end(self):
        was_reset = self._wire.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0 or self._wire.was_reset
        super().check_end()
        if self.error is None and self.answered_last not in (0, self.asked_last):
            self.error = AssertionError(f"{self.answered_last} of {self.asked_last} replies to one packet")
        if self.error is None and self.answered_last < self.asked_last and not was_reset:
            self.error = AssertionError("the server has read a packet and has not answered it")

    def _draw(self):
        said, replies = [], []
        for turn in range(PACKET):
            key = b"client-%d-%d" % (self._number, self._rng.randrange(20))
            said.append(b"set %s 0 0 4\r\n%04d\r\nget %s\r\n" % (key, turn, key))
            replies += [b"STORED\r\n", b"VALUE %s 0 4\r\n%04d\r\nEND\r\n" % (key, turn)]
        return b"".join(said), replies


if __name__ == "__main__":
    main()
