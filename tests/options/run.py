"""Options that end the process: ringcached and memcached get the same ones and end alike.

RINGCACHED names the ringcached executable; memcached is Debian's.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import servers  # noqa: E402
import tap  # noqa: E402

LIMIT_S = 30
EX_USAGE = 64
VERSION = "ringcached 0.1.0 (memcached protocol 1.6.45)"

# What both refuse with the same exit code, and a word that ringcached's message must contain.
REFUSED_BY_BOTH = [
    ("-p 99999", "65535"),
    ("-U 99999", "65535"),
    ("-f 1", "greater than 1"),
    ("-f 0.5", "greater than 1"),
    ("-f x", "greater than 1"),
    ("-I 512", "1024m"),
    ("-I 1x", "1024m"),
    ("-I 64m", "half of -m"),
    ("-m 4000 -I 1025m", "1024m"),
    ("-m x", "MiB"),
    ("-m 0", "MiB"),
    ("-t 0", "at least 1"),
    ("-t x", "at least 1"),
    ("-c 0", "at least 1"),
    ("-c x", "at least 1"),
    ("-n 0", "at least 1"),
    ("-n x", "at least 1"),
    ("-R 0", "at least 1"),
    ("-R x", "at least 1"),
    ("-N 0", "at least 1"),
    ("-N 5 -t 4", "-t"),
    ("-B foo", "ascii"),
    ("-Q", "Illegal argument \"?\""),
    ("--nosuch", "Illegal argument \"?\""),
    ("-p", "Illegal argument \"?\""),
    ("-o foo", "Illegal suboption \"foo\""),
    ("-o modern,foo=3", "Illegal suboption \"foo=3\""),
    ("-o hashpower", "12 to 32"),
    ("-o hashpower=3", "12 to 32"),
    ("-o hashpower=33", "12 to 32"),
    ("-o hash_algorithm", "expected"),
    ("-o hash_algorithm=foo", "jenkins, murmur3 or xxh3"),
    ("-o tail_repair_time=5", "at least 10"),
    ("-o lru_crawler_sleep=2000000", "1000000"),
    ("-o slab_automove=5", "0 to 2"),
    ("-o slab_automove_ratio=3", "at most 1"),
    ("-o slab_automove_window=2", "3 to 1800"),
    ("-o slab_sizes=1-20", "slab size 1 is out of valid range"),
    ("-o slab_sizes=48-50", "slab size 50 must be at least 8 bytes larger than previous class"),
    ("-o slab_sizes=100-90", "slab size 90 cannot be lower than or equal to a previous class size"),
    ("-o slab_sizes=100-99999999", "slab size 99999999 is out of valid range"),
    ("-o slab_sizes=" + "-".join(str(100 + 10 * i) for i in range(63)), "too many slab classes specified"),
    ("-o hot_lru_pct=90", "1 to 79"),
    ("-o hot_lru_pct=50,warm_lru_pct=50", "80"),
    ("-o hot_max_factor=0", "greater than 0"),
    ("-o temporary_ttl", "expected"),
    ("-o temporary_ttl=5,no_lru_maintainer", "lru_maintainer"),
    ("-o idle_timeout", "expected"),
    ("-o watcher_logbuf_size", "expected"),
    ("-o read_buf_mem_limit", "expected"),
    ("-o slab_chunk_max=300", "power of two"),
]

# What memcached takes, or cannot even be asked, and ringcached refuses: its exit code, a word of its
# message. (memcached: takes "x" for the number 0, complains and goes on, crashes, or has the feature.)
REFUSED_BY_US = [
    ("-p abc", EX_USAGE, "65535"),
    ("-b x", 1, "at least 0"),
    ("-a 999", 1, "octal"),
    ("-l 127.0.0.1:999999", 1, "65535"),
    ("-m 4g", EX_USAGE, "MiB"),
    ("-Z", EX_USAGE, "TLS is not supported yet"),
    ("-S -Y /nonexistent", EX_USAGE, "two ways to log in"),
    ("-Y /nonexistent -B binary", EX_USAGE, "text protocols"),
    ("-e /nonexistent", 1, "not supported yet"),
    ("-o slab_chunk_max=0", 1, "1 to 1024"),
    ("-o lru_crawler_tocrawl=99999999999", 1, "at least 0"),
    ("-o slab_sizes", EX_USAGE, "expected"),
    ("-o ext_path=/nonexistent:1G", 1, "not supported yet"),
    ("-o ssl_key=x", 1, "not supported yet"),
    ("-o proxy_config=x", 1, "not supported yet"),
    ("-o io=select", 1, "auto, uring or epoll"),
    ("-o io", 1, "expected a value"),
    ("-o drop_privileges", 1, "not supported yet"),
]

# What both take; -V ends them before they listen.
TAKEN_BY_BOTH = [
    "", "-vvv", "--verbose=3", "-vv --verbose", "-N2", "-L", "-p-1", "-p 0", "-U 0", "-U 11211", "-U -1", "-D :",
    "-X", "-W", "-C -M -F -A -k -r", "--napi-ids=2", "--unix-mask=700", "-l a,b -l [::1]:5",
    "-f 1.1 -n 64 -R 5 -b 5", "-B ascii", "-B auto", "-B binary", "-o modern", "-o no_modern,lru_crawler",
    "-o maxconns_fast,hashpower=20,", "-o slab_automove,slab_reassign,no_slab_automove",
    "-o no_hashexpand,track_sizes,resp_obj_mem_limit=3", "-o maxconns_fast=3", "surplus",
]


def run(kind, args):
    """(exit code, stdout and stderr) of a process that is to end by itself.

    Should it start after all, it listens on a socket in a folder of its own, until the limit.
    """
    user = ["-u", "root"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="rc-") as folder:
        return run_bare(kind, user + ["-s", os.path.join(folder, "socket")] + args)


def run_bare(kind, args):
    done = subprocess.run([servers.binary(kind)] + args, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT_S,
                          check=False)
    return done.returncode, done.stdout.decode(errors="replace")


def expect(code, word, got):
    if got[0] != code or word not in got[1]:
        raise AssertionError(f"expected exit code {code} and {word!r}, got {got[0]} and {got[1]!r}")


def check_refused_alike(args, word):
    ours = run("ringcached", args)
    expect(run("memcached", args)[0], word, ours)
    if ours[0] == 0:
        raise AssertionError("nothing was refused")


def check_taken_alike(args):
    code, text = run("memcached", args + ["-V"])
    if code != 0:
        raise AssertionError(f"memcached ends with {code}: {text}")
    expect(0, VERSION, run("ringcached", args + ["-V"]))


def check_root_without_user():
    for kind in ("memcached", "ringcached"):
        expect(EX_USAGE, "can't run as root without the -u switch", run_bare(kind, []))


def main():
    for line, word in REFUSED_BY_BOTH:
        tap.case(f"both refuse {line}", lambda: check_refused_alike(line.split(), word))
    for line, code, word in REFUSED_BY_US:
        tap.case(f"ringcached refuses {line}",
                 lambda: expect(code, word, run("ringcached", line.split())))
    for line in TAKEN_BY_BOTH:
        tap.case(f"both take {line or 'no option'}", lambda: check_taken_alike(line.split()))
    if os.geteuid() == 0:
        tap.case("root needs -u", check_root_without_user)
    tap.finish()


main()
