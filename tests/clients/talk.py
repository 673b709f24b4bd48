"""One scenario for client libraries of any language: each is a program that is told what to call.

The program gets the port of a server, prints the verbs that it offers as a JSON list, and then for
each line [verb, argument...] a line with the result: true or false of what stores, a value or null
of what reads. After `gets` it remembers the cas id of that key, for `cas`.
"""

import hashlib
import json
import os
import subprocess
import threading
import time

from fleet import same

import tap

TIME_LIMIT_S = 120
EXPIRY_LIMIT_S = 30
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "languages")
TTL = 1000
LARGE = "".join(hashlib.sha256(b"%d" % number).hexdigest() for number in range(12_000))  # 750 KiB


class Client:
    """The program; it ends with the block, or with its time limit."""

    def __init__(self, command, server, args, env=None):
        self._process = subprocess.Popen([*command, str(server.port), *args], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                         env=None if env is None else {**os.environ, **env})
        self._limit = threading.Timer(TIME_LIMIT_S, self._process.kill)
        self._limit.start()
        self.verbs = None

    def __enter__(self):
        try:
            self.verbs = self._read()
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        try:
            self._process.communicate(timeout=TIME_LIMIT_S)
        finally:
            self._limit.cancel()
            self._process.kill()

    def call(self, verb, *args):
        self._process.stdin.write(json.dumps([verb, *args]) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self):
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"the client ended: {self._process.communicate()[1]}")
        return json.loads(line)


def play(name, client, verbs):
    """The scenario, each part whose verbs the client offers; `verbs` are those it is known for."""
    tap.case(f"{name}: it offers what it did", lambda: same(client.verbs, sorted(verbs), "verbs"))
    for title, needed, part in SCENARIO:
        if needed <= set(verbs):
            client.call("flush")
            tap.case(f"{name}: {title}", lambda: part(client.call))


def stores(call):
    same(call("get", "k"), None, "get of a missing key")
    same(call("set", "k", "one", 0), True, "set")
    same(call("get", "k"), "one", "get")
    same(call("set", "k", "", TTL), True, "set of an empty value")
    same(call("get", "k"), "", "get of an empty value")
    same(call("delete", "k"), True, "delete")
    same(call("get", "k"), None, "after delete")


def adds(call):
    same(call("replace", "k", "x", 0), False, "replace of a missing key")
    same(call("add", "k", "one", 0), True, "add")
    same(call("add", "k", "two", 0), False, "add of a key that exists")
    same(call("replace", "k", "three", TTL), True, "replace")
    same(call("get", "k"), "three", "get")


def joins(call):
    call("set", "k", "middle", 0)
    same(call("append", "k", "-end"), True, "append")
    same(call("prepend", "k", "start-"), True, "prepend")
    same(call("get", "k"), "start-middle-end", "the joined value")
    same(call("append", "missing", "x"), False, "append to a missing key")


def counts(call):
    call("set", "n", "10", 0)
    same(call("incr", "n", 90), 100, "incr")
    same(call("decr", "n", 1), 99, "decr")
    same(call("decr", "n", 1000), 0, "decr stops at 0")
    same(call("incr", "n", 2**32 - 1), 2**32 - 1, "incr by much")


def many(call):
    pairs = {f"key-{number}": f"value {number}" for number in range(300)}
    for key, value in pairs.items():
        call("set", key, value, 0)
    same(call("get_multi", *pairs, "missing"), pairs, "get_multi")


def many_stored(call):
    pairs = {f"key-{number}": f"value {number}" for number in range(300)}
    same(call("set_multi", pairs), True, "set_multi")
    same(call("get_multi", *pairs), pairs, "get_multi")


def many_deleted(call):
    call("set_multi", {"a": "1", "b": "2", "c": "3"})
    same(call("delete_multi", "a", "b"), True, "delete_multi")
    same([call("get", key) for key in "abc"], [None, None, "3"], "what is left")


def large(call):
    same(call("set", "k", LARGE, 0), True, "set")
    same(call("get", "k") == LARGE, True, "the large value comes back")
    same(call("set", "k", "small", 0), True, "set of a small one in its place")
    same(call("get", "k"), "small", "get")


def loses_a_race(call):
    same(call("gets", "missing"), None, "gets of a missing key")
    call("set", "k", "first", 0)
    same(call("gets", "k"), "first", "gets")
    same(call("cas", "k", "second", 0), True, "cas without a rival")
    same(call("cas", "k", "third", 0), False, "cas with a used id: the lost race")
    same(call("get", "k"), "second", "after the lost race")


def expires(call):
    call("set", "stays", "x", TTL)
    same(call("set", "goes", "x", 1), True, "set for a second")
    deadline = time.monotonic() + EXPIRY_LIMIT_S
    while call("get", "goes") is not None:
        if time.monotonic() > deadline:
            raise AssertionError("it does not expire")
        time.sleep(0.1)
    same(call("get", "stays"), "x", "what has time left")


def touches(call):
    call("set", "k", "x", 0)
    same(call("touch", "k", TTL), True, "touch")
    same(call("touch", "missing", TTL), False, "touch of a missing key")
    same(call("get", "k"), "x", "get")


def tells_version(call):
    same(call("version").split(".")[:2], ["1", "6"], "version")


SCENARIO = [
    ("set, get, delete", {"set", "get", "delete"}, stores),
    ("add, replace", {"add", "replace"}, adds),
    ("append, prepend", {"append", "prepend"}, joins),
    ("incr, decr", {"incr", "decr"}, counts),
    ("get_multi", {"get_multi"}, many),
    ("set_multi", {"set_multi"}, many_stored),
    ("delete_multi", {"set_multi", "delete_multi"}, many_deleted),
    ("a large value", {"set", "get"}, large),
    ("gets and cas with a lost race", {"gets", "cas"}, loses_a_race),
    ("expiry", {"set", "get"}, expires),
    ("touch", {"touch"}, touches),
    ("version", {"version"}, tells_version),
]
