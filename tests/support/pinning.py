"""Which cores a process that is started here may run on."""

import contextlib
import os


@contextlib.contextmanager
def pinned_to(*numbers):
    """What is started in this block runs on these of our cores alone (counted from 0; where there
    are fewer, the last one stands in for those that are missing)."""
    before = os.sched_getaffinity(0)
    ours = sorted(before)
    os.sched_setaffinity(0, {ours[min(number, len(ours) - 1)] for number in numbers})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
