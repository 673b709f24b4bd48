"""Cuts a stream of replies into one piece per command, with cas ids replaced by their numbers."""

VERSION = b"VERSION "
VALUE = b"VALUE "
BAD_LINE = b"CLIENT_ERROR bad command line format\r\n"
BARE_ERROR = b"ERROR\r\n"


class Replies:
    """The replies of one batch: `pieces` (normalised), and the cas numbers seen as (key, number)."""

    __slots__ = ("pieces", "seen")

    def __init__(self, data, ids):
        self.pieces = []
        self.seen = []
        at = 0
        while at < len(data):
            at = self._cut(data, at, ids)

    def _cut(self, data, start, ids):
        """Takes one reply from `start` on; returns where the next one starts."""
        at = start
        rewritten = None
        while data.startswith(VALUE, at):
            line_end = data.find(b"\r\n", at)
            words = bytes(data[at:line_end]).split(b" ")
            if line_end < 0 or len(words) not in (4, 5) or not words[3].isdigit():
                self.pieces.append(bytes(data[start:]))
                return len(data)
            end = line_end + 2 + int(words[3]) + 2
            if len(words) == 5:
                rewritten = (rewritten or []) + [self._number(words, ids), data[line_end:end]]
            at = end
        line_end = data.find(b"\n", at)
        end = line_end + 1 if line_end >= 0 else len(data)
        if rewritten is None:
            self.pieces.append(_plain(bytes(data[start:end])))
        else:
            self.pieces.append(b"".join(rewritten) + bytes(data[at:end]))
        return end

    def _number(self, words, ids):
        """A VALUE line whose cas id is written as its number."""
        if not words[4].isdigit():
            return b" ".join(words)
        number = ids.number(int(words[4]))
        self.seen.append((words[1], number))
        return b"%s cas-number-%d" % (b" ".join(words[:4]), number)


def _plain(piece):
    """The version is each server's own."""
    return b"VERSION\r\n" if piece.startswith(VERSION) and piece.endswith(b"\r\n") else piece


def same(command, reference, subject):
    """Whether two replies count as equal for this command."""
    if reference == subject:
        return True
    return command.loose and reference == BARE_ERROR and subject == BAD_LINE
