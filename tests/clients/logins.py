#!/usr/bin/python3
"""Clients log in by SASL (-S), as with memcached: libraries, tools, challenges, and the file of passwords."""

import contextlib
import hmac
import os
import subprocess
import tempfile

from fleet import options, same

import bmemcached
import packets
import pylibmc
import sasl
import tap
from servers import Server

TOOL_LIMIT_S = 60
AUTHENTICATED = b"Authenticated"


def main():
    chosen = options(__doc__)
    with sasl.configured("PLAIN CRAM-MD5") as env:
        for kind in (chosen.server, "memcached"):
            with Server(kind, ["-S", "-t", chosen.threads], env=env) as server:
                for name, test in (("bmemcached", by_bmemcached), ("pylibmc", by_pylibmc),
                                   ("memcstat and memccat", by_tools), ("CRAM-MD5", by_challenge),
                                   ("the figures tell of logins", figures)):
                    tap.case(f"{kind}: {name}", lambda: test(server))
    tap.case("MEMCACHED_SASL_PWDB names the passwords, and is read at each login", by_file)
    tap.case("nobody is let in by ANONYMOUS, whatever the configuration leaves out", by_no_name)
    tap.case("without a configuration it does not start", unconfigured)
    tap.finish()


def by_bmemcached(server):
    address = (f"127.0.0.1:{server.port}",)
    client = bmemcached.Client(address, sasl.USER, sasl.PASSWORD)
    same(client.set("bmemcached", "it"), True, "a set after a login")
    same(client.get("bmemcached"), "it", "a get after a login")
    client.disconnect_all()
    stranger = bmemcached.Client(address, sasl.USER, "wrong")
    try:
        same(bool(stranger.set("bmemcached", "other")), False, "a set with a wrong password")
    except bmemcached.exceptions.MemcachedException as error:
        same(error.code, 0x20, "the status of a wrong password")
    stranger.disconnect_all()
    same(read_as_ann(server, b"bmemcached"), b"it", "what a stranger left alone")


def by_pylibmc(server):
    address = [f"127.0.0.1:{server.port}"]
    client = pylibmc.Client(address, binary=True, username=sasl.USER, password=sasl.PASSWORD)
    same(client.set("pylibmc", "it"), True, "a set after a login")
    same(client.get("pylibmc"), "it", "a get after a login")
    stranger = pylibmc.Client(address, binary=True, username=sasl.USER, password="wrong")
    try:
        stranger.set("pylibmc", "other")
    except pylibmc.Error:
        pass
    else:
        raise AssertionError("a stranger may set")
    same(client.get("pylibmc"), "it", "what a stranger left alone")


def by_tools(server):
    same(read_as_ann(server, b"none"), None, "a key before it is set")
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "copied"), "wb") as file:
            file.write(b"it")
        same(tool(server, folder, sasl.PASSWORD, "memccp", "copied")[0], 0, "memccp")
        same(tool(server, folder, sasl.PASSWORD, "memccat", "copied"), (0, b"it\n"), "memccat")
        same(tool(server, folder, "wrong", "memccat", "copied")[0], 1, "memccat with a wrong password")


def tool(server, folder, password, name, *args):
    done = subprocess.run(
        [f"/usr/bin/{name}", f"--servers=127.0.0.1:{server.port}", "--binary", f"--username={sasl.USER}",
         f"--password={password}", *args],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=TOOL_LIMIT_S)
    return done.returncode, done.stdout


def by_challenge(server):
    with server.connect() as wire:
        same(sorted(ask(wire, "sasl_list").value.split()), [b"CRAM-MD5", b"PLAIN"], "the mechanisms")
        for password, status in (("wrong", 0x20), (sasl.PASSWORD, 0)):
            asked = ask(wire, "sasl_auth", b"CRAM-MD5")
            same((asked.status, asked.value[:1], asked.value[-1:]), (0x21, b"<", b">"), "the challenge")
            digest = hmac.new(password.encode(), asked.value, "md5").hexdigest()
            told = ask(wire, "sasl_step", b"CRAM-MD5", f"{sasl.USER} {digest}".encode())
            same(told.status, status, f"the answer to a {password} password's digest")
        same(ask(wire, "noop").status, 0, "a noop after the login")


def figures(server):
    def counted():
        with logged_in(server) as wire:
            wire.send(packets.request(packets.OPCODES["stat"]))
            found = {}
            while (figure := packets.read(wire)).key:
                found[figure.key] = figure.value
            return int(found[b"auth_cmds"]), int(found[b"auth_errors"])

    before = counted()
    with server.connect() as wire:
        same(ask(wire, "sasl_auth", b"PLAIN", b"\0ann\0wrong").status, 0x20, "a wrong password")
    after = counted()
    same((after[0] - before[0], after[1] - before[1]), (2, 1), "auth_cmds and auth_errors more")


def by_file():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "passwords")

        def write(text):
            with open(path, "w") as file:
                file.write(text)

        write("bob:one\nann:two:::\n")
        env = {"MEMCACHED_SASL_PWDB": path, "SASL_CONF_PATH": folder}
        with Server("ringcached", ["-S", "-t", 2], env=env) as server:
            for user, password, status in (("ann", "two", 0), ("bob", "one", 0), ("ann", "one", 0x20),
                                           ("ann", "two:", 0x20), ("an", "n:two", 0x20), ("eve", "", 0x20)):
                same(login(server, user, password), status, f"{user} with {password}")
            write("ann:three\n")
            same(login(server, "ann", "two"), 0x20, "the old password")
            same(login(server, "ann", "three"), 0, "the new password")


def by_no_name():
    """Without a mech_list libsasl2 has ANONYMOUS among its mechanisms."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "passwords")
        with open(path, "w") as file:
            file.write("ann:two\n")
        env = {"MEMCACHED_SASL_PWDB": path, "SASL_CONF_PATH": folder}
        for setting in (None, "pwcheck_method: auxprop\n", "mech_list: PLAIN ANONYMOUS\n"):
            if setting is not None:
                with open(os.path.join(folder, "memcached.conf"), "w") as conf:
                    conf.write(setting)
            with Server("ringcached", ["-S", "-t", 1], env=env) as server:
                with server.connect() as wire:
                    offered = ask(wire, "sasl_list").value.split()
                    same((b"PLAIN" in offered, b"ANONYMOUS" in offered), (True, False), f"offered with {setting}")
                    same(ask(wire, "sasl_auth", b"ANONYMOUS", b"me@here").status, 0x20, f"ANONYMOUS with {setting}")
                    same(ask(wire, "noop").status, 0x20, f"a noop with {setting}")
                same(login(server, "ann", "two"), 0, f"a login by the file with {setting}")


def unconfigured():
    with tempfile.TemporaryDirectory() as folder:
        missing = os.path.join(folder, "passwords")
        for more, word in (({}, "no memcached.conf"),
                           ({"MEMCACHED_SASL_PWDB": missing}, f"MEMCACHED_SASL_PWDB names {missing}")):
            done = subprocess.run([os.environ["RINGCACHED"], "-u", "root", "-S", "-p", "0"],
                                  env={**os.environ, "SASL_CONF_PATH": folder, **more}, text=True,
                                  capture_output=True, timeout=TOOL_LIMIT_S)
            lines = done.stderr.splitlines()
            same((done.returncode, len(lines), word in lines[-1]), (1, 1, True), f"exit code and words {lines}")


def ask(wire, opcode, key=b"", value=b""):
    wire.send(packets.request(packets.OPCODES[opcode], key=key, value=value))
    return packets.read(wire)


def login(server, user, password):
    """The status of a login."""
    with server.connect() as wire:
        return ask(wire, "sasl_auth", b"PLAIN", f"\0{user}\0{password}".encode()).status


@contextlib.contextmanager
def logged_in(server):
    with server.connect() as wire:
        told = ask(wire, "sasl_auth", b"PLAIN", f"\0{sasl.USER}\0{sasl.PASSWORD}".encode())
        same(told.value, AUTHENTICATED, "a login")
        yield wire


def read_as_ann(server, key):
    """The value of a key, or None."""
    with logged_in(server) as wire:
        found = ask(wire, "get", key)
        return found.value if found.status == 0 else None


if __name__ == "__main__":
    main()
