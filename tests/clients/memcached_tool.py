#!/usr/bin/python3
"""memcached-tool, the script that comes with memcached, works unchanged and shows what it shows there."""

import re
import subprocess
import time

from fleet import TIME_LIMIT_S, options, same

import tap
from servers import Server

TOOL = "/usr/share/memcached/scripts/memcached-tool"
TOOL_LIMIT_S = 60
ITEMS = {
    "plain": (0, 0, b"hello"), "with/flags": (77, 0, b"x"), "dies/later": (0, 5000, b"1"), "empty": (0, 0, b""),
    "caf%C3%A9": (0, 0, b"a key that looks encoded"), "large": (3, 0, b"v" * 200_000),
}

# What Debian's 1.6.18 shows and 1.6.45 does not, or not when it is built without that part.
STATISTICS_GONE = ["slab_reassign_evictions_nomem"]
SETTINGS_CHANGED = {"num_napi_ids": "0", "slab_automove_window": "10"}  # by 1.6.45
PARTS_NOT_BUILT = ("ext_", "ssl_", "drop_privileges", "slab_automove_freeratio")


def main():
    chosen = options(__doc__)
    args = ["-t", chosen.threads, "-o", "track_sizes"]
    with Server(chosen.server, args, time_limit_s=TIME_LIMIT_S) as ours, \
            Server("memcached", args, time_limit_s=TIME_LIMIT_S) as theirs:
        due = fill(ours), fill(theirs)
        for name, test in TESTS:
            tap.case(f"memcached-tool {name}", lambda: test(ours, theirs))
        tap.case("memcached-tool dump: what expires does so when it was told to",
                 lambda: check_expiry(ours, due[0]))
    tap.finish()


def fill(server):
    """Stores the items; the second before and after which they were stored."""
    before = int(time.time())
    with server.connect() as wire:
        for key, (flags, ttl, value) in ITEMS.items():
            wire.send(b"set %s %d %d %d\r\n%s\r\n" % (key.encode(), flags, ttl, len(value), value))
            wire.expect(b"STORED\r\n")
    return before, int(time.time())


def tool(server, *words):
    """What the tool prints. It says nothing on stderr but that it dumps: no warning of Perl's either."""
    done = subprocess.run([TOOL, f"127.0.0.1:{server.port}", *words], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=TOOL_LIMIT_S, check=False)
    said = [line for line in done.stderr.splitlines() if not line.startswith(b"Dumping memcache")]
    same((done.returncode, said), (0, []), f"{words}: exit code and complaints")
    return done.stdout


def table(server, *words):
    """The two columns below the head of the table."""
    return dict(line.split(maxsplit=1) for line in tool(server, *words).decode().splitlines()[1:])


def dump(server):
    """What the dump would restore, by key."""
    restored = {}
    text = tool(server, "dump")
    while text:
        head, _, rest = text.partition(b"\r\n")
        word, key, flags, expires, size = head.split()
        same(word, b"add", "command in the dump")
        same(rest[int(size):int(size) + 2], b"\r\n", f"what follows the value of {key}")
        restored[key.decode()] = (int(flags), int(expires), rest[:int(size)])
        text = rest[int(size) + 2:]
    return restored


def shows_classes(ours, theirs):
    for server in (ours, theirs):
        head, *rows = tool(server, "display").decode().splitlines()
        same(head.split(), "# Item_Size Max_age Pages Count Full? Evicted Evict_Time OOM".split(), "head")
        columns = [row.split() for row in rows]
        same({len(row) for row in columns}, {9}, "columns")
        same(sum(int(row[4]) for row in columns), len(ITEMS), f"items of {server.kind}")
        same([row[6:] for row in columns if row[6:] != ["0", "0", "0"]], [], "evicted, out of memory")


def shows_statistics(ours, theirs):
    here, there = table(ours, "stats"), table(theirs, "stats")
    same(sorted(set(there) - set(here)), STATISTICS_GONE, "names that only memcached has")
    for name in ("curr_items", "total_items", "cmd_set", "threads", "pointer_size", "limit_maxbytes", "evictions"):
        same(here[name], there[name], name)


def shows_settings(ours, theirs):
    here, there = table(ours, "settings"), table(theirs, "settings")
    common = {name: value for name, value in there.items() if not name.startswith(PARTS_NOT_BUILT)}
    common |= SETTINGS_CHANGED | {"tcpport": str(ours.port)}
    same({name: here.get(name) for name in common}, common, "settings")


def shows_sizes(ours, theirs):
    for server in (ours, theirs):
        sizes = table(server, "sizes")
        same(sum(map(int, sizes.values())), len(ITEMS), f"items of {server.kind}")
        same([size for size in sizes if int(size) % 32], [], "sizes that are no multiples of 32")


def dumps(ours, theirs):
    here, there = dump(ours), dump(theirs)
    expected = {key: (flags, value) for key, (flags, _, value) in ITEMS.items()}
    for restored in (here, there):
        same({key: (flags, value) for key, (flags, _, value) in restored.items()}, expected, "restored")
    same({key for key, item in here.items() if item[1]}, {"dies/later"}, "what expires")


def check_expiry(ours, stored_between):
    expires = dump(ours)["dies/later"][1]
    earliest, latest = (second + ITEMS["dies/later"][1] for second in stored_between)
    if not earliest - 1 <= expires <= latest + 1:  # the servers' clocks tick once a second
        raise AssertionError(f"expires at {expires}, expected {earliest} to {latest}")


def lists_keys(ours, theirs):
    shape = re.compile(r"key=(\S+) exp=(-?\d+) la=\d+ cas=\d+ fetch=(yes|no) cls=\d+ size=\d+( flags=(\d+))? ?")
    listed = []
    for server in (ours, theirs):
        rows = [shape.fullmatch(line) for line in tool(server, "keys").decode().splitlines()]
        same(rows.count(None), 0, f"lines of another shape by {server.kind}")
        listed.append(sorted((row[1], row[2] == "-1", row[3]) for row in rows))
    same(listed[0], listed[1], "keys, whether they expire, whether they were fetched")


TESTS = [
    ("keys lists the keys", lists_keys),
    ("display shows the classes", shows_classes),
    ("stats shows every figure", shows_statistics),
    ("settings shows the same", shows_settings),
    ("sizes counts every item", shows_sizes),
    ("dump restores every item", dumps),
]

if __name__ == "__main__":
    main()
