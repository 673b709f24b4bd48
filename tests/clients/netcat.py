#!/usr/bin/python3
"""`printf ... | nc -N`: a client that says goodbye at once still gets every answer."""

import subprocess

from fleet import one_server, options, same

import tap

TOOL = "/usr/bin/nc"
TOOL_LIMIT_S = 60
GETS = 5000
LARGE = b"0123456789abcdef" * 16384 * 2  # 512 KiB


def main():
    chosen = options(__doc__)
    with one_server(chosen) as server:
        where = ["127.0.0.1", str(server.port)]
        tap.case("nc: set and get", lambda: set_and_get(where))
        tap.case("nc: thousands of gets", lambda: many_gets(where))
        tap.case("nc: a large value, in and out", lambda: large_value(where))
        tap.case("nc: a command without its end is not run", lambda: unfinished(where))
        tap.case("nc: quit", lambda: quits(where))
    with one_server(chosen, unix=True) as server:
        tap.case("nc: a unix socket", lambda: set_and_get(["-U", server.unix_path]))
    tap.finish()


def answer(where, said):
    """What the server answers until it closes; -N closes our side once all is sent."""
    return subprocess.run([TOOL, "-N", *where], input=said, stdout=subprocess.PIPE,
                          timeout=TOOL_LIMIT_S, check=True).stdout


def set_and_get(where):
    same(answer(where, b"set a 0 0 1\r\nx\r\nget a\r\n"), b"STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n", "answer")


def many_gets(where):
    said = b"set a 5 0 3\r\nabc\r\n" + b"get a\r\n" * GETS
    same(answer(where, said), b"STORED\r\n" + b"VALUE a 5 3\r\nabc\r\nEND\r\n" * GETS, "answer")


def large_value(where):
    said = b"set large 0 0 %d\r\n%s\r\n" % (len(LARGE), LARGE) + b"get large\r\n" * 8
    reply = answer(where, said)
    one = b"VALUE large 0 %d\r\n%s\r\nEND\r\n" % (len(LARGE), LARGE)
    same(len(reply), len(b"STORED\r\n") + 8 * len(one), "length of the answer")
    same(reply == b"STORED\r\n" + one * 8, True, "the answer is what was stored")


def unfinished(where):
    same(answer(where, b"set b 0 0 5\r\nabc"), b"", "answer to half a value")
    same(answer(where, b"get b"), b"", "answer to half a line")
    same(answer(where, b"get b\r\n"), b"END\r\n", "the half value was not stored")


def quits(where):
    same(answer(where, b"get missing\r\nquit\r\nget missing\r\n"), b"END\r\n", "answer")


if __name__ == "__main__":
    main()
