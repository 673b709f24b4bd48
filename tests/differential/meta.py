"""A seeded stream of meta commands among classic ones, on one connection's share of the keys.

Left out is what memcached 1.6.18 answers otherwise than 1.6.45, and what is a mistake of both:
- flags that 1.6.18 lacks or that mean nothing to it there (E, x, C of mg, N and s of ms), and `me`;
- ma N with q: 1.6.18 shows the reply all the same;
- ma T on numbers that may grow longer: memcached sets the time of the item that was replaced;
- base64 on items that are made by N, counted or appended to: memcached forgets that their key came in base64;
- numbers on keys that were retrieved in the same pipeline: a held item is replaced, and loses all its marks;
- mg with an opaque that is too long, and retrievals that name a key before one that is too long: memcached reads or
  touches the item before it complains.
"""

import base64

from command import LATEST_CAS, Command
from generator import EXPTIMES, FLAGS, LARGEST_DELTA, PAST_EXPTIMES, Generator
from malformed import LONG_KEY_FIRST, SILENT, long_key_get

MN = b"mn\r\n"
OPAQUES = (b"O", b"O1", b"Oabc", b"O" + b"o" * 31)
STORE_MODES = (b"MS", b"MS", b"ME", b"MR", b"MA", b"MP")
COUNT_MODES = (b"MI", b"M+", b"MD", b"M-")
RECACHE_TIMES = (b"0", b"-1", b"50000", b"200000", b"3000000")
# As in malformed.py. Flags that md complains of otherwise in 1.6.45 are left out.
REFUSED = [
    (b"mg K a\r\n", 1), (b"mg K v v\r\n", 1), (b"mg K \xff\r\n", 1), (b"mg K Tx\r\n", 1), (b"mg K N\r\n", 1),
    (b"mg K R1.5\r\n", 1), (b"mg K C-1\r\n", 1), (b"mg K F\r\n", 1), (b"mg K Jx\r\n", 1), (b"mg K D-\r\n", 1),
    (b"mg K Tx q Dx\r\n", 1), (b"mg K noreply\r\n", 1),
    (b"md K O" + b"o" * 32 + b"\r\n", 1), (b"ma K a\r\n", 1), (b"ma K q q\r\n", 1), (b"ma K Dx\r\n", 1),
    (b"ma K MX\r\n", 1), (b"mg azE b\r\n", 1), (b"ma !! b\r\n", 1),
    (b"ms K\r\nabcd\r\n", 2), (b"ms K x\r\nabcd\r\n", 2), (b"ms K -1\r\nabcd\r\n", 2),
    (b"ms K 19 a\r\n" + SILENT + b"\r\n", 1), (b"ms K 19 v v\r\n" + SILENT + b"\r\n", 1),
    (b"ms K 19 Tx q\r\n" + SILENT + b"\r\n", 1), (b"ms K 19 MX\r\n" + SILENT + b"\r\n", 1),
    (b"ms K 19 F-1\r\n" + SILENT + b"\r\n", 1), (b"ms azE 19 b\r\n" + SILENT + b"\r\n", 1),
]

EXPECTED_OUTCOMES = [
    ("mg", "HD"), ("mg", "VA"), ("mg", "EN"), ("mg", "HD W"), ("mg", "VA W"), ("mg", "HD Z"), ("mg", "VA Z"),
    ("mg", "HD X W"), ("mg", "VA X W"), ("mg", "VA Z X"), ("mg q", "(silent)"), ("mg q", "VA"), ("mg q", "HD"),
    ("ms", "HD"), ("ms", "NS"), ("ms", "EX"), ("ms", "NF"), ("ms", "SERVER_ERROR"), ("ms q", "(silent)"),
    ("ms q", "NS"), ("ms q", "EX"), ("md", "HD"), ("md", "NF"), ("md", "EX"), ("md q", "(silent)"), ("md q", "NF"),
    ("ma", "HD"), ("ma", "VA"), ("ma", "NF"), ("ma", "EX"), ("ma", "CLIENT_ERROR"), ("ma q", "(silent)"),
    ("ma q", "NF"), ("mn", "MN"), ("malformed meta", "CLIENT_ERROR"), ("bad meta chunk", "CLIENT_ERROR"),
    ("get", "VALUE"), ("set", "STORED"), ("incr", "(number)"), ("append", "STORED"), ("flush_all", "OK"),
]


class MetaGenerator(Generator):
    """As Generator; three quarters of what it draws are meta commands."""

    def _table(self):
        return super()._table() + (
            (100, self._meta_get), (65, self._meta_store), (30, self._meta_delete), (45, self._meta_arithmetic),
            (8, self._meta_refused), (4, self._meta_bad_chunk), (3, self._noop), (0.5, self._meta_giant),
            (0.2, self._meta_too_large))

    def long_key_batch(self):
        return [long_key_get(self.rng, self._key(), LONG_KEY_FIRST)]

    # What to send

    def _meta_get(self):
        key = self._any_key()
        words = self._some({b"s": 0.3, b"v": 0.5, b"f": 0.2, b"t": 0.3, b"h": 0.3, b"l": 0.1, b"u": 0.15,
                            b"P": 0.02, b"L": 0.02})
        words += self._name_words(cas=0.35)
        if key not in self.share.binary and self.rng.random() < 0.2:
            words.append(b"N" + self._exptime())
        if self.rng.random() < 0.15:
            words.append(b"T" + self._exptime())
        if self.rng.random() < 0.2:
            words.append(b"R" + self.rng.choice(RECACHE_TIMES))
        self._read.add(key)
        return self._meta("mg", key, words, [])

    def _meta_store(self):
        key = self._any_key()
        value = self._odometer() if key in self.share.odometers else self._value()
        mode = self.rng.choice(STORE_MODES) if self.rng.random() < 0.6 else b""
        if key in self.share.binary or key in self.share.odometers or key in self.share.counters:
            mode = mode.replace(b"MA", b"").replace(b"MP", b"")
        words = self._store_words(mode)
        number = None
        if self.rng.random() < 0.3:
            number = self._cas_number(key)
            if self.rng.random() < 0.5:
                words.append(b"I")
                number = self._own_cas_number(key)
        return self._meta("ms", key, words, [b"%d" % len(value)], number, value)

    def _meta_delete(self):
        key = self._any_key()
        words = self._name_words(cas=0)
        if self.rng.random() < 0.6:
            words.append(b"I")
            if self.rng.random() < 0.3:
                words.append(b"T" + self._exptime())
        number = self._cas_number(key) if self.rng.random() < 0.25 else None
        return self._meta("md", key, words, [], number)

    def _arithmetic(self):
        key = self._countable()
        if key is None:
            return self._noop()
        verb = self.rng.choice(("incr", "decr"))
        return self._silenceable(verb, b"%s %s %d" % (verb.encode(), key, self.rng.randint(0, 1000)))

    def _meta_arithmetic(self):
        key = self._countable()
        if key is None:
            return self._noop()
        grows = key not in self.share.odometers
        words = self._some({b"t": 0.3, b"v": 0.5}) + self._name_words(cas=0.4)
        mode = self.rng.choice(COUNT_MODES)
        words += self._some({mode: 0.6})
        largest = mode in (b"MD", b"M-") and mode in words and grows and self.rng.random() < 0.1
        delta = LARGEST_DELTA if largest else b"%d" % self.rng.choice((0, 1, 1, 5, 9, 10, 99, 1000))
        words += self._some({b"D" + delta: 0.7})
        makes = self.rng.random() < 0.3
        if makes:
            words += [b"N" + self._exptime(), b"J" + (b"%d" % self.rng.randint(0, 999) if grows else self._odometer())]
        if not grows and self.rng.random() < 0.2:
            words.append(b"T" + self._exptime())
        number = self._cas_number(key) if self.rng.random() < 0.2 else None
        return self._meta("ma", key, words, [], number, quiet=not makes)

    def _meta_refused(self):
        line, replies = self.rng.choice(REFUSED)
        return Command("malformed meta", line.replace(b" K", b" " + self._key()), replies)

    def _meta_bad_chunk(self):
        value = self._value(3000)
        quiet = b" q" if self.rng.random() < 0.3 else b""
        head = b"ms %s %d%s\r\n" % (self._key(), len(value), quiet)
        return Command("bad meta chunk", head + value + b"zzzzzz\r\n", 2)

    def _noop(self):
        return Command("mn", MN)

    def _meta_giant(self):
        value = self._slice(self.rng.randint(20_000, 900_000))
        words = self._store_words(self.rng.choice(STORE_MODES[:4]))
        return self._meta("ms", self.rng.choice(self.share.giants), words, [b"%d" % len(value)], value=value)

    def _meta_too_large(self):
        value = self._slice(self.rng.randint(1 << 20, (1 << 20) + 500_000))
        return self._meta("ms", self._key(), self._store_words(self.rng.choice(STORE_MODES)),
                          [b"%d" % len(value)], value=value)

    # What it is made of

    def _any_key(self):
        return self.rng.choice(self.share.binary) if self.rng.random() < 0.1 else self._key()

    def _countable(self):
        """A key that was not retrieved in this batch; mostly there is one."""
        keys = self.rng.choice((self.share.odometers, self.share.counters, self.share.counters, self.share.plain))
        free = [key for key in keys if key not in self._read]
        return self.rng.choice(free) if free else None

    def _some(self, words):
        """Each word with its probability."""
        return [word for word, chance in words.items() if self.rng.random() < chance]

    def _name_words(self, cas):
        """Opaque, key and cas id; the id comes with its key, so that it is known whose it is."""
        words = self._some({self.rng.choice(OPAQUES): 0.2})
        if self.rng.random() < cas:
            return words + [b"c", b"k"]
        return words + self._some({b"k": 0.4})

    def _store_words(self, mode):
        words = self._name_words(cas=0.4)
        words += self._some({b"F" + self.rng.choice(FLAGS): 0.4, b"T" + self._exptime(): 0.4})
        return words + ([mode] if mode else [])

    def _meta(self, verb, key, words, size, number=None, value=None, quiet=True):
        """The command with its flags in any order, now and then quiet or with its key in base64."""
        shown = key
        if key in self.share.binary and self.rng.random() < 0.6:
            shown = base64.b64encode(key)
            words = words + [b"b"]
            if len(shown) > 250:
                shown, words = key, words[:-1]
        if quiet and self.rng.random() < 0.15:
            words = words + [b"q"]
        else:
            quiet = False
        self.rng.shuffle(words)
        tail = b"" if value is None else value + b"\r\n"
        if quiet:
            tail += MN
        name = verb + " q" if quiet else verb
        replies = None if quiet else 1
        head = [verb.encode(), shown, *size]
        if number is None:
            return Command(name, self._line(head + words) + tail, replies)
        at = self.rng.randint(0, len(words))
        return Command(name, self._joined(head + words[:at] + [b"C"]), replies, number,
                       self._line([b""] + words[at:]) + tail)

    def _own_cas_number(self, key):
        """An id that this key has or had, or one that no item has: only those have an order everywhere."""
        known = self._cas.get(key)
        if known and self.rng.random() < 0.9:
            return self.rng.choice(known)
        return LATEST_CAS + self.rng.getrandbits(40)

    def _exptime(self):
        return self.rng.choice(PAST_EXPTIMES if self.rng.random() < 0.02 else EXPTIMES)
