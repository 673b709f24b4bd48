"""Lines of a case that stand for packets of the binary protocol: `set k flags=7 value=hello`."""

import re
import struct

import packets
import text

WORD = re.compile(r"(?:\$\{[^}]*\}|\S)+")
CAPTURE = re.compile(r"\$\{\?(\w+)\}")
ANY = b"any"


class PacketError(text.TextError):
    """The line is not of the format."""


def request(line, names):
    """The bytes that a line `>> ...` sends."""
    opcode, fields = _fields(line, names)
    extras = fields.pop("extras", None)
    if extras is None:
        extras = _extras(fields)
    return packets.request(
        opcode, fields.pop("key", b""), extras, fields.pop("value", b""),
        **{name: int(value, 0) for name, value in fields.items()})


def expected(line, names):
    """What a line `<< ...` expects: a reply, and the name that catches its cas id; cas None is any."""
    opcode, fields = _fields(line, names)
    caught, cas = fields.pop("caught", None), fields.pop("cas", b"0")
    reply = packets.Reply(opcode, _number(fields, "status"), fields.pop("key", b""), _reply_extras(fields))
    reply.opaque = _number(fields, "opaque", b"%d" % packets.OPAQUE)
    reply.cas = None if caught or cas == ANY else int(cas)
    reply.value = packets.STATUS_TEXTS.get(reply.status, b"")
    if "number" in fields:
        reply.value = struct.pack(">Q", _number(fields, "number"))
    reply.value = fields.pop("value", reply.value)
    if fields:
        raise PacketError(f"a reply has no {' '.join(fields)}")
    return reply, caught


def _fields(line, names):
    """The opcode, and the other words by name; a bare second word is the key. `cas=${?name}`: that name is
    under "caught"."""
    words = WORD.findall(line)
    opcode = packets.OPCODES.get(words[0])
    if opcode is None:
        opcode = int(words[0], 0)
    fields = {}
    for at, word in enumerate(words[1:]):
        name, equals, value = word.partition("=")
        if not equals and at == 0:
            name, value = "key", word
        elif not equals:
            raise PacketError(f"not understood: {word}")
        catching = CAPTURE.fullmatch(value)
        if catching:
            fields["caught"] = catching[1]
        else:
            fields[name] = text.expand(value, names)
    return opcode, fields


def _extras(fields):
    """What stands between header and key, by the fields that are there."""
    if "delta" in fields:
        return struct.pack(">QQI", *(_number(fields, name) for name in ("delta", "initial", "exptime")))
    if "flags" in fields:
        return struct.pack(">II", _number(fields, "flags"), _number(fields, "exptime"))
    return struct.pack(">I", _number(fields, "exptime")) if "exptime" in fields else b""


def _reply_extras(fields):
    return struct.pack(">I", _number(fields, "flags")) if "flags" in fields else b""


def _number(fields, name, default=b"0"):
    """Takes a number out of the fields: decimal, or with 0x before it."""
    return int(fields.pop(name, default), 0)
