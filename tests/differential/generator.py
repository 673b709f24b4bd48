"""A seeded stream of text commands on one connection's share of the keys."""

from command import Command
from malformed import bad_chunk, long_key_get, refused
from stock import ITEM_OVERHEAD, ITEM_SIZE_MAX, Stock

NOREPLY = b" noreply"
NUMBER_ENDS = {"append": (b" 7", b"x", b""), "prepend": (b"0", b"+", b"y", b"")}
DELTAS = (b"0", b"1", b"1", b"1", b"5", b"9", b"10", b"99", b"1000", b"4294967296")
LARGEST_DELTA = b"18446744073709551615"
EXPTIMES = (b"0", b"0", b"0", b"0", b"100000", b"2592000", b"2000000000", b"2000000000")
PAST_EXPTIMES = (b"-1", b"-1000", b"100000000")  # in the past: expired at once
FLAGS = (b"0", b"0", b"0", b"1", b"32", b"65535", b"4294967295")


class Generator(Stock):
    """Draws commands from `rng`."""

    def __init__(self, rng, share, shared, blob):
        super().__init__(rng, share, shared, blob)
        acts = self._table()
        self._acts = [act for _, act in acts]
        self._weights = [sum(weight for weight, _ in acts[:turn + 1]) for turn in range(len(acts))]

    def _table(self):
        """What is drawn, each with its weight."""
        return ((24, self._retrieve), (14, self._set), (7, self._add_or_replace), (8, self._extend),
                (9, self._cas_store), (14, self._arithmetic), (8, self._delete), (6, self._touch),
                (7, self._retrieve_and_touch), (4, self._refused), (2, self._bad_chunk),
                (1, self._say), (0.25, self._giant), (0.1, self._too_large))

    def batch(self, count):
        """`count` commands for one pipeline."""
        self._read.clear()
        return [act() for act in self.rng.choices(self._acts, cum_weights=self._weights, k=count)]

    def long_key_batch(self):
        return [long_key_get(self.rng, self._key())]

    def flush_batch(self, before, after):
        """A pipeline with a flush_all in the middle, then the keys that all connections read again."""
        line = self.rng.choice((b"flush_all", b"flush_all 0", b"flush_all -1"))
        return (self.batch(before) + [self._silenceable("flush_all", line)] + self.batch(after)
                + self.fill_shared())

    def fill_shared(self):
        """Stores the keys that all connections read."""
        return [self._store("set", key, self._value()) for key in self.shared]

    def quit_batch(self, count):
        return self.batch(count) + [Command("quit", b"quit\r\n", 0)]

    # What to send

    def _retrieve(self):
        verb = self.rng.choice(("get", "get", "gets", "gets"))
        return Command(verb, self._line([verb.encode(), *self._keys()]))

    def _retrieve_and_touch(self):
        verb = self.rng.choice(("gat", "gats"))
        keys = [key for key in self._keys(5) if key not in self.shared] or [self._key()]
        self._read.update(keys)
        return Command(verb, self._line([verb.encode(), self._exptime(), *keys]))

    def _set(self):
        key, value = self._key_and_value()
        return self._store("set", key, value)

    def _add_or_replace(self):
        key, value = self._key_and_value()
        return self._store(self.rng.choice(("add", "replace")), key, value)

    def _extend(self):
        verb = self.rng.choice(("append", "prepend"))
        if self.rng.random() < 0.3:
            return self._store(verb, self.rng.choice(self.share.counters), self.rng.choice(NUMBER_ENDS[verb]))
        return self._store(verb, self.rng.choice(self.share.plain), self._value(2000))

    def _cas_store(self):
        known = [key for key in self.rng.choices(self.share.plain + self.share.odometers, k=8)
                 if key in self._cas]
        key = known[0] if known else self.rng.choice(self.share.plain)
        value = self._odometer() if key in self.share.odometers else self._value()
        return self._store("cas", key, value, self._cas_number(key))

    def _arithmetic(self):
        """incr or decr. memcached does not pad a shorter number while an unsent reply holds the item, so
        after a retrieval in the same pipeline only keys whose width never changes are counted."""
        verb = self.rng.choice(("incr", "decr"))
        key = self.rng.choice(self.rng.choice((self.share.odometers, self.share.counters,
                                               self.share.counters, self.share.plain)))
        delta = self.rng.choice(DELTAS)
        if verb == "decr" and self.rng.random() < 0.1:
            delta = LARGEST_DELTA
        if key in self._read and key not in self.share.odometers:
            key = self.rng.choice(self.share.odometers)
        if key in self.share.odometers:
            delta = b"%d" % self.rng.randint(0, 1000)
        return self._silenceable(verb, b"%s %s %s" % (verb.encode(), key, delta))

    def _delete(self):
        extra = self.rng.choice((b"", b"", b"", b" 0"))
        return self._silenceable("delete", b"delete " + self._key() + extra)

    def _touch(self):
        return self._silenceable("touch", b"touch %s %s" % (self._key(), self._exptime()))

    def _refused(self):
        return refused(self.rng, self._key())

    def _bad_chunk(self):
        verb = self.rng.choice((b"set", b"add", b"replace", b"append", b"prepend"))
        return bad_chunk(self.rng, verb, self._key(), self._value(3000), self.rng.random() < 0.2)

    def _say(self):
        line = self.rng.choice((b"version", b"version now", b"verbosity 0", b"verbosity 1", b"verbosity 0"))
        if line.startswith(b"version"):
            return Command("version", line + b"\r\n")
        return self._silenceable("verbosity", line)

    def _giant(self):
        """A value of up to nearly 1 MiB, seldom one whose item is just at the limit."""
        key = self.rng.choice(self.share.giants)
        flags = self.rng.choice(FLAGS)
        size = self.rng.randint(20_000, 900_000)
        if self.rng.random() < 0.3:
            limit = ITEM_SIZE_MAX - ITEM_OVERHEAD - len(key) - (4 if flags != b"0" else 0)
            size = limit + self.rng.choice((-1, 0, 1))
        return self._store("set", key, self._slice(size), flags=flags)

    def _too_large(self):
        key = self._key()
        verb = self.rng.choice(("set", "set", "add", "replace"))
        return self._store(verb, key, self._slice(self.rng.randint(ITEM_SIZE_MAX, ITEM_SIZE_MAX + 500_000)))

    # What it is made of

    def _store(self, verb, key, value, number=None, flags=None):
        noreply = NOREPLY if self.rng.random() < 0.15 else b""
        words = [verb.encode(), key, flags or self.rng.choice(FLAGS), self._exptime(), b"%d" % len(value)]
        end = noreply + self.rng.choice((b"\r\n", b"\r\n", b"\r\n", b"\n"))
        replies = 0 if noreply else 1
        line = self._joined(words)
        if number is None:
            return Command(verb, b"%s%s%s\r\n" % (line, end, value), replies)
        return Command(verb, line + b" ", replies, number, b"%s%s\r\n" % (end, value))

    def _silenceable(self, verb, line):
        """A line that is sent with noreply now and then."""
        if self.rng.random() < 0.15:
            return Command(verb, line + NOREPLY + b"\r\n", 0)
        return Command(verb, self._line(line.split(b" ")))

    def _line(self, words):
        return self._joined(words) + (b"\n" if self.rng.random() < 0.1 else b"\r\n")

    def _joined(self, words):
        return (b"  " if self.rng.random() < 0.03 else b" ").join(words)

    def _exptime(self):
        return self.rng.choice(PAST_EXPTIMES if self.rng.random() < 0.02 else EXPTIMES)
