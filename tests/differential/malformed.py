"""Lines that memcached refuses, with how many replies each draws."""

from command import Command

KEY_SIZE_MAX = 250

# The data behind a storage line that is refused although its length is good: memcached 1.6.45 drops it, 1.6.18
# runs it as a command. This command is silent and changes nothing, so that both look the same.
SILENT = b"verbosity 0 noreply"

# (line, replies, loose); K stands for a key, L for one that is too long. Behind a length that is no good the
# data is read as a command of its own, hence two replies. `loose`: see Command.
REFUSED = [
    (b"\r\n", 1, True),
    (b"\n", 1, True),
    (b"a\r\n", 1, True),
    (b"get\r\n", 1, True),
    (b"gets\r\n", 1, True),
    (b"set\r\n", 1, True),
    (b"set K\r\n", 1, True),
    (b"set K 0 0\r\n", 1, True),
    (b"append K 0\r\n", 1, True),
    (b"cas K 0 0 19\r\n" + SILENT + b"\r\n", 1, True),
    (b"incr K\r\n", 1, True),
    (b"decr\r\n", 1, True),
    (b"delete\r\n", 1, True),
    (b"touch K\r\n", 1, True),
    (b"touch\r\n", 1, True),
    (b"verbosity\r\n", 1, True),
    (b"unknown\r\n", 1, False),
    (b"GET K\r\n", 1, False),
    (b"Set K 0 0 4\r\nabcd\r\n", 2, False),
    (b"getx K K K\r\n", 1, False),
    (b"flush_al\r\n", 1, False),
    (b"set K x 0 19\r\n" + SILENT + b"\r\n", 1, False),
    (b"add K -1 0 19\r\n" + SILENT + b"\r\n", 1, False),
    (b"replace K 0 x 19\r\n" + SILENT + b"\r\n", 1, False),
    (b"append K x 0 19\r\n" + SILENT + b"\r\n", 1, False),
    (b"prepend K 0 0 4x\r\nabcd\r\n", 2, False),
    (b"set K 0 0 -1\r\nabcd\r\n", 2, False),
    (b"set K 0 0 2147483647\r\nabcd\r\n", 2, False),
    (b"set K 99999999999999999999 0 19\r\n" + SILENT + b"\r\n", 1, False),
    (b"cas K 0 0 19 x\r\n" + SILENT + b"\r\n", 1, False),
    (b"cas K 0 0 19 -1\r\n" + SILENT + b"\r\n", 1, False),
    (b"incr K x\r\n", 1, False),
    (b"incr K -1\r\n", 1, False),
    (b"decr K 18446744073709551616\r\n", 1, False),
    (b"incr K 1x\r\n", 1, False),
    (b"incr K x noreply\r\n", 0, False),
    (b"touch K x\r\n", 1, False),
    (b"touch K x noreply\r\n", 0, False),
    (b"gat x K\r\n", 1, False),
    (b"gats x K\r\n", 1, False),
    (b"flush_all x\r\n", 1, False),
    (b"verbosity x\r\n", 1, False),
    (b"set L 0 0 19\r\n" + SILENT + b"\r\n", 1, False),
    (b"add L 0 0 19\r\n" + SILENT + b"\r\n", 1, False),
    (b"cas L 0 0 19 1\r\n" + SILENT + b"\r\n", 1, False),
    (b"delete L\r\n", 1, False),
    (b"incr L 1\r\n", 1, False),
    (b"decr L 1\r\n", 1, False),
    (b"touch L 0\r\n", 1, False),
]

# memcached drops unsent replies of earlier commands here (a bug): each goes into a pipeline of its own.
LONG_KEY_FIRST = [b"get L\r\n", b"gets L\r\n", b"get L K\r\n", b"gats 0 L\r\n"]
LONG_KEY_GETS = LONG_KEY_FIRST + [b"get K L\r\n", b"gat 0 K L\r\n"]


def refused(rng, key):
    """A line from the table."""
    line, replies, loose = rng.choice(REFUSED)
    return Command("malformed", _filled(rng, line, key), replies, loose=loose)


def long_key_get(rng, key, lines=LONG_KEY_GETS):
    """A retrieval with a key that is too long: one error line, whatever stood before it."""
    return Command("long key", _filled(rng, rng.choice(lines), key))


def bad_chunk(rng, verb, key, value, noreply):
    """A storage command whose data does not end where its length says.

    LEN + 2 bytes are eaten, and the rest of what we send is one unknown command.
    """
    ending = rng.choice((b"zzzzzz\r\n", b"\n\nzzzz\r\n", b"\rzzzzz\r\n", b"\r\rzzzzz\r\n"))
    data = value + ending
    if rng.random() < 0.3 and len(value) > 6:  # too few bytes: part of the next line is eaten
        data = value[:-5] + b"\r\nyyyyyyyyyyyy\r\n"
    end = b" noreply\r\n" if noreply else b"\r\n"
    line = b"%s %s 0 0 %d%s" % (verb, key, len(value), end)
    return Command("bad chunk", line + data, 1 if noreply else 2)


def _filled(rng, line, key):
    long_key = b"L" * rng.choice((KEY_SIZE_MAX + 1, KEY_SIZE_MAX + 2, 300, 500))
    return b" ".join(_word(word, key, long_key) for word in line.split(b" "))


def _word(word, key, long_key):
    """A word with its placeholder replaced and its line end (if any) kept."""
    bare = word.rstrip(b"\r\n")
    return {b"K": key, b"L": long_key}.get(bare, bare) + word[len(bare):]
