"""Plays one seeded stream of packets against two servers and stops at the first reply that differs."""

from dataclasses import replace

import packets
from duel import BATCH_SIZES, END_OF_BATCH, Duel

SILENT = "(silent)"
NOOP = packets.OPCODES["noop"]
VERSION = packets.OPCODES["version"]
SHOWN = 3  # replies that only one of the two gave
MARKER_OPAQUE = 0xE0000000  # beyond those of the commands


class BinaryDuel(Duel):
    """As Duel, in packets: replies are known by their opaques, since many commands draw none."""

    def _draw_round(self):
        draw = self._rng.random()
        count = self._rng.choice(BATCH_SIZES)
        if draw < 0.05:
            alone = self._rng.randrange(len(self._generators))
            return {alone: self._generators[alone].flush_batch(count, count)}, False
        if draw < 0.13:
            return self._for_all(lambda generator: generator.last_batch(min(count, 100))), True
        return self._for_all(lambda generator: generator.batch(count)), False

    def _marker_opaque(self, turn):
        return MARKER_OPAQUE + self._round * len(self._generators) + turn

    def _tail(self, turn):
        return packets.request(NOOP, opaque=self._marker_opaque(turn))

    def _marker(self, turn):
        """The reply to the noop that ends a batch."""
        return packets.HEADER.pack(packets.REPLY_MAGIC, NOOP, 0, 0, 0, 0, 0, self._marker_opaque(turn), 0)

    def _judge(self, turn, batch, links, complete):
        """Compares the two rows of replies to one batch."""
        raw = [links[0].reply, links[1].reply]
        if self._alter is not None:
            raw[1] = self._alter(self._round, raw[1])
        self.bytes_compared += len(raw[0])
        commands = {command.opaque: at for at, command in enumerate(batch)}
        rows = [_numbered(data, ids) for data, ids in zip(raw, self._ids)]
        for reference, subject in zip(*rows):
            if reference != subject:
                at = commands.get(getattr(reference, "opaque", None), len(batch) - 1)
                raise self._mismatch(turn, batch, at, [[_bytes(reference)], [_bytes(subject)]])
        common = min(map(len, rows))
        if len(rows[0]) != len(rows[1]) or not complete:
            left = [[_bytes(reply) for reply in row[common:common + SHOWN]] for row in rows]
            raise self._mismatch(turn, batch, len(batch) - 1, left, END_OF_BATCH)
        self._learn(turn, batch, rows[0])

    def _learn(self, turn, batch, replies):
        """Counts what became of each command, and tells the generator which cas ids were seen."""
        by_opaque = {}
        for reply in replies:
            by_opaque.setdefault(reply.opaque, reply)
        seen = []
        for command in batch:
            self.played += 1
            reply = by_opaque.get(command.opaque)
            self.outcomes[command.verb, SILENT if reply is None else reply.status] += 1
            if reply is not None and reply.cas is not None:
                seen.append((command.key, reply.cas))
        self._generators[turn].learn(seen)


def _numbered(data, ids):
    """The replies in `data`, their cas ids as numbers of first appearance (None: no id); what is no reply
    stands at the end as it is."""
    return [reply if isinstance(reply, bytes) else
            replace(reply, cas=ids.number(reply.cas) if reply.cas else None,
                    value=b"" if reply.opcode == VERSION else reply.value)
            for reply in packets.split(bytes(data))]


def _bytes(reply):
    """Something to show in a message."""
    return reply if isinstance(reply, bytes) else repr(reply).encode()
