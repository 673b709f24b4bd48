"""The binary protocol as bytes: requests made and replies read, well-formed or not."""

import struct
from dataclasses import dataclass

HEADER = struct.Struct(">BBHBBHIIQ")
REQUEST_MAGIC = 0x80
REPLY_MAGIC = 0x81
OPAQUE = 0xFEEDBEEF  # where a test does not care

OPCODES = {
    "get": 0x00, "set": 0x01, "add": 0x02, "replace": 0x03, "delete": 0x04, "incr": 0x05, "decr": 0x06,
    "quit": 0x07, "flush": 0x08, "getq": 0x09, "noop": 0x0A, "version": 0x0B, "getk": 0x0C, "getkq": 0x0D,
    "append": 0x0E, "prepend": 0x0F, "stat": 0x10, "setq": 0x11, "addq": 0x12, "replaceq": 0x13,
    "deleteq": 0x14, "incrq": 0x15, "decrq": 0x16, "quitq": 0x17, "flushq": 0x18, "appendq": 0x19,
    "prependq": 0x1A, "verbosity": 0x1B, "touch": 0x1C, "gat": 0x1D, "gatq": 0x1E, "sasl_list": 0x20,
    "sasl_auth": 0x21, "sasl_step": 0x22, "gatk": 0x23, "gatkq": 0x24,
}

STATUS_TEXTS = {
    0x01: b"Not found", 0x02: b"Data exists for key.", 0x03: b"Too large.", 0x04: b"Invalid arguments",
    0x05: b"Not stored.", 0x06: b"Non-numeric server-side value for incr or decr", 0x20: b"Auth failure.",
    0x81: b"Unknown command", 0x82: b"Out of memory",
}


def request(opcode, key=b"", extras=b"", value=b"", cas=0, opaque=OPAQUE, magic=REQUEST_MAGIC,
            key_size=None, extras_size=None, body_size=None):
    """The bytes of a request; sizes are those of its parts unless they are given."""
    sizes = (len(key) if key_size is None else key_size,
             len(extras) if extras_size is None else extras_size,
             len(key) + len(extras) + len(value) if body_size is None else body_size)
    header = HEADER.pack(magic, opcode, sizes[0], sizes[1], 0, 0, sizes[2], opaque, cas)
    return header + extras + key + value


@dataclass
class Reply:
    """One reply. The data type is not kept: it is always 0, which `read` checks."""
    opcode: int
    status: int = 0
    key: bytes = b""
    extras: bytes = b""
    value: bytes = b""
    cas: int = 0
    opaque: int = OPAQUE


def body_size(header):
    """How many bytes follow this header of a reply; ValueError: it is none."""
    if len(header) < HEADER.size:
        raise ValueError(f"half a header: {header!r}")
    magic, _, _, _, data_type, _, size, _, _ = HEADER.unpack(header)
    if magic != REPLY_MAGIC or data_type != 0:
        raise ValueError(f"no header of a reply: {header!r}")
    return size


def parse(header, body):
    """The reply that a header and its body are."""
    _, opcode, key_size, extras_size, _, status, _, opaque, cas = HEADER.unpack(header)
    if extras_size + key_size > len(body):
        raise ValueError(f"a reply of contradictory sizes: {header!r}")
    key_at = extras_size + key_size
    return Reply(opcode, status, body[extras_size:key_at], body[:extras_size], body[key_at:], cas, opaque)


def reply_bytes(reply):
    """The bytes of a reply."""
    body = reply.extras + reply.key + reply.value
    return HEADER.pack(REPLY_MAGIC, reply.opcode, len(reply.key), len(reply.extras), 0, reply.status, len(body),
                       reply.opaque, reply.cas) + body


def split(data):
    """The replies in `data`; what is no whole reply stands at the end as bytes."""
    at = 0
    while at < len(data):
        try:
            body_at = at + HEADER.size
            end = body_at + body_size(data[at:body_at])
            reply = parse(data[at:body_at], data[body_at:end])
        except ValueError:
            reply = None
        if reply is None or end > len(data):
            yield data[at:]
            return
        yield reply
        at = end


def read(wire):
    """The next reply of a connection."""
    header = wire.read_exactly(HEADER.size)
    return parse(header, wire.read_exactly(body_size(header)))
