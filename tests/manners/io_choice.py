"""Which way into the kernel the server takes: io_uring, or epoll where that is refused, and what it says.

RINGCACHED names the ringcached executable. What is refused is refused by a seccomp filter of its own.
"""

import errno
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import seccomp  # noqa: E402
import servers  # noqa: E402
import tap  # noqa: E402

LIMIT_S = 60
OS_ERROR = 71
PROFILE = HERE.parent.parent / "tools" / "seccomp-io_uring.json"
IO_URING = ("io_uring_setup", "io_uring_enter", "io_uring_register")
VALUE = b"x" * 100_000


def no_setup(error=errno.EPERM):
    return lambda: seccomp.refuse(seccomp.IO_URING_SETUP, error)


def no_enter():
    seccomp.refuse(seccomp.IO_URING_ENTER, errno.EPERM)


def no_leak_check():
    """Where the server is built with AddressSanitizer: its search for leaks needs ptrace, which the profile
    refuses."""
    return {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


def expect(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r}, not {wanted!r}")


def serves(io, args=(), before=None):
    """The server takes this way, and its core and its neighbour's answer. Returns what it has said."""
    with servers.Server("ringcached", ["-t", 2, *args], time_limit_s=LIMIT_S, before=before,
                        env=no_leak_check()) as server:
        with server.connect() as wire:
            wire.send(b"stats ring\r\n")
            lines = wire.read_until(b"END\r\n").decode().splitlines()
            expect([line for line in lines if line.startswith("STAT io ")], [f"STAT io {io}"], "stats ring")
            for number in range(20):
                wire.send(b"set key%d 0 0 %d\r\n%s\r\nget key%d\r\n" % (number, len(VALUE), VALUE, number))
                wire.expect(b"STORED\r\nVALUE key%d 0 %d\r\n%s\r\nEND\r\n" % (number, len(VALUE), VALUE))
        return server.log()


def silent(io, args=(), before=None):
    expect(serves(io, args, before), "(no output)", "what is said")


def said_once(words, before):
    """Epoll is taken, with one line that says why."""
    line = serves("epoll", (), before)
    if "\n" in line or not all(word in line for word in ("using epoll", *words)):
        raise AssertionError(line)


def asked_for_in_vain():
    as_root = ["-u", "root"] if os.geteuid() == 0 else []
    port = servers.free_port()
    done = subprocess.run([servers.binary("ringcached"), *as_root, "-l", "127.0.0.1", "-p", str(port),
                           "-o", "io=uring"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=LIMIT_S, check=False, preexec_fn=no_setup())
    expect(done.returncode, OS_ERROR, "exit code")
    text = done.stdout.decode()
    if text.count("\n") != 1 or not all(word in text for word in ("io_uring_setup", "seccomp", "allow")):
        raise AssertionError(text)


def profile_refuses_the_rest():
    done = subprocess.run(["sh", "-c", "ls / >/dev/null && echo listed; unshare -U true || echo refused"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=LIMIT_S, check=False,
                          preexec_fn=lambda: seccomp.confine(PROFILE))
    expect(done.stdout, b"listed\nrefused\n", "a shell under the profile")


def main():
    unprivileged = ["-u", "nobody"] if os.geteuid() == 0 else []
    for name, test in (
        ("io_uring is taken where it is allowed, and nothing is said",
         lambda: silent("uring")),
        ("-o io=uring takes it too", lambda: silent("uring", ["-o", "io=uring"])),
        ("-o io=epoll works where io_uring is refused, and says nothing", lambda: silent("epoll", ["-o", "io=epoll"], no_setup())),
        ("EPERM for io_uring_setup: epoll, and a line that names seccomp",
         lambda: said_once(("io_uring_setup", "not permitted", "seccomp"), no_setup())),
        ("ENOSYS for io_uring_setup: epoll, and a line that names the kernel",
         lambda: said_once(("io_uring_setup", "not implemented", "kernel"), no_setup(errno.ENOSYS))),
        ("EPERM for io_uring_enter alone: epoll, and a line that names it",
         lambda: said_once(("io_uring_enter", "not permitted"), no_enter)),
        ("-o io=uring where it is refused: one line, exit 71", asked_for_in_vain),
        ("under tools/seccomp-io_uring.json io_uring is taken",
         lambda: silent("uring", unprivileged, lambda: seccomp.confine(PROFILE))),
        ("under that profile without its io_uring calls: epoll, and a line that names seccomp",
         lambda: said_once(("io_uring_setup", "seccomp"), lambda: seccomp.confine(PROFILE, IO_URING))),
        ("under that profile a shell works, and a new user namespace is refused", profile_refuses_the_rest),
    ):
        tap.case(name, test)
    tap.finish()


if __name__ == "__main__":
    main()
