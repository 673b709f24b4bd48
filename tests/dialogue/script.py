"""Case files: read into cases, and a case into the steps that it is made of."""

import re
import shlex
from dataclasses import dataclass, field

CONNECTION = r"(?P<on>(?:[a-z](?:\w|\$\{\w+\})*)?)"
TALK = re.compile(CONNECTION + r"(?P<kind>>>|<<|[><~])(?: (?P<text>.*))?", re.DOTALL)
ACT = re.compile(r"(?:(?P<on>[a-z](?:\w|\$\{\w+\})*) )?"
                 r"(?P<kind>closed|quiet|connect|disconnect|shut|exits)")
STATS = re.compile(r"stats(?: (?P<sub>\w+))?: (?P<name>\S+) (?P<value>.*)")
DIFFER = re.compile(r"differ (?P<first>\w+) (?P<second>\w+)")
FOR = re.compile(r"for (?P<name>\w+) (?P<first>\d+)\.\.(?P<last>\d+)")
FILL = re.compile(r"fill (?P<name>\w+) (?P<first>\d+)\.\.(?P<last>\d+) until (?P<pattern>.+)")
TALK_KINDS = {">": "send", "<": "expect", "~": "match", ">>": "ask", "<<": "answer"}


class ScriptError(ValueError):
    """A case file is not of the format; the message says where."""


@dataclass
class Step:
    """One thing to do or to see."""
    kind: str
    where: str            # "storage.txt:12: > get a"
    on: str = ""          # the connection's name; "" is the usual one
    text: str = ""
    details: dict = field(default_factory=dict)
    body: list = field(default_factory=list)


@dataclass
class Case:
    """A claim and the lines that show it."""
    file: str             # without .txt
    title: str
    server: list          # options of the server it needs
    own_server: bool      # it does not share the file's server
    lines: list           # (number, text)

    @property
    def name(self):
        return f"{self.file}: {self.title}"

    def steps(self):
        reader = _Reader(self)
        steps = reader.block(inside=False)
        if not steps:
            raise ScriptError(f"{self.name}: no steps")
        return steps


@dataclass
class File:
    """All cases of one theme."""
    name: str
    server: list
    at_once: bool         # the cases do not disturb each other and wait for time: run them together
    cases: list
    only_ours: bool = False  # about what memcached has not


def read_file(path):
    """Reads one case file."""
    made = File(path.stem, [], False, [])
    for number, text in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if text.startswith("#") or not text.strip():
            continue
        if text.startswith("== "):
            made.cases.append(Case(made.name, text[3:].strip(), made.server, False, []))
        elif text.startswith("server:"):
            _set_server(made, shlex.split(text[len("server:"):]))
        elif text == "only ringcached" and not made.cases:
            made.only_ours = True
        elif text == "cases run at once" and not made.cases:
            made.at_once = True
        elif made.cases:
            made.cases[-1].lines.append((number, text.lstrip()))
        else:
            raise ScriptError(f"{path.name}:{number}: before the first case: {text}")
    _refuse_twins(made)
    return made


def _set_server(made, options):
    if not made.cases:
        made.server = options
    else:
        made.cases[-1].server = options
        made.cases[-1].own_server = True


def _refuse_twins(made):
    titles = [case.title for case in made.cases]
    for title in titles:
        if titles.count(title) > 1:
            raise ScriptError(f"{made.name}: two cases are called '{title}'")


class _Reader:
    """Turns the lines of a case into steps; blocks nest."""

    def __init__(self, case):
        self.case = case
        self.at = 0

    def block(self, inside):
        steps = []
        while self.at < len(self.case.lines):
            number, text = self.case.lines[self.at]
            self.at += 1
            if text == "end" and inside:
                return steps
            steps.append(self.step(text, f"{self.case.file}.txt:{number}: {text}"))
        if inside:
            raise ScriptError(f"{self.case.name}: a block without 'end'")
        return steps

    def step(self, text, where):
        found = TALK.fullmatch(text)
        if found:
            return Step(TALK_KINDS[found["kind"]], where, found["on"], found["text"] or "")
        found = ACT.fullmatch(text)
        if found:
            return Step(found["kind"], where, found["on"] or "")
        for kind, form in (("stats", STATS), ("differ", DIFFER)):
            found = form.fullmatch(text)
            if found:
                return Step(kind, where, details=found.groupdict())
        for kind, form in (("for", FOR), ("fill", FILL), ("eventually", re.compile("eventually"))):
            found = form.fullmatch(text)
            if found:
                return Step(kind, where, details=found.groupdict(), body=self.block(inside=True))
        raise ScriptError(f"{where}: not understood")
