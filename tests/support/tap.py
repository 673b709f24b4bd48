"""Test results in the Test Anything Protocol, which `meson test` reads (protocol: 'tap')."""

import sys
import threading
import traceback

_lock = threading.Lock()
_done = 0
_failed = 0


def case(name, test):
    """Runs one test: it passes when `test()` returns and fails when it raises."""
    try:
        test()
    except Exception as error:  # a test may raise anything, and the next one still runs
        failed(name, "".join(traceback.format_exception(error)))
        return False
    passed(name)
    return True


def passed(name):
    _print("ok", name, "")


def failed(name, why):
    _print("not ok", name, why)


def note(text):
    """A remark that is no result."""
    with _lock:
        for line in str(text).splitlines():
            print(f"# {line}", flush=True)


def finish():
    """Prints the plan and ends the process: 0 when all passed. No case at all is a failure."""
    with _lock:
        print(f"1..{_done}", flush=True)
    sys.exit(1 if _failed or not _done else 0)


def _print(verdict, name, why):
    global _done, _failed
    with _lock:
        _done += 1
        _failed += verdict != "ok"
        print(f"{verdict} {_done} - {name.replace('#', '')}", flush=True)
        for line in why.splitlines():
            print(f"# {line}", flush=True)
