"""What commands of any dialect are made of: keys of a share, values, and the cas ids that were seen."""

from command import LATEST_CAS

ITEM_SIZE_MAX = 1 << 20
ITEM_OVERHEAD = 48 + 8 + 1 + 2  # header, cas id, end of the key, end of the value
ODOMETER_START = 5_000_000_000
# What memcached 1.6.18 reads beyond the value's end for stays out, since its answer depends on what lies there:
# numbers from 2^63 on, for which it looks for a minus sign, and values of nothing but blanks (see _slice).
NUMBERS = (b"0", b"1", b"9", b"10", b"99", b"100", b"1000", b"007", b" 5", b"5 6", b"+5", b"",
           b"4611686018427387904", b"18446744073709551616", b"-1", b"12abc", b"1 ",
           b"0000000000000000000000001", b"5\r\n6")


class Stock:
    """Draws from `rng`; learns the cas ids that earlier replies have shown."""

    def __init__(self, rng, share, shared, blob):
        self.rng = rng
        self.share = share
        self.shared = shared
        self._blob = blob        # random bytes that values are cut from
        self._cas = {}           # key -> the last numbers seen
        self._read = set()       # keys retrieved in this batch

    def learn(self, seen):
        """Takes in (key, cas number) of replies."""
        for key, number in seen:
            self._cas[key] = (self._cas.get(key, []) + [number])[-3:]

    def _key(self):
        share = self.share
        draw = self.rng.random()
        if draw < 0.75:
            return self.rng.choice(share.plain)
        if draw < 0.85:
            return self.rng.choice(share.odometers)
        return self.rng.choice(share.counters if draw < 0.99 else share.giants)

    def _keys(self, most=20):
        """Keys for a retrieval: mostly one, some twice, some that all connections read."""
        count = 1 if self.rng.random() < 0.6 else self.rng.randint(2, most)
        keys = [self._key() for _ in range(count)]
        if self.rng.random() < 0.15:
            keys.append(self.rng.choice(self.shared))
        if self.rng.random() < 0.05:
            keys.append(keys[0])
        self._read.update(keys)
        return keys

    def _key_and_value(self):
        key = self._key()
        if key in self.share.odometers:
            return key, self._odometer()
        if key in self.share.counters and self.rng.random() < 0.8:
            return key, self.rng.choice(NUMBERS)
        return key, self._value()

    def _odometer(self):
        return b"%d" % (ODOMETER_START + self.rng.randint(0, 1_000_000))

    def _value(self, most=20 << 10):
        """Mostly small values, some of up to `most` bytes."""
        reach = self.rng.choices((0, 64, 1024, 5000, 20 << 10), (2, 45, 40, 10, 3))[0]
        return self._slice(self.rng.randint(0, min(reach, most)))

    def _slice(self, size):
        at = self.rng.randint(0, len(self._blob) - size)
        value = self._blob[at:at + size]
        return b"v" * size if value.isspace() else value

    def _cas_number(self, key):
        """Mostly the id seen last; else an older one, another key's, zero, or one that no item has."""
        known = self._cas.get(key)
        draw = self.rng.random()
        if known and draw < 0.7:
            return known[-1]
        if known and draw < 0.8:
            return known[0]
        if self._cas and draw < 0.9:
            return self.rng.choice(list(self._cas.values()))[0]
        return -1 if draw < 0.93 else LATEST_CAS + self.rng.getrandbits(40)
