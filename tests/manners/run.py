"""How the daemon behaves to its operator: addresses, sockets, users, pid files, signals.

RINGCACHED names the ringcached executable. Each server has a time limit and is ended by its pid.
"""

import ctypes
import os
import pathlib
import pwd
import re
import resource
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import servers  # noqa: E402
import tap  # noqa: E402

LIMIT_S = 60
OS_ERROR = 71
CLONE_NEWNET = 0x40000000
OPEN_TO_ALL = (r"Warning: listening on (tcp|tcp6|udp|udp6):(0\.0\.0\.0|\[::\]):%d without authentication: whoever reaches "
               r"it may read, change and flush everything; see -l, -Y and -S\n")
AS_ROOT = ["-u", "root"] if os.geteuid() == 0 else []


class Started:
    """A server started with exactly these arguments, and ended at the end of the block."""

    def __init__(self, *args, env=None, user=AS_ROOT, limits=None, before=None):
        self._args = [servers.binary("ringcached"), *user, *map(str, args)]
        self._env = {**os.environ, **(env or {})}
        self._limits = limits or {}
        self._before = before

    def __enter__(self):
        self.process = subprocess.Popen(["timeout", "-k", "5", str(LIMIT_S), *self._args], env=self._env,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        start_new_session=True, preexec_fn=self._prepare)
        return self

    def _prepare(self):
        for which, limit in self._limits.items():
            resource.setrlimit(which, (limit, limit))
        if self._before is not None:
            self._before()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(LIMIT_S)
        self.process.stdout.close()

    def ends(self):
        """(exit code, output) of a server that ends by itself."""
        output, _ = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, output.decode()


def wait_for(what, condition):
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {LIMIT_S} s for {what}")


def answers(family, address):
    """The reply to `version`, or None while nobody listens."""
    with socket.socket(family) as client:
        client.settimeout(LIMIT_S)
        try:
            client.connect(address)
        except OSError:
            return None
        client.sendall(b"version\r\n")
        return client.recv(100)


def served(family, address):
    wait_for(f"an answer on {address}", lambda: answers(family, address) == b"VERSION 1.6.45\r\n")


def same(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r}, not {wanted!r}")


def several_addresses():
    one, two, three = servers.free_port(), servers.free_port(), servers.free_port()
    with Started("-p", one, "-l", f"127.0.0.1,127.0.0.2:{two}", "-l", f"[::1]:{three}"):
        served(socket.AF_INET, ("127.0.0.1", one))
        served(socket.AF_INET, ("127.0.0.2", two))
        served(socket.AF_INET6, ("::1", three))
        same(answers(socket.AF_INET, ("127.0.0.2", one)), None, "an address that was not asked for")


def no_network():
    """Runs in the child: a network of its own, in which nobody else is, and not even loopback is up."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def said_at_start(*args, before=None, env=None):
    """What it has written before the line in which -v says that it serves."""
    with Started("-v", "-t", 1, *args, before=before, env=env) as server:
        lines = []
        while not (line := server.process.stdout.readline().decode()).startswith("ringcached 0."):
            if not line:
                raise AssertionError(f"it ended: {lines}")
            lines.append(line)
    return lines


def open_to_all():
    """One line, whatever it listens on; none on loopback, on a unix socket, or where a password is asked for."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        users = pathlib.Path(folder, "users")
        users.write_text("bob:secret\n", encoding="ascii")
        port = servers.free_port()
        for args in (("-p", port), ("-p", port, "-l", "*"), ("-p", port, "-l", "0.0.0.0", "-U", port),
                     ("-p", 0, "-U", port, "-l", "0.0.0.0")):
            lines = said_at_start(*args, before=no_network)
            if len(lines) != 1 or not re.fullmatch(OPEN_TO_ALL % port, lines[0]):
                raise AssertionError(f"{args}: {lines}")
        same(said_at_start("-p", port, "-Y", users, before=no_network), [], "what it says with -Y")
        known = {"MEMCACHED_SASL_PWDB": str(users), "SASL_CONF_PATH": folder}
        same(said_at_start("-p", port, "-S", before=no_network, env=known), [], "what it says with -S")
        same(said_at_start("-p", port, "-l", "127.0.0.1"), [], "what it says on loopback")
        same(said_at_start("-s", os.path.join(folder, "socket")), [], "what it says on a unix socket")


def host_names():
    port = servers.free_port()
    with Started("-p", port, "-l", "localhost"):
        served(socket.AF_INET, ("127.0.0.1", port))


def a_taken_port():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with Started("-p", port, "-l", "127.0.0.1") as server:
            code, output = server.ends()
    same(code, OS_ERROR, "exit code")
    same(output, f"ringcached: failed to listen on TCP port {port}: Address already in use\n", "output")


def a_restart():
    port = servers.free_port()
    for _ in range(3):
        with Started("-p", port, "-l", "127.0.0.1"):
            served(socket.AF_INET, ("127.0.0.1", port))


def an_ephemeral_port():
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "ports")
        with Started("-p", "-1", "-l", "127.0.0.1", env={"MEMCACHED_PORT_FILENAME": name}):
            wait_for("the port file", lambda: os.path.exists(name))
            with open(name, encoding="ascii") as file:
                line = file.read()
            found = re.fullmatch(r"TCP INET: (\d+)\n", line)
            if not found:
                raise AssertionError(f"port file: {line!r}")
            served(socket.AF_INET, ("127.0.0.1", int(found[1])))


def a_unix_socket():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(path)  # left behind by somebody who died
        with Started("-s", path, "-a", "640"):
            served(socket.AF_UNIX, path)
            same(stat.S_IMODE(os.stat(path).st_mode), 0o640, "mode of the socket")


def not_a_socket():
    with tempfile.NamedTemporaryFile() as file:
        with Started("-s", file.name) as server:
            code, output = server.ends()
        same(code, OS_ERROR, "exit code")
        if f"failed to listen on UNIX socket: {file.name}" not in output or not os.path.exists(file.name):
            raise AssertionError(output)


def privileges():
    if os.geteuid() != 0:
        raise AssertionError("this test must run as root, as tools/test says")
    port = servers.free_port()
    nobody = pwd.getpwnam("nobody").pw_uid
    with Started("-p", port, "-l", "127.0.0.1", user=["-u", "nobody"]) as server:
        served(socket.AF_INET, ("127.0.0.1", port))
        pid = int(subprocess.check_output(["pgrep", "-P", str(server.process.pid)]))
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            fields = dict(line.split(":", 1) for line in status)
        same(set(map(int, fields["Uid"].split())), {nobody}, "user ids")
        same(fields["Groups"].split(), [], "supplementary groups")
    with Started("-p", port, user=["-u", "nosuchuser"]) as server:
        code, output = server.ends()
    same((code, output), (67, "ringcached: can't find the user nosuchuser to switch to\n"), "unknown user")
    with Started("-p", port, user=[]) as server:
        code, output = server.ends()
    same(code, 64, "exit code as root without -u")


def pid_of(server):
    return int(subprocess.check_output(["pgrep", "-P", str(server.process.pid)]))


def status_of(server):
    """The fields of /proc/PID/status of a server that serves."""
    with open(f"/proc/{pid_of(server)}/status", encoding="ascii") as status:
        return dict(line.split(":", 1) for line in status)


def stopped(server):
    """(exit code, output) of a server that is asked to end."""
    os.kill(pid_of(server), signal.SIGTERM)
    return server.ends()


def kib(field):
    return int(field.split()[0])


def may_lock():
    """With the address sanitizer mlockall does nothing, and says that it did."""
    return b"__asan_init" not in pathlib.Path(servers.binary("ringcached")).read_bytes()


def locked_memory():
    """Root may lock as much as it likes, others up to a limit."""
    port, locks = servers.free_port(), may_lock()
    for user, limits in (("root", {}), ("nobody", {resource.RLIMIT_MEMLOCK: 64 * 1024})):
        with Started("-p", port, "-l", "127.0.0.1", "-t", 1, "-k", user=["-u", user], limits=limits) as server:
            served(socket.AF_INET, ("127.0.0.1", port))
            same(kib(status_of(server)["VmLck"]) > 0, locks and user == "root", f"memory is locked as {user}")
            code, output = stopped(server)
        warned = "warning: -k invalid, mlockall() failed: Cannot allocate memory\n" in output
        same((code, warned), (0, locks and user == "nobody"), f"exit code and warning as {user}")


def memory_at_the_start():
    modes = pathlib.Path("/sys/kernel/mm/transparent_hugepage/enabled")
    if not modes.exists() or "[never]" in modes.read_text():
        with Started("-L", "-p", 0) as server:
            code, output = server.ends()
        same((code, "transparent huge pages" in output), (1, True), "exit code and reason without huge pages")
        return
    for words, taken in (((), False), (("-L",), True)):
        port = servers.free_port()
        with Started("-p", port, "-l", "127.0.0.1", "-t", 2, "-m", 100, *words) as server:
            served(socket.AF_INET, ("127.0.0.1", port))
            resident = kib(status_of(server)["VmRSS"])
            same(resident >= 75 * 1024, taken, f"three quarters of -m at the start {words}, {resident} KiB,")
            with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
                fixed = b"MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust\r\n"
                same(ask(client, b"cache_memlimit 50\r\n", b"\r\n"), fixed if taken else b"OK\r\n",
                     f"the reply to cache_memlimit {words}")


def more_memory_than_there_is():
    port = servers.free_port()
    with Started("-p", port, "-l", "127.0.0.1", "-t", 1, "-m", 1000000000) as server:
        served(socket.AF_INET, ("127.0.0.1", port))
        with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
            same(ask(client, b"set k 0 0 1\r\nx\r\nget k\r\n", b"END\r\n"),
                 b"STORED\r\nVALUE k 0 1\r\nx\r\nEND\r\n", "what it answers")
        same(stopped(server), (0, "Warning: -m 1000000000: 1 partitions hold 131071 MiB at most; "
                                "more threads (-t) hold more\n"), "what it says")


def only_connection(port):
    """The one that is served, as soon as the server has noticed that the last one is gone."""
    found = []

    def is_served():
        found.append(socket.create_connection(("127.0.0.1", port), LIMIT_S))
        try:
            if ask(found[-1], b"version\r\n", b"\r\n") == b"VERSION 1.6.45\r\n":
                return True
        except ConnectionError:
            pass  # hung up on before it had asked
        found.pop().close()
        return False

    wait_for("room for one connection", is_served)
    return found[0]


def one_connection():
    port = servers.free_port()
    with Started("-p", port, "-l", "127.0.0.1", "-c", 1):
        served(socket.AF_INET, ("127.0.0.1", port))
        with only_connection(port):
            same(answers(socket.AF_INET, ("127.0.0.1", port)), b"ERROR Too many open connections\r\n",
                 "what the second one hears")


def a_daemon():
    port = servers.free_port()
    with tempfile.TemporaryDirectory() as folder:
        pid_file = os.path.join(folder, "pid")
        with Started("-d", "-P", pid_file, "-p", port, "-l", "127.0.0.1") as server:
            same(server.ends(), (0, ""), "what was started")
        try:
            served(socket.AF_INET, ("127.0.0.1", port))
            with open(pid_file, encoding="ascii") as file:
                pid = int(file.read())
            same(os.getsid(pid), pid, "session of the daemon")
            same(os.readlink(f"/proc/{pid}/cwd"), "/", "folder of the daemon")
            same(os.readlink(f"/proc/{pid}/fd/2"), "/dev/null", "stderr of the daemon")
        finally:
            os.kill(pid, signal.SIGTERM)
        wait_for("the end of the daemon", lambda: not os.path.exists(f"/proc/{pid}")
                 or " Z " in pathlib.Path(f"/proc/{pid}/stat").read_text())
        same(os.path.exists(pid_file), False, "pid file after the end")


def signals():
    for number, words in ((signal.SIGTERM, ""), (signal.SIGINT, ""), (signal.SIGUSR1, "Gracefully stopping\n")):
        port = servers.free_port()
        with Started("-p", port, "-l", "127.0.0.1", "-t", 3) as server:
            served(socket.AF_INET, ("127.0.0.1", port))
            pid = int(subprocess.check_output(["pgrep", "-P", str(server.process.pid)]))
            os.kill(pid, signal.SIGHUP)
            os.kill(pid, signal.SIGPIPE)
            served(socket.AF_INET, ("127.0.0.1", port))
            os.kill(pid, number)
            same(server.ends(), (0, words), f"signal {number}")


def many_threads():
    """Threads without a partition serve too: every connection reaches every key."""
    for threads, memory in ((1, 8), (64, 64), (64, 1024), (7, 100)):
        port = servers.free_port()
        with Started("-p", port, "-l", "127.0.0.1", "-t", threads, "-m", memory):
            served(socket.AF_INET, ("127.0.0.1", port))
            clients = [socket.create_connection(("127.0.0.1", port), LIMIT_S) for _ in range(2 * threads)]
            for number, client in enumerate(clients):
                client.sendall(b"set k%d 0 0 1 noreply\r\nx\r\nmn\r\nversion\r\n" % number)
            for client in clients:
                receive_until(client, b"VERSION 1.6.45\r\n")
            keys = b" ".join(b"k%d" % number for number in range(len(clients)))
            for client in clients:
                client.sendall(b"get " + keys + b"\r\n")
            for client in clients:
                same(receive_until(client, b"END\r\n").count(b"VALUE"), len(clients), f"values at -t {threads}")
                client.close()


def receive_until(client, end):
    got = b""
    while not got.endswith(end):
        piece = client.recv(65536)
        if not piece:
            raise AssertionError(f"closed after {got!r}")
        got += piece
    return got


def idle_clients():
    port = servers.free_port()
    with Started("-p", port, "-l", "127.0.0.1", "-o", "idle_timeout=1"):
        served(socket.AF_INET, ("127.0.0.1", port))
        with socket.create_connection(("127.0.0.1", port), LIMIT_S) as idle:
            same(idle.recv(1), b"", "what an idle client hears")
        with socket.create_connection(("127.0.0.1", port), LIMIT_S) as client:
            client.sendall(b"stats\r\n")
            if b"STAT idle_kicks 1\r\n" not in receive_until(client, b"END\r\n"):
                raise AssertionError("idle_kicks is not 1")


def ask(client, command, end):
    client.sendall(command)
    return receive_until(client, end)


def heard_of(client):
    """What still comes before the server hangs up; a reset is a way to do that."""
    try:
        return client.recv(1)
    except ConnectionResetError:
        return b""


def logins():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "users")
        path.write_text("alice:other\nbob:secret\n", encoding="ascii")
        os.chmod(folder, 0o755)
        port = servers.free_port()
        with Started("-p", port, "-l", "127.0.0.1", "-t", "2", "-Y", path) as server:
            address = ("127.0.0.1", port)
            refused = b"CLIENT_ERROR unauthenticated\r\n"
            wait_for("an answer", lambda: answers(socket.AF_INET, address) == refused)
            with socket.create_connection(address, LIMIT_S) as client:
                same(ask(client, b"get greeting\r\n", b"\r\n"), refused, "the reply before a login")
                same(ask(client, b"set a 0 0 9\r\nbob wrong\r\n", b"\r\n"),
                     b"CLIENT_ERROR authentication failure\r\n", "the reply to a wrong password")
                same(ask(client, b"set a 0 0 3\r\nbob\r\n", b"\r\n"),
                     b"CLIENT_ERROR bad authentication token format\r\n", "the reply to one word")
                same(ask(client, b"set a 0 0 10\r\nbob secretXY", b"\r\n"),
                     b"CLIENT_ERROR bad command line termination\r\n", "the reply to a wrong length")
                same(ask(client, b"set a 0 0 x\r\n", b"unauthenticated\r\n")[-len(refused):], refused,
                     "the reply to no length")
                same(ask(client, b"set a 0 0 10\r\nbob secret\r\nset k 0 0 1\r\nx\r\nget k\r\n", b"END\r\n"),
                     b"STORED\r\nSTORED\r\nVALUE k 0 1\r\nx\r\nEND\r\n", "the replies after a login")
                stats = ask(client, b"stats\r\n", b"END\r\n")
                for line in (b"STAT auth_cmds 2\r\n", b"STAT auth_errors 1\r\n"):
                    if line not in stats:
                        raise AssertionError(f"{line!r} is not in the statistics")
                if b"secret" in ask(client, b"stats settings\r\n", b"END\r\n"):
                    raise AssertionError("a password stands in the settings")
            with socket.create_connection(address, LIMIT_S) as client:
                same(ask(client, b"set a 0 0 16385\r\n", b"\r\n"),
                     b"CLIENT_ERROR auth token too long\r\n", "the reply to a long token")
                same(client.recv(1), b"", "what follows a long token")
            for silent in (b"quit\n", b"x" * 3000, b"\r\n"):
                with socket.create_connection(address, LIMIT_S) as client:
                    client.sendall(silent)
                    same(heard_of(client), b"", f"the reply to {silent[:8]!r}")
            reloads(server, address, path)


def reloads(server, address, path):
    """SIGHUP reads the file again; a bad one changes nothing."""
    def enters(password):
        with socket.create_connection(address, LIMIT_S) as client:
            token = b"bob " + password
            return ask(client, b"set a 0 0 %d\r\n%s\r\n" % (len(token), token), b"\r\n") == b"STORED\r\n"

    child = int(pathlib.Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
                .split()[0])
    path.write_text("no colon\n", encoding="ascii")
    os.kill(child, signal.SIGHUP)
    path_said = server.process.stdout.readline().decode()
    if "malformed" not in path_said:
        raise AssertionError(f"it says of a bad file: {path_said!r}")
    if not enters(b"secret"):
        raise AssertionError("a bad file has taken the old users away")
    path.write_text("bob:changed\n", encoding="ascii")
    os.kill(child, signal.SIGHUP)
    wait_for("the new password", lambda: enters(b"changed"))
    if enters(b"secret"):
        raise AssertionError("the old password still holds")


def bad_logins():
    for text, word in ((None, "could not open"), ("nocolon\n", "malformed"), ("", "names no user"),
                       ("a:b\n" * 9, "more than 8")):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            path = pathlib.Path(folder, "users")
            if text is not None:
                path.write_text(text, encoding="ascii")
            with Started("-p", "0", "-s", os.path.join(folder, "socket"), "-Y", path) as server:
                code, output = server.ends()
                if code != 1 or word not in output:
                    raise AssertionError(f"expected exit 1 and {word!r}, got {code} and {output!r}")


def main():
    for name, test in (
        ("several addresses, each with its port, are listened on, and no other", several_addresses),
        ("listening on all addresses without -Y or -S is warned of", open_to_all),
        ("a host name is resolved", host_names),
        ("a taken port is said, exit 71", a_taken_port),
        ("a restart on the same port works at once", a_restart),
        ("-p -1 takes a free port and writes it to the port file", an_ephemeral_port),
        ("a unix socket replaces a stale one and has the mode of -a", a_unix_socket),
        ("a file that is no socket is not removed", not_a_socket),
        ("-u drops every privilege before serving", privileges),
        ("-k locks all memory, and warns where it may not", locked_memory),
        ("-L takes the reserved part of -m at the start, for good", memory_at_the_start),
        ("an -m beyond all reason is taken as it is needed, with a word about it", more_memory_than_there_is),
        ("-c 1 serves one connection", one_connection),
        ("-d detaches, -P is written, and removed at the end", a_daemon),
        ("SIGTERM, SIGINT and SIGUSR1 end it with 0, SIGHUP and SIGPIPE do not", signals),
        ("1 to 64 threads serve every key to every connection", many_threads),
        ("an idle client is closed after idle_timeout", idle_clients),
        ("with -Y a client logs in first, and SIGHUP reads the file again", logins),
        ("a file for -Y that cannot be used ends it with 1", bad_logins),
    ):
        tap.case(name, test)
    tap.finish()


if __name__ == "__main__":
    main()
