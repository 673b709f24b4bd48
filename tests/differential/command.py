"""One unit of a stream: the bytes of a command, and how many replies they draw."""

LATEST_CAS = 1 << 63  # ids from here on are never given out: a cas with one of them must not match


class Command:
    """What is sent for one command.

    `number`: the cas id by its number of first appearance, since each server has ids of its own;
    None when the command carries no cas id. `replies`: how many replies it draws (0 with noreply);
    None when that depends on its success: then a `mn` ends it, and its reply them.
    `loose`: the line is too short, which memcached before 1.6.45 refused with a bare ERROR.
    """

    __slots__ = ("verb", "head", "number", "tail", "replies", "loose")

    def __init__(self, verb, head, replies=1, number=None, tail=b"", loose=False):
        self.verb = verb
        self.head = head
        self.number = number
        self.tail = tail
        self.replies = replies
        self.loose = loose

    def bytes_for(self, ids):
        """The bytes for the server whose cas ids these are."""
        if self.number is None:
            return self.head
        return b"%s%d%s" % (self.head, ids.real(self.number), self.tail)


class CasIds:
    """One server's cas ids, numbered in the order in which they appeared in its replies."""

    def __init__(self):
        self._numbers = {}
        self._real = []

    def number(self, real):
        """The number of an id; a new id gets the next one."""
        number = self._numbers.get(real)
        if number is None:
            number = self._numbers[real] = len(self._real)
            self._real.append(real)
        return number

    def real(self, number):
        """The id with this number; numbers from LATEST_CAS on, and -1 for zero, stand for no item's id."""
        if number < 0:
            return 0
        return self._real[number] if number < LATEST_CAS else number
