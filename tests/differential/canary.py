#!/usr/bin/python3
"""Shows that the comparison can fail: every kind of altered reply must be reported in its own round."""

import argparse
import os
import re
import sys
from dataclasses import replace

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import packets  # noqa: E402
import tap  # noqa: E402
from duel import Mismatch  # noqa: E402
from run import STREAMS, server_args  # noqa: E402
from servers import Server  # noqa: E402

COMMANDS = 20_000
FIRST_ROUND = 5

ALTERATIONS = [
    ("a changed word", rb"\r\nSTORED\r\n", rb"\r\nEXISTS\r\n"),
    ("a lost reply", rb"\r\nNOT_FOUND\r\n", rb"\r\n"),
    ("a doubled reply", rb"\r\nDELETED\r\n", rb"\r\nDELETED\r\nDELETED\r\n"),
    ("a bare ERROR for a full line", rb"\r\nCLIENT_ERROR bad data chunk\r\n", rb"\r\nERROR\r\n"),
    ("a changed byte of a value", rb"(\r\nVALUE \S+ \d+ [1-9]\d*(?: \d+)?\r\n)(?!~)[^\r]", rb"\1~"),
    ("changed flags", rb"(\r\nVALUE \S+ )0( \d+\r\n)", rb"\g<1>3\2"),
    ("a changed length", rb"(\r\nVALUE \S+ \d+ [1-9]\d*)", rb"\g<1>0"),
    ("a changed number", rb"\r\n5(\d{9})\r\n", rb"\r\n6\1\r\n"),
    ("an incomplete batch", rb"(?s)\r\nVALUE end-of-batch.*", rb"\r\n"),
]

META_ALTERATIONS = [
    ("a changed code", rb"\r\nNS ", rb"\r\nEX "),
    ("a lost win", rb" W\r\n", rb"\r\n"),
    ("a second win", rb" Z\r\n", rb" W\r\n"),
    ("a lost stale mark", rb" X W\r\n", rb" W\r\n"),
    ("a changed byte of a meta value", rb"(\r\nVA [1-9][^\r]*\r\n)(?!~)[^\r]", rb"\1~"),
    ("another size", rb"( s[1-9]\d*)", rb"\g<1>0"),
    ("another time to live", rb" t-1\b", rb" t100000"),
    ("flags in another order", rb" (k\S+) (O\S+)\r\n", rb" \2 \1\r\n"),
    ("a reply to the quiet", rb"\r\nMN\r\n", rb"\r\nHD\r\nMN\r\n"),
]

NOOP = packets.OPCODES["noop"]

# What becomes of the first reply of which it is not None.
PACKET_ALTERATIONS = [
    ("another status", lambda reply: [replace(reply, status=5)] if reply.status == 1 else None),
    ("another text", lambda reply: [replace(reply, value=b"Gone")] if reply.status == 1 and not reply.key else None),
    ("a lost reply", lambda reply: [] if reply.opcode != NOOP else None),
    ("a doubled reply", lambda reply: [reply, reply] if reply.opcode != NOOP else None),
    ("other flags", lambda reply: [replace(reply, extras=b"\0\0\0\3")] if reply.extras == b"\0\0\0\0" else None),
    ("a changed byte of a value", lambda reply: [replace(reply, value=reply.value[:-1] + b"~")]
     if reply.extras and reply.value and not reply.value.endswith(b"~") else None),
    ("a value that is too short", lambda reply: [replace(reply, value=reply.value[:-1])]
     if reply.extras and reply.value else None),
    ("another key", lambda reply: [replace(reply, key=b"~" * len(reply.key))] if reply.key else None),
    ("a missing cas id", lambda reply: [replace(reply, cas=0)] if reply.cas else None),
    ("another opaque", lambda reply: [replace(reply, opaque=0xD0000000)] if reply.opcode != NOOP else None),
    ("another opcode", lambda reply: [replace(reply, opcode=0)] if reply.opcode == 1 else None),
]


class PacketAlteration:
    """Alters the first reply for which `change` has something else, from `FIRST_ROUND` on."""

    def __init__(self, change):
        self.at_round = None
        self._change = change

    def __call__(self, at_round, raw):
        if at_round < FIRST_ROUND or self.at_round is not None:
            return raw
        made = b""
        for reply in packets.split(bytes(raw)):
            changed = None if self.at_round is not None or isinstance(reply, bytes) else self._change(reply)
            if changed is None:
                made += reply if isinstance(reply, bytes) else packets.reply_bytes(reply)
            else:
                self.at_round = at_round
                made += b"".join(packets.reply_bytes(one) for one in changed)
        return made


class Alteration:
    """Alters the first reply that the pattern finds, from `FIRST_ROUND` on, and remembers the round."""

    def __init__(self, pattern, replacement):
        self.at_round = None
        self._pattern = re.compile(pattern)
        self._replacement = replacement

    def __call__(self, at_round, raw):
        if at_round < FIRST_ROUND or self.at_round is not None:
            return raw
        altered, count = self._pattern.subn(self._replacement, bytes(raw), count=1)
        if count:
            self.at_round = at_round
        return altered


class EqualCasIds:
    """Gives the items of one batch, and all later ones, the same cas id."""

    def __init__(self):
        self.at_round = None
        self._pattern = re.compile(rb"(\r\nVALUE \S+ \d+ \d+) \d+\r\n")

    def __call__(self, at_round, raw):
        if at_round < FIRST_ROUND or self.at_round is not None:
            return raw
        altered, count = self._pattern.subn(rb"\1 1\r\n", bytes(raw))
        if count < 5:
            return raw
        self.at_round = at_round
        return altered


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", choices=("ringcached", "memcached"), default="memcached")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tap.note(f"seed {options.seed}")
    for name, pattern, replacement in ALTERATIONS:
        tap.case(f"{name} is reported", lambda: _must_be_reported(options, Alteration(pattern, replacement)))
    tap.case("equal cas ids are reported", lambda: _must_be_reported(options, EqualCasIds()))
    for name, pattern, replacement in META_ALTERATIONS:
        alter = Alteration(pattern, replacement)
        tap.case(f"{name} is reported", lambda: _must_be_reported(options, alter, "meta"))
    for name, change in PACKET_ALTERATIONS:
        alter = PacketAlteration(change)
        tap.case(f"binary: {name} is reported", lambda: _must_be_reported(options, alter, "binary"))
    tap.finish()


def _must_be_reported(options, alter, stream="classic"):
    kind, generator, _ = STREAMS[stream]
    with Server("memcached", server_args("memcached", 2)) as reference, \
            Server(options.server, server_args(options.server, options.threads)) as subject:
        duel = kind(reference, subject, options.seed, alter, generator)
        try:
            duel.play(COMMANDS)
        except Mismatch as mismatch:
            if mismatch.at_round != alter.at_round:
                raise
            return
        finally:
            duel.close()
    raise AssertionError(f"not reported (altered in round {alter.at_round})")


if __name__ == "__main__":
    main()
