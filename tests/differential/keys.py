"""The keys of a stream: who owns them, and what kind of values they hold."""

KEY_SIZE_MAX = 250
SHARED_KEYS = 20
GIANTS = 4        # per connection: values up to nearly 1 MiB, and sizes around the limit
ODOMETERS = 15    # numbers of ten digits, whose width never changes
COUNTERS = 40     # numbers of all sorts, which lose and gain digits
BINARY = 15       # spelled in base64 now and then, and never changed but by a whole new value

PLAIN_BYTES = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/"
ODD_BYTES = bytes(range(1, 9)) + b"\t\x0b\x0c\x0e\x1b\x7f\x80\xa0\xc3\xff" + PLAIN_BYTES


class Share:
    """The keys that one connection alone may change."""

    def __init__(self, keys):
        self.all = keys
        self.giants = keys[:GIANTS]
        self.odometers = keys[GIANTS:GIANTS + ODOMETERS]
        self.counters = keys[GIANTS + ODOMETERS:GIANTS + ODOMETERS + COUNTERS]
        self.plain = keys[GIANTS + ODOMETERS + COUNTERS:-BINARY]
        self.binary = keys[-BINARY:]


def deal(rng, count, connections):
    """Keys that all connections read, and one share for each connection: `count` keys in total."""
    keys = _distinct_keys(rng, count)
    shared, rest = keys[:SHARED_KEYS], keys[SHARED_KEYS:]
    return shared, [Share(rest[turn::connections]) for turn in range(connections)]


def _distinct_keys(rng, count):
    """Keys of 1 to 250 bytes in random order; none is the last word `noreply`."""
    found = {bytes([byte]) for byte in rng.sample(PLAIN_BYTES, 12)}
    while len(found) < count:
        size = rng.choice((2, 8, 8, 20, 20, 60, KEY_SIZE_MAX, rng.randint(1, KEY_SIZE_MAX)))
        alphabet = ODD_BYTES if rng.random() < 0.1 else PLAIN_BYTES
        found.add(bytes(rng.choices(alphabet, k=size)))
    found.discard(b"noreply")
    keys = sorted(found)
    rng.shuffle(keys)
    return keys
