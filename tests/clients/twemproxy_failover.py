#!/usr/bin/python3
"""twemproxy in front of three servers, one of which dies and comes back: no wrong answer, errors only meanwhile.

SEED=n replays the choices of a run, though not its timing.
"""

import contextlib
import os
import random
import threading
import time

from fleet import TIME_LIMIT_S, fleet, keys_held, options, same
from proxy import Proxy

import tap
from servers import Server

WORKERS = 4
KEYS_PER_WORKER = 60
PIPELINED_MAX = 8
SET_SHARE = 0.3
BEFORE, ERRORS, AFTER = 50, 3, 50  # what every worker must have seen before the next thing happens
PHASE_LIMIT_S = 60


class Outage:
    """When the server was not there, by the monotonic clock."""

    def __init__(self):
        self.began = float("inf")
        self.ended = float("inf")

    def covers(self, sent, received):
        """Whether a request that was under way at that time may have met it."""
        return sent <= self.ended and received >= self.began

    def may_have_lost(self, stored):
        """Whether what was acknowledged then may be gone."""
        return self.began < float("inf") and stored <= self.ended


class Worker(threading.Thread):
    """Sets and gets keys of its own in pipelines, and knows what each of them may answer.

    A value is the number of its set. What may come back: the last one acknowledged, or a later one
    whose set failed; nothing at all when the server has died since.
    """

    def __init__(self, number, proxy, outage, seed):
        super().__init__(daemon=True)
        self.keys = [f"{number}:{key}" for key in range(KEYS_PER_WORKER)]
        self.mortal = set()  # keys on the server that dies
        self.failure = None
        self.answered = 0  # about mortal keys, no errors
        self.errors = 0
        self.stopping = False
        self._wire = proxy.connect()
        self._outage = outage
        self._random = random.Random(f"{seed} {number}")
        self._version = 0
        self._possible = {key: set() for key in self.keys}
        self._stored = {}  # when a set of the key was last acknowledged

    def run(self):
        try:
            while not self.stopping:
                self.exchange(self._choose())
        except Exception as error:  # shown by the main thread
            self.failure = error
        finally:
            self._wire.close()

    def fill(self):
        """Sets every key once, before anything happens."""
        for at in range(0, len(self.keys), PIPELINED_MAX):
            self.exchange([(key, True) for key in self.keys[at:at + PIPELINED_MAX]])

    def exchange(self, pipeline):
        """Sends (key, whether to set it) at once, then takes the replies in order."""
        sent_at, said, sets = time.monotonic(), b"", []
        for key, is_set in pipeline:
            self._version += is_set
            value = b"%d" % self._version
            sets.append(self._version if is_set else None)
            said += b"set %s 0 0 %d\r\n%s\r\n" % (key.encode(), len(value), value) if is_set else \
                b"get %s\r\n" % key.encode()
        self._wire.send(said)
        for (key, _), version in zip(pipeline, sets):
            self._take(key, version, sent_at)

    def _choose(self):
        count = self._random.randint(1, PIPELINED_MAX)
        keys = self._random.sample(self.keys, count)  # each once, so that the order does not matter
        return [(key, self._random.random() < SET_SHARE) for key in keys]

    def _take(self, key, version, sent_at):
        line = self._wire.read_line()
        if line.startswith(b"SERVER_ERROR"):
            if key not in self.mortal or not self._outage.covers(sent_at, time.monotonic()):
                raise AssertionError(f"{key}: {line!r} though its server is there")
            self.errors += 1
            if version is not None:
                self._possible[key].add(version)  # it may have been stored
            return
        if version is not None:
            same(line, b"STORED\r\n", f"set of {key}")
            self._possible[key] = {version}
            self._stored[key] = time.monotonic()
        else:
            self._check_value(key, line)
        self.answered += key in self.mortal

    def _check_value(self, key, line):
        if line == b"END\r\n":
            if key in self.mortal and self._outage.may_have_lost(self._stored[key]):
                self._possible[key].add(None)
            if None not in self._possible[key]:
                raise AssertionError(f"{key}: nothing, expected one of {self._possible[key]}")
            self._possible[key] = {None}
            return
        word, name, _flags, size = line.split()
        same((word, name), (b"VALUE", key.encode()), "the answer to a get")
        value = int(self._wire.read_exactly(int(size) + 2))
        same(self._wire.read_line(), b"END\r\n", "end of the answer")
        if value not in self._possible[key]:
            raise AssertionError(f"{key}: {value}, expected one of {self._possible[key]}")
        self._possible[key] = {value}


def wait_for(workers, what, reached):
    """Until every worker has seen enough, or one has failed."""
    deadline = time.monotonic() + PHASE_LIMIT_S
    while not all(reached(worker) for worker in workers):
        for worker in workers:
            if worker.failure is not None:
                raise worker.failure
        if time.monotonic() > deadline:
            raise AssertionError(f"not every worker has seen {what} in {PHASE_LIMIT_S} s")
        time.sleep(0.01)


def dies_and_comes_back(chosen, servers, seed):
    outage, victim = Outage(), servers[1]
    with Proxy(servers) as proxy:
        workers = [Worker(number, proxy, outage, seed) for number in range(WORKERS)]
        for worker in workers:
            worker.fill()
            worker.mortal = keys_held(victim, worker.keys)
            same(0 < len(worker.mortal) < KEYS_PER_WORKER, True, "the server that dies has some of the keys")
            worker.start()
        try:
            with kill_and_restart(chosen, victim, workers, outage):
                seen = [worker.answered for worker in workers]
                wait_for(workers, "the server back",
                         lambda worker: worker.answered >= seen[workers.index(worker)] + AFTER)
                stop(workers)
        finally:
            stop(workers)
    tap.note(f"errors while it was gone: {[worker.errors for worker in workers]}")


def stop(workers):
    """Ends them; the server must still be there."""
    for worker in workers:
        worker.stopping = True
    for worker in workers:
        worker.join(PHASE_LIMIT_S)
        same((worker.failure, worker.is_alive()), (None, False), "the end of a worker")


@contextlib.contextmanager
def kill_and_restart(chosen, victim, workers, outage):
    """Kills the server under load, waits until everybody has noticed, starts it anew at its port."""
    wait_for(workers, "the load", lambda worker: worker.answered >= BEFORE)
    outage.began = time.monotonic()
    victim.expected_exit = {-9}
    victim.kill()
    wait_for(workers, "errors", lambda worker: worker.errors >= ERRORS)
    with Server(chosen.server, ["-t", chosen.threads], port=victim.port, time_limit_s=TIME_LIMIT_S):
        outage.ended = time.monotonic()
        yield


def main():
    chosen = options(__doc__)
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
    tap.note(f"SEED={seed}")
    with fleet(chosen, 3) as servers:
        tap.case("twemproxy: one of three servers dies under load and comes back",
                 lambda: dies_and_comes_back(chosen, servers, seed))
    tap.finish()


if __name__ == "__main__":
    main()
