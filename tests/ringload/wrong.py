#!/usr/bin/python3
"""ringload notices a server that errs, says how, and ends with the exit code for it."""

import json
import os
import signal
import socket
import subprocess
import time

from fake import Fake, value_reply
from generator import LIMIT_S, address_of, check_sums, expect, expect_equal, measured, ringload

import tap

KEYS = 20
REQUESTS = 200


def main():
    tap.case("an honest server is not suspected", check_honest)
    for size in (1, 15, 16, 17, 100, 5000):
        for where in {0, size // 2, size - 1}:
            tap.case(f"byte {where} of {size} is wrong", lambda: check_wrong_byte(size, where))
    for name, check in (
            ("a wrong byte in the warm-up counts", check_wrong_warm_up),
            ("two versions of a value do not mix", check_mixed),
            ("a value of another key is wrong", check_other_key),
            ("a key that was not asked for is wrong", check_strange_key),
            ("flags that were not set are wrong", check_flags),
            ("without verifying only the shape counts", check_shape_alone),
            ("replies in pieces are read", check_pieces),
            ("values in another order are read", check_order),
            ("errors are counted", check_errors),
            ("a reply that makes no sense ends the run", check_nonsense),
            ("a reply too many ends the run", check_too_many),
            ("a server that closes ends the run", check_closed),
            ("a server that falls silent ends the run", check_silent),
            ("a server that closes an idle connection fails the run", check_idle),
            ("a stall is charged to all requests that it delays", check_stall),
            ("what a slow server keeps from being sent is counted", check_unsent),
            ("an interrupted run tells what it has", check_interrupted),
            ("nobody listens", check_nobody),
            ("a seed asks for the same again", check_seed)):
        tap.case(name, check)
    tap.finish()


def run(fake, *args):
    return ringload("--server", address_of(fake), "--keys", KEYS, "--requests", REQUESTS,
                    "--connections", 4, "--warmup", 0, "--json", "-", "--quiet", *args)


def expect_failure(outcome, code, *words):
    expect_equal(outcome.exit_code, code, f"exit code of {outcome}")
    lines = outcome.stderr.splitlines()
    expect(len(lines) == 1 and lines[0].startswith("ringload: "), f"one line: {outcome}")
    for word in words:
        expect(word in lines[0], f"no {word!r} in {lines[0]}")


def check_honest():
    with Fake() as fake:
        results = measured(fake, "--keys", KEYS, "--requests", REQUESTS, "--depth", 3)
    expect_equal(results["misses"], 0, "misses")


def check_wrong_byte(size, where):
    """One byte of one value."""
    def alter(reply, fake):
        if fake.replies != KEYS + 5:  # behind the populating
            return reply
        at = reply.index(b"\r\n") + 2 + where
        return reply[:at] + bytes([reply[at] ^ 1]) + reply[at + 1:]
    with Fake(alter) as fake:
        outcome = run(fake, "--set-ratio", 0, "--value-size", size)
    expect_failure(outcome, 65, "1 values were wrong", f"of the {size} bytes")
    expect_equal(outcome.json["wrong"], 1, "wrong")
    expect_equal(outcome.json["hits"], REQUESTS - 1, "hits")
    if size > 16 and where >= 16:
        expect_failure(outcome, 65, f"byte {where} of")


def check_wrong_warm_up():
    with Fake(lambda reply, fake: spoil(reply) if fake.replies == KEYS else reply) as fake:
        outcome = run(fake, "--set-ratio", 0, "--warmup", 0.05)
    expect_failure(outcome, 65, "1 values were wrong")


def spoil(reply):
    """The last byte of the last value."""
    return reply[:-8] + bytes([reply[-8] ^ 0x80]) + reply[-7:]


def check_mixed():
    """The second half of each value is that of the value that its key had before."""
    before = {}

    def alter(reply, _):
        if not reply.startswith(b"VALUE"):
            return reply
        line, value = reply.split(b"\r\n", 1)
        old = before.setdefault(line, value)
        return line + b"\r\n" + value[:60] + old[60:]
    with Fake(alter) as fake:
        outcome = run(fake, "--set-ratio", 0.5, "--keys", 1, "--connections", 1)
    expect_equal(outcome.exit_code, 65, f"exit code of {outcome}")
    expect(outcome.json["wrong"] > 0, f"{outcome}")


def check_other_key():
    """Under its own name every key has the value of the first one asked for."""
    first = []

    def alter(reply, _):
        if not reply.startswith(b"VALUE"):
            return reply
        line, value = reply.split(b"\r\n", 1)
        first.append(value)
        return line + b"\r\n" + first[0]
    with Fake(alter) as fake:
        outcome = run(fake, "--set-ratio", 0)
    expect_equal(outcome.exit_code, 65, f"exit code of {outcome}")


def check_strange_key():
    with Fake(lambda reply, _: reply.replace(b"VALUE 0", b"VALUE 1")) as fake:
        expect_failure(run(fake, "--set-ratio", 0), 65, "not asked for", "'1000")


def check_flags():
    with Fake(lambda reply, _: reply.replace(b" 0 100\r\n", b" 7 100\r\n")) as fake:
        expect_failure(run(fake, "--set-ratio", 0), 65, "flags", " 7 100")


def check_shape_alone():
    """Other keys and values will do, more values than were asked for will not."""
    def pretend(reply, _):
        return spoil(reply.replace(b"VALUE 0", b"VALUE 1")) if reply.startswith(b"V") else reply
    with Fake(pretend) as fake:
        results = measured(fake, "--keys", KEYS, "--requests", REQUESTS, "--multiget", 4,
                           "--set-ratio", 0.3, "--no-verify")
    expect_equal(results["hits"], results["gets"], "hits")
    with Fake(lambda reply, _: reply.replace(b"END", value_reply(b"a", b"b") + b"END")) as fake:
        expect_failure(run(fake, "--set-ratio", 0, "--no-verify"), 76, "'VALUE a 0 1'", "a get")


def check_pieces():
    """However the bytes are cut."""
    for size in (1, 2, 5, 10, 100):
        def alter(reply, _, size=size):
            return [reply[at:at + size] for at in range(0, len(reply), size)]
        with Fake(alter) as fake:
            measured(fake, "--keys", KEYS, "--requests", 100, "--multiget", 3,
                     "--value-size", "0-60")


def check_order():
    """As a proxy may do that asks several servers."""
    def alter(reply, _):
        if not reply.startswith(b"VALUE"):
            return reply
        values = reply.removesuffix(b"END\r\n").split(b"VALUE ")[1:]
        return b"".join(b"VALUE " + value for value in reversed(values)) + b"END\r\n"
    with Fake(alter) as fake:
        results = measured(fake, "--keys", KEYS, "--requests", REQUESTS, "--multiget", 6,
                           "--key-size", 8, "--value-size", 20)
    expect_equal(results["hits"], results["gets"], "hits")


def check_errors():
    def alter(reply, fake):
        return b"SERVER_ERROR out of memory\r\n" if fake.replies % 10 == 9 else reply
    with Fake(alter) as fake:
        outcome = run(fake, "--set-ratio", 0.5)
    expect_equal(outcome.exit_code, 0, f"exit code of {outcome}")
    results = outcome.json
    expect_equal(results["errors"], REQUESTS // 10, "errors")
    expect_equal(results["populate_errors"], KEYS // 10, "populate errors")
    expect_equal(results["first_error"], "SERVER_ERROR out of memory", "first error")
    expect_equal(results["requests"], REQUESTS, "requests")


def check_nonsense():
    with Fake(lambda reply, _: reply.replace(b"STORED", b"RESTORED")) as fake:
        expect_failure(run(fake), 76, "'RESTORED'", "a set")
    with Fake(lambda reply, _: reply.replace(b"END", b"FIN")) as fake:
        expect_failure(run(fake, "--set-ratio", 0), 76, "'FIN'", "a get")
    with Fake(lambda reply, _: b"x" * 5000) as fake:
        expect_failure(run(fake), 76, "makes no sense")


def check_too_many():
    with Fake(lambda reply, _: reply + b"STORED\r\n") as fake:
        outcome = run(fake, "--connections", 1)
    expect_equal(outcome.exit_code, 76, f"exit code of {outcome}")


def check_closed():
    with Fake(lambda reply, fake: None if fake.replies == KEYS + 50 else reply) as fake:
        expect_failure(run(fake), 69, "closed a connection")


def check_silent():
    """One connection of four falls silent; the others go on."""
    with Fake(lambda reply, fake: b"" if fake.replies == KEYS + 50 else reply) as fake:
        outcome = run(fake, "--timeout", 5)
    expect_failure(outcome, 69, "1 requests were not answered in time")
    expect_equal(outcome.json["timeouts"], 1, "time-outs")
    expect_equal(outcome.json["requests"], REQUESTS - 1, "requests")


def check_idle():
    def alter(reply, fake):
        if fake.replies == KEYS + 50:
            fake.clients[0].shutdown(socket.SHUT_RDWR)  # the idle ones come first
        return reply
    with Fake(alter) as fake:
        outcome = run(fake, "--idle-connections", 3)
    expect_failure(outcome, 69, "closed 1 idle connections")
    expect_equal(outcome.json["idle_disturbed"], 1, "disturbed")


def check_stall():
    """Half of the requests become due while the server sleeps, and wait 0.25 s on average."""
    def alter(reply, fake):
        if fake.replies == KEYS:
            time.sleep(0.5)
        return reply
    with Fake(alter) as fake:
        results = measured(fake, "--keys", KEYS, "--rate", 1000, "--duration", 1,
                           "--connections", 1, "--depth", 100)
    expect_equal(results["requests"], 1000, "requests")
    expect(results["latency_us"]["mean"] >= 120e3, f"mean latency: {results}")
    expect(results["latency_us"]["max"] >= 495e3, f"longest latency: {results}")
    expect(results["lag_us"]["mean"] >= 115e3, f"mean lag: {results}")


def check_unsent():
    def alter(reply, fake):
        if fake.replies >= KEYS:
            time.sleep(0.01)
        return reply
    with Fake(alter) as fake:
        results = measured(fake, "--keys", KEYS, "--rate", 4000, "--duration", 0.5,
                           "--connections", 2, "--timeout", 4)
    expect(results["unsent"] > 0, f"all was sent: {results}")
    expect_equal(results["requests"] + results["unsent"], 2000, "requests and unsent ones")


def check_interrupted():
    with Fake() as fake:
        command = [os.environ["RINGLOAD"], "--server", address_of(fake), "--json", "-", "--quiet",
                   "--keys", str(KEYS), "--warmup", "0", "--duration", "600"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            deadline = time.monotonic() + LIMIT_S
            while fake.replies < KEYS + REQUESTS and time.monotonic() < deadline:
                time.sleep(0.01)
            running.send_signal(signal.SIGINT)
            text, _ = running.communicate(timeout=LIMIT_S)
    expect_equal(running.returncode, 0, "exit code")
    results = json.loads(text)
    check_sums(results)
    expect(results["requests"] >= REQUESTS and results["seconds"] < 600, f"{results}")


def check_nobody():
    with Fake() as fake:
        port = fake.port
    expect_failure(ringload("--server", f"127.0.0.1:{port}"), 69, f"127.0.0.1:{port}", "refused")
    expect_failure(ringload("--server", "/no/such/socket"), 69, "/no/such/socket")


def check_seed():
    def asked(seed):
        with Fake() as fake:
            outcome = run(fake, "--connections", 1, "--multiget", 3, "--pattern", "zipf",
                          "--hot-key=0.1", "--set-ratio", 0.3, "--seed", seed)
            expect_equal(outcome.exit_code, 0, f"exit code of {outcome}")
            return bytes(fake.seen)
    expect(asked(3) == asked(3), "the same seed asks for something else")
    expect(asked(3) != asked(4), "another seed asks for the same")


if __name__ == "__main__":
    main()
