"""Servers under test: ringcached, memcached, limit_server; started, watched and always ended."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import listeners
from wire import Wire

START_LIMIT_S = 30.0
STOP_LIMIT_S = 20.0
PORT_ATTEMPTS = 10
LOG_SHOWN_BYTES = 8000
PR_SET_PDEATHSIG = 1
ACCEPTS_UNIX = 0x10000
MEMCACHED = "/usr/bin/memcached"  # Debian's
NAMED_BY = {"ringcached": "RINGCACHED", "limit_server": "LIMIT_SERVER"}  # environment variables

_libc = ctypes.CDLL(None, use_errno=True)


class ServerError(AssertionError):
    """The server did not start, or did not end as it should; the message carries its output."""


def binary(kind):
    """The executable; a missing one fails the test (never skips it)."""
    if kind == "memcached":
        path = MEMCACHED
    else:
        path = os.environ.get(NAMED_BY[kind], "")
        if not path:
            raise ServerError(f"set {NAMED_BY[kind]} to the {kind} executable")
    if not os.access(path, os.X_OK):
        raise ServerError(f"{kind}: no executable at {path}")
    return path


def free_port():
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def io_args(kind):
    """RINGCACHED_IO=uring or epoll: every ringcached of this run speaks to the kernel in that way."""
    chosen = os.environ.get("RINGCACHED_IO", "")
    return ["-o", f"io={chosen}"] if chosen and kind == "ringcached" else []


class Server:
    """A running server: `with Server('ringcached', ['-t', '4']) as server: ...`

    It dies with the thread that started it (parent death signal) and after `time_limit_s` (an alarm
    that it inherits), so nothing is left behind even when the test is killed. Leaving the block,
    which may be entered once it runs, stops it; an exit code other than `expected_exit` then fails the test.

    `unix`: None for TCP, True for a socket in a temporary folder, or a path.
    `port`: the TCP port, None: any that is free.
    `before`: called in the child before it becomes the server.
    """

    def __init__(self, kind, args=(), unix=None, time_limit_s=300, env=None, before=None, port=None):
        self.kind = kind
        self.args = [str(arg) for arg in args]
        self.time_limit_s = time_limit_s
        self.env = env
        self.before = before
        self.expected_exit = {0}
        self.exit_code = None
        self.port = None
        self.unix_path = None
        self._unix = unix
        self._given_port = port
        self._process = None
        self._folder = None
        self._log = "(no output)"

    def __enter__(self):
        return self.start() if self._folder is None else self

    def __exit__(self, kind, error, _trace):
        try:
            self.stop()
        except ServerError as stop_error:
            if error is None:
                raise
            error.add_note(str(stop_error))
        else:
            if error is not None:
                error.add_note(f"output of {self.kind}: {self._log}")

    def start(self):
        """Starts the process and waits until it listens."""
        assert self._folder is None, "it was started already"
        self._folder = tempfile.mkdtemp(prefix="rc-")
        try:
            for _ in range(PORT_ATTEMPTS):
                self._launch()
                if self._wait_until_listening():
                    return self
                log = self.log()
                if self._unix is not None or not _lost_port(log):
                    raise ServerError(f"{self.kind} ended at start with {self.exit_code}: {log}")
            raise ServerError(f"no free port in {PORT_ATTEMPTS} attempts")
        except BaseException:
            self.kill()
            self._remove_folder()
            raise

    def stop(self):
        """Asks the server to end, waits, and checks its exit code. Does nothing the second time."""
        if self._process is None or self._folder is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self.wait_exit(STOP_LIMIT_S)
        finally:
            self.kill()
            self._log = self.log()
            self._remove_folder()
        if self.exit_code not in self.expected_exit:
            raise ServerError(f"{self.kind} ended with {self.exit_code}, expected "
                              f"{sorted(self.expected_exit)}: {self._log}")

    def wait_exit(self, limit_s=STOP_LIMIT_S):
        """Waits until the process has ended by itself; returns its exit code (-N for signal N)."""
        try:
            self.exit_code = self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise ServerError(f"{self.kind} still runs after {limit_s} s: {self.log()}") from None
        return self.exit_code

    def send_signal(self, number):
        self._process.send_signal(number)

    def kill(self):
        """Ends the process whatever its state; its exit code is kept."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.kill()
        self.exit_code = self._process.wait()

    def log(self):
        """The end of what the server wrote to its stdout and stderr."""
        path = os.path.join(self._folder, "log") if self._folder else ""
        if not os.path.exists(path):
            return self._log
        with open(path, "rb") as log:
            log.seek(max(0, os.path.getsize(log.name) - LOG_SHOWN_BYTES))
            return log.read().decode(errors="replace").strip() or "(no output)"

    def running(self):
        return self._process.poll() is None

    @property
    def pid(self):
        return self._process.pid

    @property
    def address(self):
        """What socket.connect wants: a path, or (host, port)."""
        return self.unix_path or ("127.0.0.1", self.port)

    def connect(self):
        """A new connection."""
        family = socket.AF_UNIX if self.unix_path else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(START_LIMIT_S)
        try:
            sock.connect(self.address)
        except BaseException:
            sock.close()
            raise
        return Wire(sock)

    def rss_bytes(self):
        """Resident memory of the process."""
        with open(f"/proc/{self.pid}/status") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise ServerError(f"{self.kind} has no resident size: it ended")

    def _launch(self):
        command = [binary(self.kind)]
        is_memcached = self.kind != "limit_server"  # which serves anybody, on loopback alone
        if is_memcached and os.geteuid() == 0 and "-u" not in self.args:
            command += ["-u", "root"]
        if self._unix is None:
            self.port = self._given_port or free_port()
            command += ["-p", str(self.port)]
            command += ["-l", "127.0.0.1", "-U", "0"] if is_memcached else []
        else:
            named = isinstance(self._unix, str)
            self.unix_path = self._unix if named else os.path.join(self._folder, "socket")
            command += ["-s", self.unix_path]
        parent = os.getpid()
        with open(os.path.join(self._folder, "log"), "wb") as log:
            self._process = subprocess.Popen(
                command + io_args(self.kind) + self.args, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=None if self.env is None else {**os.environ, **self.env},
                start_new_session=True, preexec_fn=lambda: self._prepare(parent))

    def _prepare(self, parent):
        """Runs in the child."""
        _bind_life(parent, self.time_limit_s)
        if self.before is not None:
            self.before()

    def _wait_until_listening(self):
        """True once the process itself listens; False when it ended first."""
        deadline = time.monotonic() + START_LIMIT_S
        pause_s = 0.002
        while not self._listens():
            if self._process.poll() is not None:
                self.exit_code = self._process.returncode
                return False
            if time.monotonic() > deadline:
                raise ServerError(f"{self.kind} does not listen in {START_LIMIT_S} s: {self.log()}")
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, 0.05)
        return True

    def _listens(self):
        inodes = _unix_inodes(self.unix_path) if self.unix_path else listeners.inodes(self.port)
        return bool(inodes & _open_sockets(self.pid))

    def _remove_folder(self):
        if self._folder is not None:
            self._log = self.log()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _bind_life(parent, time_limit_s):
    """Runs in the child: it is to end with its parent, and in any case at its time limit."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.alarm(int(time_limit_s))


def _lost_port(log):
    return any(words in log.lower() for words in ("address already in use", "failed to listen"))


def _unix_inodes(path):
    """Inodes of the sockets that listen at the path."""
    found = set()
    with open("/proc/net/unix") as table:
        for row in table.read().splitlines()[1:]:
            words = row.split(maxsplit=7)
            if len(words) == 8 and words[7] == path and int(words[3], 16) & ACCEPTS_UNIX:
                found.add(words[6])
    return found


def _open_sockets(pid):
    """Inodes of the sockets that the process has open."""
    found = set()
    folder = f"/proc/{pid}/fd"
    try:
        for entry in os.listdir(folder):
            try:
                target = os.readlink(os.path.join(folder, entry))
            except FileNotFoundError:
                continue
            if target.startswith("socket:["):
                found.add(target[len("socket:["):-1])
    except FileNotFoundError:
        pass
    return found
