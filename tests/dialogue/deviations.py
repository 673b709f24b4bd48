"""deviations.txt: where Debian's memcached answers otherwise than a case says, and why."""

from dataclasses import dataclass, field, replace


class DeviationError(ValueError):
    """deviations.txt does not fit the case files."""


@dataclass
class Hunk:
    """Lines of a case, and what stands there for Debian's memcached."""
    removed: list = field(default_factory=list)
    added: list = field(default_factory=list)


@dataclass
class Deviation:
    case: str
    number: int
    why: str = ""
    whole_only: bool = False
    hunks: list = field(default_factory=list)


def read(path):
    """All deviations by the name of their case."""
    made = {}
    current = None
    for number, text in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if text.startswith("#") or not text.strip():
            continue
        if text.startswith("== "):
            current = Deviation(text[3:].strip(), number)
            if current.case in made:
                raise DeviationError(f"{path.name}:{number}: '{current.case}' stands here twice")
            made[current.case] = current
        elif current is None:
            raise DeviationError(f"{path.name}:{number}: before the first case: {text}")
        else:
            _take_line(current, text, f"{path.name}:{number}")
    for deviation in made.values():
        if not deviation.why or not deviation.hunks:
            raise DeviationError(f"{path.name}:{deviation.number}: needs 'why:' and changed lines")
    return made


def _take_line(deviation, text, where):
    if text.startswith("why: "):
        deviation.why = text[5:]
    elif text == "when whole":
        deviation.whole_only = True
    elif text.startswith("- "):
        if not deviation.hunks or deviation.hunks[-1].added:
            deviation.hunks.append(Hunk())
        deviation.hunks[-1].removed.append(text[2:])
    elif text.startswith("+ ") and deviation.hunks:
        deviation.hunks[-1].added.append(text[2:])
    elif text == "then" and deviation.hunks:
        deviation.hunks.append(Hunk())
    else:
        raise DeviationError(f"{where}: not understood: {text}")


def apply(deviation, case):
    """The case as Debian's memcached plays it: each place with a hunk's lines changes."""
    lines = case.lines
    for hunk in deviation.hunks:
        lines = _replace(lines, hunk, case)
    return replace(case, lines=lines)


def _replace(lines, hunk, case):
    length = len(hunk.removed)
    made = []
    at = found = 0
    while at < len(lines):
        if length and [text for _, text in lines[at:at + length]] == hunk.removed:
            made += [(lines[at][0], text) for text in hunk.added]
            at += length
            found += 1
        else:
            made.append(lines[at])
            at += 1
    if not found:
        raise DeviationError(f"deviations.txt: '{case.name}' has no lines {hunk.removed}")
    return made
