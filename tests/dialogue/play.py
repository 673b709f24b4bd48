"""Plays the steps of one case against a running server."""

import re
import time
from dataclasses import replace

import packet
import packets
import text
from wire import WireError, shown

EVENTUALLY_S = 60.0    # how long a condition may take to come true
ATTEMPT_S = 10.0       # patience within one attempt
PAUSE_S = 0.05
FRAGMENTED_BYTES = 512  # of a long message only so much is cut up, and its end
FRAGMENTED_END = 64
FRAGMENTED_CASE = 1 << 12  # beyond it only the ends of messages are cut up
PROBE = b"version\r\nprobe\r\n"  # the second reply shows that the first is no leftover of the case
PROBE_REPLIES = re.compile(rb"VERSION .*\r\nERROR\r\n")
PROBE_OPAQUE = 0x50524F42  # of a version that probes a binary connection; it needs no login


SENDING = ("send", "ask")


class StepError(AssertionError):
    """A step did not go as the case says."""


class Play:
    """The connections and captured values of a case while it runs."""

    def __init__(self, server, fragment=None, patience_s=None, names=None):
        self.server = server
        self.fragment = fragment
        self.patience_s = patience_s
        self.names = {} if names is None else names
        self.wires = {}
        self.binary = set()  # names of connections that speak the binary protocol
        self._cut_left = FRAGMENTED_CASE
        self._unsent = None  # (name, bytearray): sends in a row leave together, pipelined

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for wire in self.wires.values():
            wire.close()

    def run(self, steps):
        """Plays all steps, and sees at the end that no connection says more than was expected."""
        self._steps(steps)
        for name in list(self.wires):
            self._quiet(name)

    def _steps(self, steps):
        for step in steps:
            try:
                if step.kind not in SENDING:
                    self._flush()
                getattr(self, f"_do_{step.kind}")(step)
            except (WireError, OSError, ValueError) as error:
                raise StepError(f"{step.where}\n{error}") from error
        self._flush()

    def _wire(self, name):
        name = text.expand(name, self.names)
        if name not in self.wires:
            wire = self.server.connect()
            if self.patience_s is not None:
                wire.patience_s = self.patience_s
            self.wires[name] = wire
        return self.wires[name]

    def _forget(self, name):
        name = text.expand(name, self.names)
        self.wires.pop(name).close()
        self.binary.discard(name)

    def _flush(self):
        if self._unsent is None:
            return
        (name, data), self._unsent = self._unsent, None
        wire = self._wire(name)
        if self.fragment is None:
            wire.send(data)
            return
        length = max(FRAGMENTED_END, min(FRAGMENTED_BYTES, self._cut_left))
        self._cut_left -= length
        head, rest = data[:length], data[length:]
        wire.send_fragmented(head, self.fragment)
        if rest:
            wire.send(rest[:-FRAGMENTED_END])
            wire.send_fragmented(rest[-FRAGMENTED_END:], self.fragment)

    def _quiet(self, name):
        """A probe follows: its replies must be the very next thing."""
        wire = self.wires[name]
        if name in self.binary:
            self._quiet_binary(wire)
            return
        wire.send(PROBE)
        replies = wire.read_line()
        if replies.startswith(b"VERSION "):
            replies += wire.read_line()
        if not PROBE_REPLIES.fullmatch(replies):
            raise StepError(f"expected only the replies to the probe, received {shown(replies)}")

    def _quiet_binary(self, wire):
        version = packets.OPCODES["version"]
        wire.send(packets.request(version, opaque=PROBE_OPAQUE))
        reply = packets.read(wire)
        if reply != packets.Reply(version, value=reply.value, opaque=PROBE_OPAQUE):
            raise StepError(f"expected only the reply to the probe, received {reply}")

    # One method per kind of step.

    def _do_send(self, step):
        self._send(step, text.line(step.text, self.names))

    def _do_ask(self, step):
        self.binary.add(text.expand(step.on, self.names))
        self._send(step, packet.request(step.text, self.names))

    def _do_answer(self, step):
        wanted, caught = packet.expected(step.text, self.names)
        found = packets.read(self._wire(step.on))
        cas = found.cas
        if wanted.cas is None and cas != 0:
            found.cas = None
        if found != wanted:
            raise StepError(f"{step.where}\nexpected {_shown(wanted)}\nreceived {_shown(found)}")
        if caught:
            self.names[caught] = cas

    def _send(self, step, data):
        name = text.expand(step.on, self.names).decode()
        if self._unsent is None or self._unsent[0] != name:
            self._flush()
            self._unsent = (name, bytearray())
        self._unsent[1].extend(data)

    def _do_expect(self, step):
        wire = self._wire(step.on)
        if not text.captures(step.text):
            wire.expect(text.line(step.text, self.names))
            return
        line = wire.read_line()
        found = re.fullmatch(text.pattern_of(step.text, self.names), line)
        if not found:
            raise StepError(f"{step.where}\nreceived {shown(line)}")
        for name, value in found.groupdict().items():
            self.names[name] = int(value)

    def _do_match(self, step):
        line = self._wire(step.on).read_line()
        if not re.fullmatch(step.text.encode() + rb"\r\n", line):
            raise StepError(f"{step.where}\nreceived {shown(line)}")

    def _do_closed(self, step):
        wire = self._wire(step.on)
        if not wire.at_eof():
            raise StepError(f"{step.where}\nreceived {shown(wire.pending())}")
        self._forget(step.on)

    def _do_quiet(self, step):
        self._wire(step.on)
        self._quiet(text.expand(step.on, self.names))

    def _do_connect(self, step):
        self._wire(step.on)

    def _do_disconnect(self, step):
        self._wire(step.on)
        self._forget(step.on)

    def _do_shut(self, step):
        self._wire(step.on).shutdown_write()

    def _do_exits(self, step):
        code = self.server.wait_exit()
        if code != 0:
            raise StepError(f"{step.where}\nthe server ended with {code}")
        for name in list(self.wires):
            self.wires.pop(name).close()

    def _do_stats(self, step):
        wire = self._wire("figures" if b"" in self.binary else "")
        words = ["stats"] + ([step.details["sub"]] if step.details["sub"] else [])
        wire.send(" ".join(words).encode() + b"\r\n")
        found = {}
        while (line := wire.read_line()) != b"END\r\n":
            word, name, value = (line.decode().rstrip("\r\n") + "  ").split(" ", 2)
            if word != "STAT":
                raise StepError(f"{step.where}\nreceived {shown(line)}")
            found[name] = value[:-2] if value.endswith("  ") else value.rstrip(" ")
        self._check_stat(step, found)

    def _check_stat(self, step, found):
        name = step.details["name"]
        if name not in found:
            raise StepError(f"{step.where}\nthere is no such figure, but {' '.join(found)}")
        wanted = step.details["value"]
        regular = re.fullmatch("/(.*)/", wanted)
        pattern = regular[1] if regular else re.escape(
            text.expand(wanted, self.names).decode())
        if not re.fullmatch(pattern, found[name]):
            raise StepError(f"{step.where}\nit is {found[name]!r}")

    def _do_differ(self, step):
        first, second = self.names[step.details["first"]], self.names[step.details["second"]]
        if first == second:
            raise StepError(f"{step.where}\nboth are {first}")

    def _do_for(self, step):
        for count in range(int(step.details["first"]), int(step.details["last"]) + 1):
            self.names[step.details["name"]] = count
            self._unless_talking(step.body)

    def _unless_talking(self, body):
        """Sends of successive rounds stay together, so that a loop of sends is one pipeline."""
        if all(inner.kind in SENDING for inner in body):
            for inner in body:
                getattr(self, f"_do_{inner.kind}")(inner)
        else:
            self._steps(body)

    def _do_fill(self, step):
        pattern = step.details["pattern"].encode() + rb"\r\n"
        for count in range(int(step.details["first"]), int(step.details["last"]) + 1):
            self.names[step.details["name"]] = count
            self._steps(step.body)
            line = self._wire("").read_line()
            if re.fullmatch(pattern, line):
                return
            if line != b"STORED\r\n":
                raise StepError(f"{step.where}\nround {count} received {shown(line)}")
        raise StepError(f"{step.where}\nevery round was STORED")

    def _do_eventually(self, step):
        """The body is tried on new connections until it holds."""
        deadline = time.monotonic() + (self.patience_s or EVENTUALLY_S)
        while True:
            try:
                with Play(self.server, self.fragment, ATTEMPT_S, self.names) as attempt:
                    attempt.run(step.body)
                return
            except StepError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE_S)


def _shown(reply):
    """A reply for a message, without the bytes of a long value."""
    return replace(reply, value=shown(reply.value))
