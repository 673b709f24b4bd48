"""Refuses system calls to the process that calls: one with an errno, or all that a profile does not allow.

Made for Popen(preexec_fn=...): what is refused stays refused to the program that is started.
"""

import ctypes
import errno
import json
import os
import struct

IO_URING_SETUP, IO_URING_ENTER = 425, 426  # the same numbers on every architecture

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # of the filter's little machine
ALLOW, REFUSE = 0x7FFF0000, 0x00050000          # what it returns; the errno is added to the second

LIBSECCOMP_ALLOW = 0x7FFF0000
COMPARISONS = {"SCMP_CMP_EQ": 4, "SCMP_CMP_MASKED_EQ": 7}


class Comparison(ctypes.Structure):
    """libseccomp's scmp_arg_cmp."""
    _fields_ = [("index", ctypes.c_uint), ("op", ctypes.c_int), ("value", ctypes.c_uint64),
                ("value_two", ctypes.c_uint64)]


def refuse(call, error):
    """From now on the call with this number fails with this errno."""
    lines = ((LOAD, 0, 0, 0), (JUMP_IF_EQUAL, 0, 1, call), (RETURN, 0, 0, REFUSE | error),
             (RETURN, 0, 0, ALLOW))
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    described = struct.pack("HxxxxxxP", len(lines), ctypes.addressof(program))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, described):
        raise OSError(ctypes.get_errno(), "seccomp")


def confine(path, but_not=()):
    """From now on holds what a profile in Docker's format says, as runc reads it: through libseccomp.

    `but_not`: names of calls to strike from the profile first.
    """
    with open(path) as file:
        profile = json.load(file)
    lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    lib.seccomp_init.restype = ctypes.c_void_p
    refused = REFUSE | profile["defaultErrnoRet"]
    context = ctypes.c_void_p(lib.seccomp_init(ctypes.c_uint32(refused)))
    for rule in profile["syscalls"]:
        for name in set(rule["names"]) - set(but_not):
            _add(lib, context, rule, name)
    _check(lib.seccomp_load(context), "seccomp_load")


def _add(lib, context, rule, name):
    number = lib.seccomp_syscall_resolve_name(name.encode())
    if number < 0:  # of another architecture, or newer than the library
        return
    comparisons = [Comparison(arg["index"], COMPARISONS[arg["op"]], arg["value"], arg.get("valueTwo", 0))
                   for arg in rule.get("args", [])]
    action = LIBSECCOMP_ALLOW if rule["action"] == "SCMP_ACT_ALLOW" else REFUSE | rule["errnoRet"]
    added = lib.seccomp_rule_add_array(context, ctypes.c_uint32(action), number, len(comparisons),
                                       (Comparison * len(comparisons))(*comparisons))
    _check(added, name)


def _check(code, what):
    if code != 0:
        raise OSError(-code, f"{what}: {os.strerror(-code)} ({errno.errorcode.get(-code)})")
