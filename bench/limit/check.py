"""Claims about the limit server: its replies are the ones a real server would send, byte for byte.

LIMIT_SERVER names its executable.
"""

import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "support"))

import tap  # noqa: E402
from servers import Server  # noqa: E402

TIME_LIMIT_S = 120
KEY_SIZE = 20
SMALL, LARGE = 100, 1 << 20
SIZES = ([1], [2], [3, 50, 7], [1000], [1 << 20])


def server(*options, unix=None):
    return Server("limit_server", options, unix=unix, time_limit_s=TIME_LIMIT_S)


def hits(keys, value_size):
    line = b"VALUE " + b"k" * KEY_SIZE + b" 0 %d\r\n" % value_size
    return (line + b"v" * value_size + b"\r\n") * keys + b"END\r\n"


def get(keys):
    return b"get" + b" some-key-of-20-bytes" * keys + b"\r\n", keys


def stream(rng, requests, value_size):
    """Requests at random and what they are to be answered."""
    asked, answered = [], []
    for _ in range(requests):
        kind = rng.randrange(4)
        if kind == 0:
            # The value looks like requests: it is skipped by its length.
            value = b"get a\r\nset b 0 0 5\r\n"[:rng.randrange(21)]
            asked.append(b"set some-key 7 0 %d\r\n%s\r\n" % (len(value), value))
            answered.append(b"STORED\r\n")
        elif kind == 1:
            asked.append(b"version\r\n")
            answered.append(b"ERROR\r\n")
        else:
            line, keys = get(1 if kind == 2 else rng.randrange(1, 1500 if value_size < 200 else 3))
            asked.append(line)
            answered.append(hits(keys, value_size))
    return b"".join(asked), b"".join(answered)


def answers_in_any_pieces(unix, threads):
    rng = random.Random(1)
    with server("-t", threads, unix=unix) as running:
        for sizes in SIZES:
            asked, answered = stream(rng, 30, SMALL)
            with running.connect() as wire:
                wire.send_fragmented(asked[:20000], sizes)
                wire.send(asked[20000:])
                wire.expect(answered)


def answers_values_larger_than_sockets_take():
    asked, answered = stream(random.Random(2), 40, LARGE)
    with server("-v", LARGE) as running, running.connect() as wire:
        wire.send(asked)
        wire.expect(answered)


def waits_for_who_does_not_read():
    """What is owed to one client does not stop another, and comes once the client reads."""
    with server("-v", LARGE) as running, running.connect() as slow, running.connect() as quick:
        slow.send(get(1)[0] * 20)
        quick.send(get(1)[0] * 2)
        quick.expect(hits(1, LARGE) * 2)
        slow.expect(hits(1, LARGE) * 20)


def takes_values_of_any_size():
    with server() as running, running.connect() as wire:
        wire.send(b"set a 0 0 %d\r\n%s\r\n" % (3 * LARGE, b"\n" * 3 * LARGE) + get(1)[0])
        wire.expect(b"STORED\r\n" + hits(1, SMALL))


def answers_what_came_before_the_end():
    with server() as running, running.connect() as wire:
        wire.send(get(1)[0] * 3)
        wire.shutdown_write()
        wire.expect(hits(1, SMALL) * 3)
        assert wire.at_eof()


def descriptors_are_used_again():
    with server("-t", 2) as running:
        for _ in range(300):
            with running.connect() as wire:
                wire.send(get(2)[0])
                wire.expect(hits(2, SMALL))


def hangs_up_on_a_set_without_length():
    with server() as running, running.connect() as wire:
        wire.send(b"set a 0 0 x\r\n")
        assert wire.at_eof()


for where in (None, True):
    for thread_count in (1, 2):
        tap.case(f"replies are exact in any pieces, {'unix' if where else 'tcp'}, -t {thread_count}",
                 lambda where=where, count=thread_count: answers_in_any_pieces(where, count))
for claim in (answers_values_larger_than_sockets_take, waits_for_who_does_not_read,
              takes_values_of_any_size, answers_what_came_before_the_end,
              descriptors_are_used_again, hangs_up_on_a_set_without_length):
    tap.case(claim.__name__.replace("_", " "), claim)
tap.finish()
