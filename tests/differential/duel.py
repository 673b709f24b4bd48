"""Plays one seeded stream against two servers and stops at the first reply that differs."""

import random
from collections import Counter

from command import CasIds
from exchange import Link, exchange
from generator import Generator
from keys import deal
from replies import Replies, outcome, same
from wire import shown

KEYS = 1000
CONNECTIONS = 4
BLOB_BYTES = 4 << 20
MARKER_KEY = b"end-of-batch"
BATCH_SIZES = (1, 1, 3, 3, 10, 10, 30, 30, 100, 300)
SIDES = ("reference", "subject")
END_OF_BATCH = "the end of the batch, after "


class Mismatch(AssertionError):
    """The servers answered differently in this round; the message tells the command and both replies."""

    def __init__(self, why, at_round):
        super().__init__(why)
        self.at_round = at_round


class Duel:
    """Two servers, `CONNECTIONS` connections to each, and the stream that `seed` draws.

    `alter(round, raw)`: for the canary, changes the subject's raw replies before they are compared.
    `generator`: draws the commands of one connection.
    """

    def __init__(self, reference, subject, seed, alter=None, generator=Generator):
        self.seed = seed
        self.played = 0              # commands compared so far
        self.outcomes = Counter()    # (verb, first word of the reference's reply)
        self.bytes_compared = 0
        self._servers = (reference, subject)
        self._alter = alter
        self._round = 0
        self._rng = random.Random(seed)
        self._ids = (CasIds(), CasIds())
        self._wires = [[None, None] for _ in range(CONNECTIONS)]
        blob = self._rng.randbytes(BLOB_BYTES)
        shared, shares = deal(self._rng, KEYS, CONNECTIONS)
        self._generators = [generator(random.Random(self._rng.getrandbits(64)), share, shared, blob)
                            for share in shares]

    def play(self, commands):
        """At least `commands` commands; raises Mismatch."""
        self._play_round({0: self._generators[0].fill_shared()})
        while self.played < commands:
            self._play_round(*self._draw_round())

    def close(self):
        for pair in self._wires:
            for wire in filter(None, pair):
                wire.close()

    def _draw_round(self):
        """The batches of one round by connection, and whether they end with `quit`. A flush_all has the
        servers for itself, since it concerns the keys of all."""
        draw = self._rng.random()
        count = self._rng.choice(BATCH_SIZES)
        if draw < 0.02:
            alone = self._rng.randrange(CONNECTIONS)
            return {alone: self._generators[alone].flush_batch(count, count)}, False
        if draw < 0.05:
            return self._for_all(lambda generator: generator.long_key_batch()), False
        if draw < 0.08:
            return self._for_all(lambda generator: generator.quit_batch(min(count, 100))), True
        return self._for_all(lambda generator: generator.batch(count)), False

    def _for_all(self, draw):
        return {turn: draw(generator) for turn, generator in enumerate(self._generators)}

    def _play_round(self, batches, quits=False):
        self._round += 1
        ends = {turn: None if quits else self._marker(turn) for turn in batches}
        links = {turn: [self._begin(turn, side, batch, ends[turn]) for side in (0, 1)]
                 for turn, batch in batches.items()}
        complete = exchange([link for pair in links.values() for link in pair])
        for turn, batch in batches.items():
            self._judge(turn, batch, links[turn], complete)
            if quits:
                self._hang_up(turn)

    def _begin(self, turn, side, batch, end):
        """Starts a batch on one connection to one server, the fragments drawn alike for both."""
        wire = self._wires[turn][side]
        if wire is None:
            wire = self._wires[turn][side] = self._servers[side].connect()
        data = b"".join(command.bytes_for(self._ids[side]) for command in batch)
        link = Link(wire)
        if end is None:
            link.begin(data, None, f"{self.seed} {self._round} {turn}")
        else:
            link.begin(data + self._tail(turn), end, f"{self.seed} {self._round} {turn}")
        return link

    def _tail(self, turn):
        """What is asked behind a batch, so that its reply ends the batch."""
        value = b"%d of %d" % (self._round, turn)
        return b"set %s-%d 0 0 %d noreply\r\n%s\r\nget %s-%d\r\n" % (
            MARKER_KEY, turn, len(value), value, MARKER_KEY, turn)

    def _marker(self, turn):
        """The reply that ends a batch: a value that only this batch stores."""
        value = b"%d of %d" % (self._round, turn)
        return b"VALUE %s-%d 0 %d\r\n%s\r\nEND\r\n" % (MARKER_KEY, turn, len(value), value)

    def _hang_up(self, turn):
        for wire in self._wires[turn]:
            wire.close()
        self._wires[turn] = [None, None]

    def _judge(self, turn, batch, links, complete):
        """Compares the two replies to one batch, command by command."""
        raw = [links[0].reply, links[1].reply]
        if self._alter is not None:
            raw[1] = self._alter(self._round, raw[1])
        replies = [Replies(data, ids) for data, ids in zip(raw, self._ids)]
        self.bytes_compared += len(raw[0])
        for index, command in enumerate(batch):
            pieces = [side.take(command.replies) for side in replies]
            if not _alike(command, *pieces):
                raise self._mismatch(turn, batch, index, pieces)
            self._count(command, pieces[0])
        left = [side.rest() for side in replies]
        if left[0] != left[1] or not complete:
            raise self._mismatch(turn, batch, len(batch) - 1, left, END_OF_BATCH)
        if len(left[0]) != (0 if batch[-1].verb == "quit" else 1):
            raise AssertionError(f"seed {self.seed}: the generator and the reference disagree about how many "
                                 f"replies round {self._round} draws: {[shown(piece) for piece in left[0]]}")
        self._generators[turn].learn(replies[0].seen)

    def _count(self, command, pieces):
        self.played += 1
        self.outcomes[command.verb, outcome(pieces)] += 1

    def _mismatch(self, turn, batch, index, pieces, where=""):
        """What is told of a difference: enough to replay it."""
        command = batch[index]
        lines = [f"seed {self.seed}: command {self.played} of the stream differs at {where}"
                 f"command {index} of {len(batch)} in round {self._round} on connection {turn}:",
                 f"  {shown(command.bytes_for(self._ids[0]))}"]
        for side, name, texts in zip((0, 1), SIDES, pieces):
            answer = " then ".join(shown(piece) for piece in texts) or "nothing"
            lines.append(f"{name} {self._servers[side].kind} answered {answer}")
        lines += ["the commands before it:"]
        lines += [f"  {shown(one.bytes_for(self._ids[0]))}" for one in batch[max(0, index - 5):index]]
        return Mismatch("\n".join(lines), self._round)


def _alike(command, reference, subject):
    return (len(reference) == len(subject) and command.replies in (None, len(reference))
            and all(same(command, *pair) for pair in zip(reference, subject)))
