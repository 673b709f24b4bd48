"""Cuts a stream of replies into one piece per command, with cas ids replaced by their numbers."""

import base64

VERSION = b"VERSION "
VALUE = b"VALUE "
META_CODES = (b"VA ", b"HD ", b"EN ", b"NF ", b"NS ", b"EX ")
META_END = b"MN\r\n"
BAD_LINE = b"CLIENT_ERROR bad command line format\r\n"
BARE_ERROR = b"ERROR\r\n"
# Times to live as the generator gives them, each far from the next: what is left of them is told apart by these.
TIMES_LEFT = ((1_000_000, b"days"), (100_000_000, b"a month"), (1 << 31, b"years"), (1 << 32, b"less than nothing"))


class Replies:
    """The replies of one batch, normalised, and the cas numbers seen as (key, number)."""

    __slots__ = ("seen", "_pieces", "_taken")

    def __init__(self, data, ids):
        self._pieces = []
        self._taken = 0
        self.seen = []
        at = 0
        while at < len(data):
            at = self._cut(data, at, ids)

    def take(self, count):
        """The next `count` replies; with None all up to that of a `mn`, which goes too."""
        begin = self._taken
        if count is not None:
            self._taken += count
            return self._pieces[begin:self._taken]
        end = next((at for at in range(begin, len(self._pieces)) if self._pieces[at] == META_END), None)
        self._taken = len(self._pieces) if end is None else end + 1
        return self._pieces[begin:end]

    def rest(self):
        return self._pieces[self._taken:]

    def _cut(self, data, start, ids):
        """Takes one reply from `start` on; returns where the next one starts."""
        if data.startswith(META_CODES, start):
            return self._cut_meta(data, start, ids)
        at = start
        rewritten = None
        while data.startswith(VALUE, at):
            line_end = data.find(b"\r\n", at)
            words = bytes(data[at:line_end]).split(b" ")
            if line_end < 0 or len(words) not in (4, 5) or not words[3].isdigit():
                self._pieces.append(bytes(data[start:]))
                return len(data)
            end = line_end + 2 + int(words[3]) + 2
            if len(words) == 5:
                rewritten = (rewritten or []) + [self._number(words, ids), data[line_end:end]]
            at = end
        line_end = data.find(b"\n", at)
        end = line_end + 1 if line_end >= 0 else len(data)
        if rewritten is None:
            self._pieces.append(_plain(bytes(data[start:end])))
        else:
            self._pieces.append(b"".join(rewritten) + bytes(data[at:end]))
        return end

    def _number(self, words, ids):
        """A VALUE line whose cas id is written as its number."""
        if not words[4].isdigit():
            return b" ".join(words)
        number = ids.number(int(words[4]))
        self.seen.append((words[1], number))
        return b"%s cas-number-%d" % (b" ".join(words[:4]), number)

    def _cut_meta(self, data, start, ids):
        """A line of flags, and the value that may follow it."""
        line_end = data.find(b"\r\n", start)
        words = bytes(data[start:line_end]).split(b" ")
        end = line_end + 2
        if words[0] == b"VA" and words[1].isdigit():
            end += int(words[1]) + 2
        if line_end < 0 or end > len(data):
            self._pieces.append(bytes(data[start:]))
            return len(data)
        first = 2 if words[0] == b"VA" else 1
        flags = [self._flag(word, words, ids) for word in words[first:]]
        self._pieces.append(b" ".join(words[:first] + flags) + bytes(data[line_end:end]))
        return end

    def _flag(self, word, words, ids):
        """A flag as it can be compared: cas ids by their number, what depends on the clock roughly."""
        letter, rest = word[:1], word[1:]
        if letter == b"c" and rest.isdigit() and rest != b"0":
            number = ids.number(int(rest))
            self.seen += [(key, number) for key in _keys_of(words)]
            return b"cas-number-%d" % number
        if letter == b"t" and rest.isdigit():
            return b"t-" + next(name for limit, name in TIMES_LEFT if int(rest) < limit)
        return b"l-seconds" if letter == b"l" and rest.isdigit() else word


def _keys_of(words):
    """The key that a reply repeats, if it does."""
    shown = [word[1:] for word in words if word.startswith(b"k")]
    return [base64.b64decode(key) for key in shown] if words[-1] == b"b" or b"b" in words else shown


def _plain(piece):
    """The version is each server's own."""
    return b"VERSION\r\n" if piece.startswith(VERSION) and piece.endswith(b"\r\n") else piece


def outcome(pieces):
    """What is counted of the replies to a command: the first word, and who is to renew a meta item."""
    if not pieces:
        return "(silent)"
    words = pieces[0].split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    if words[0].isdigit():
        return "(number)"
    return " ".join(words[:1] + [word for word in words[1:] if word in ("W", "X", "Z")])


def same(command, reference, subject):
    """Whether two replies count as equal for this command."""
    if reference == subject:
        return True
    return command.loose and reference == BARE_ERROR and subject == BAD_LINE
