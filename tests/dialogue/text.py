"""The bytes that one line of a case stands for: escapes and `${...}`."""

import random
import re
import time

ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "s": b" ", "\\": b"\\", "$": b"$"}
PIECE = re.compile(r"\\x([0-9a-fA-F]{2})|\\(.)|\$\{([^}]*)\}|([^\\$]+|\$)", re.DOTALL)
BYTES_SEED = 11211  # the same bytes on both sides of a case, and in every run


class TextError(ValueError):
    """The line is not of the format."""


def expand(text, names):
    """The bytes that `text` stands for; `names` are the captured values and loop counters."""
    made = bytearray()
    for piece in PIECE.finditer(text):
        code, escape, expression, plain = piece.groups()
        if code is not None:
            made.append(int(code, 16))
        elif escape is not None:
            if escape not in ESCAPES:
                raise TextError(f"unknown escape \\{escape}")
            made += ESCAPES[escape]
        elif expression is not None:
            made += evaluate(expression, names)
        else:
            made += plain.encode("utf-8")
    return bytes(made)


def line(text, names):
    """As expand, with CR LF behind it unless the text ends in `\\c`."""
    if text.endswith("\\c"):
        return expand(text[:-2], names)
    return expand(text, names) + b"\r\n"


def captures(text):
    """The names that an expected line catches, `${?name}`."""
    return re.findall(r"\$\{\?(\w+)\}", text)


def pattern_of(text, names):
    """A regular expression for an expected line with captures: each catches one number. Ends as line() does."""
    end = b"" if text.endswith("\\c") else b"\r\n"
    text = text.removesuffix("\\c")
    parts = re.split(r"(\$\{\?\w+\})", text)
    made = b""
    for part in parts:
        if part.startswith("${?"):
            made += b"(?P<" + part[3:-1].encode() + b">[0-9]+)"
        else:
            made += re.escape(expand(part, names))
    return made + end


def evaluate(expression, names):
    """One `${...}`."""
    if expression in names:
        return str(names[expression]).encode()
    if expression == "all":
        return bytes(range(256))
    repeated = re.fullmatch(r"(.+)\*(\w+)", expression, re.DOTALL)
    if repeated:
        return expand(repeated[1], names) * number(repeated[2], names)
    filled = re.fullmatch(r"bytes (\w+)", expression)
    if filled:
        return random.Random(BYTES_SEED).randbytes(number(filled[1], names))
    counted = re.fullmatch(r"words (\S+) (\w+) (\w+)", expression)
    if counted:
        first, last = number(counted[2], names), number(counted[3], names)
        return " ".join(f"{counted[1]}{count}" for count in range(first, last + 1)).encode()
    moment = re.fullmatch(r"now([+-]\d+)", expression)
    if moment:
        return str(int(time.time()) + int(moment[1])).encode()
    raise TextError(f"unknown ${{{expression}}}")


def number(word, names):
    """A literal number, or what the name stands for."""
    return names[word] if word in names else int(word)
