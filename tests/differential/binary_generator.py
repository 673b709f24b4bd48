"""A seeded stream of packets of the binary protocol on one connection's share of the keys."""

import struct

import packets
from stock import ITEM_OVERHEAD, ITEM_SIZE_MAX, Stock

# What makes no number of 2^63 or more: see stock.NUMBERS.
NUMBER_ENDS = {"append": (b" 7", b"x", b""), "prepend": (b"0", b"+", b"y", b"")}
DELTAS = (0, 1, 1, 1, 5, 9, 10, 99, 1000, 1 << 32)
INITIALS = (0, 1, 5, 99, 10_000, 1 << 62)
EXPTIMES = (0, 0, 0, 0, 100_000, 2_592_000, 2_000_000_000, 0xFFFF_FFFE)
PAST_EXPTIME = 100_000_000
DO_NOT_CREATE = 0xFFFF_FFFF
FLAGS = (0, 0, 0, 1, 32, 65_535, 0xFFFF_FFFF)
STATS = (b"nonsense", b"sizes", b"reset", b"detail off", b"itemsx", b"settin", b"detail")
UNKNOWN = (0x1B, 0x1F, 0x25, 0x30, 0x3C, 0x7F, 0xFF)
NO_CAS = None


class Packet:
    """What is sent for one command. `number`: the cas id by its number of first appearance."""

    __slots__ = ("verb", "key", "number", "opaque", "_opcode", "_parts", "_sizes")

    def __init__(self, verb, opaque, key=b"", extras=b"", value=b"", number=NO_CAS, opcode=None, **sizes):
        self.verb = verb
        self.key = key
        self.number = number
        self.opaque = opaque
        self._opcode = packets.OPCODES[verb] if opcode is None else opcode
        self._parts = (key, extras, value)
        self._sizes = sizes

    def bytes_for(self, ids):
        """The bytes for the server whose cas ids these are."""
        cas = 0 if self.number is NO_CAS else ids.real(self.number)
        return packets.request(self._opcode, *self._parts, cas=cas, opaque=self.opaque, **self._sizes)


class BinaryGenerator(Stock):
    """Draws packets from `rng`; each has an opaque of its own, by which its reply is known."""

    def __init__(self, rng, share, shared, blob):
        super().__init__(rng, share, shared, blob)
        self._opaque = 0
        acts = ((24, self._retrieve), (20, self._set), (8, self._add_or_replace), (8, self._extend),
                (16, self._arithmetic), (9, self._delete), (10, self._touch), (2, self._say),
                (1, self._unknown), (0.3, self._giant), (0.2, self._too_large))
        self._acts = [act for _, act in acts]
        self._weights = [sum(weight for weight, _ in acts[:turn + 1]) for turn in range(len(acts))]

    def batch(self, count):
        """`count` commands for one pipeline."""
        self._read.clear()
        return [act() for act in self.rng.choices(self._acts, cum_weights=self._weights, k=count)]

    def flush_batch(self, before, after):
        """A pipeline with a flush in the middle, then the keys that all connections read again."""
        extras = self.rng.choice((b"", struct.pack(">I", 0)))
        flush = self._packet(self.rng.choice(("flush", "flushq")), extras=extras)
        return self.batch(before) + [flush] + self.batch(after) + self.fill_shared()

    def fill_shared(self):
        """Stores the keys that all connections read."""
        return [self._store("set", key, self._value()) for key in self.shared]

    def last_batch(self, count):
        """A pipeline after which the server closes."""
        farewell = self.rng.choice((self._quit, self._malformed, self._bad_magic))
        return self.batch(count) + farewell()

    # What to send

    def _retrieve(self):
        key = self.rng.choice(self._keys())
        return self._packet(self.rng.choice(("get", "getq", "getk", "getkq")), key)

    def _touch(self):
        """memcached holds an item for its unsent reply to a touch too."""
        key = self._key()
        self._read.add(key)
        verb = self.rng.choice(("touch", "touch", "gat", "gatq", "gatk", "gatkq"))
        return self._packet(verb, key, struct.pack(">I", self._exptime()))

    def _set(self):
        return self._store(self._quiet_or_not("set"), *self._key_and_value())

    def _add_or_replace(self):
        return self._store(self._quiet_or_not(self.rng.choice(("add", "replace"))), *self._key_and_value())

    def _extend(self):
        verb = self.rng.choice(("append", "prepend"))
        if self.rng.random() < 0.3:
            key, value = self.rng.choice(self.share.counters), self.rng.choice(NUMBER_ENDS[verb])
        else:
            key, value = self.rng.choice(self.share.plain), self._value(2000)
        return self._packet(self._quiet_or_not(verb), key, b"", value, self._sometimes_cas(key))

    def _delete(self):
        key = self._key()
        return self._packet(self._quiet_or_not("delete"), key, number=self._sometimes_cas(key))

    def _arithmetic(self):
        """memcached does not pad a shorter number while an unsent reply holds the item, so after a retrieval in
        the same pipeline only keys whose width never changes are counted; those are never made by counting."""
        share = self.share
        key = self.rng.choice(self.rng.choice((share.odometers, share.counters, share.counters, share.plain)))
        if key in self._read:
            key = self.rng.choice(share.odometers)
        delta = self.rng.randint(0, 1000) if key in share.odometers else self.rng.choice(DELTAS)
        exptime = DO_NOT_CREATE
        if key not in share.odometers and self.rng.random() < 0.6:
            exptime = self._exptime()
        extras = struct.pack(">QQI", delta, self.rng.choice(INITIALS), exptime)
        verb = self._quiet_or_not(self.rng.choice(("incr", "decr")))
        return self._packet(verb, key, extras, number=self._sometimes_cas(key))

    def _say(self):
        verb = self.rng.choice(("noop", "version", "stat"))
        return self._packet(verb, self.rng.choice(STATS) if verb == "stat" else b"")

    def _unknown(self):
        """Without key and extras, which memcached would drop twice; or an authentication."""
        if self.rng.random() < 0.3:
            opcode = self.rng.choice((0x21, 0x22))
            return self._packet("unknown", b"PLAIN", value=self._value(300), opcode=opcode)
        return self._packet("unknown", value=self._value(300), opcode=self.rng.choice(UNKNOWN))

    def _giant(self):
        """A value of up to nearly 1 MiB, seldom one whose item is just at the limit."""
        key = self.rng.choice(self.share.giants)
        flags = self.rng.choice(FLAGS)
        size = self.rng.randint(20_000, 900_000)
        if self.rng.random() < 0.3:
            limit = ITEM_SIZE_MAX - ITEM_OVERHEAD - len(key) - (4 if flags else 0)
            size = limit + self.rng.choice((-1, 0, 1))
        return self._store(self._quiet_or_not("set"), key, self._slice(size), flags)

    def _too_large(self):
        verb = self._quiet_or_not(self.rng.choice(("set", "set", "add", "replace")))
        return self._store(verb, self._key(), self._slice(self.rng.randint(ITEM_SIZE_MAX, ITEM_SIZE_MAX + 500_000)))

    # What ends a connection

    def _quit(self):
        return [self._packet(self.rng.choice(("quit", "quitq")))]

    def _malformed(self):
        key = self._key()
        opcodes = packets.OPCODES
        return [self.rng.choice((
            lambda: self._packet("malformed", opcode=opcodes[self.rng.choice(("get", "deleteq", "append", "touch"))]),
            lambda: self._packet("malformed", b"k" * 251, opcode=self.rng.choice((0x00, 0x09, 0x10, 0x40))),
            lambda: self._packet("malformed", key, b"1234", opcode=self.rng.choice((0x01, 0x05, 0x00, 0x0E))),
            lambda: self._packet("malformed", key, opcode=opcodes[self.rng.choice(("noop", "version", "flush", "quit"))]),
            lambda: self._packet("malformed", key, value=b"v", opcode=opcodes[self.rng.choice(("get", "delete"))]),
            lambda: self._packet("malformed", key, opcode=0x00, body_size=0),
        ))()]

    def _bad_magic(self):
        """Behind a noop, since memcached forgets replies that it has not sent by then."""
        return [self._packet("noop"), self._packet("bad magic", opcode=0, magic=self.rng.choice((0x00, 0x67, 0x81)))]

    # What it is made of

    def _packet(self, verb, key=b"", extras=b"", value=b"", number=NO_CAS, **more):
        self._opaque += 1
        return Packet(verb, self._opaque, key, extras, value, number, **more)

    def _store(self, verb, key, value, flags=None):
        extras = struct.pack(">II", self.rng.choice(FLAGS) if flags is None else flags, self._exptime())
        return self._packet(verb, key, extras, value, self._sometimes_cas(key))

    def _quiet_or_not(self, verb):
        return verb + "q" if self.rng.random() < 0.4 else verb

    def _sometimes_cas(self, key):
        return self._cas_number(key) if self.rng.random() < 0.2 else NO_CAS

    def _exptime(self):
        return PAST_EXPTIME if self.rng.random() < 0.02 else self.rng.choice(EXPTIMES)
