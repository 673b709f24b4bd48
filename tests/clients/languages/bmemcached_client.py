#!/usr/bin/python3
"""bmemcached (Debian's python3-binary-memcached) for talk.py: a call per line of stdin, its result per line of stdout."""

import json
import sys

import bmemcached

client = bmemcached.Client([f"127.0.0.1:{sys.argv[1]}"], socket_timeout=60)
token = {}


def gets(key):
    value, token[key] = client.gets(key)
    return value


CALLS = {
    "set": lambda key, value, ttl: client.set(key, value, ttl),
    "add": lambda key, value, ttl: client.add(key, value, ttl),
    "replace": lambda key, value, ttl: client.replace(key, value, ttl),
    "get": client.get,
    "get_multi": lambda *keys: client.get_multi(keys),
    "set_multi": lambda pairs: client.set_multi(pairs) == [],
    "delete": client.delete,
    "delete_multi": lambda *keys: client.delete_multi(keys),
    "incr": client.incr,
    "decr": client.decr,
    "gets": gets,
    "cas": lambda key, value, ttl: client.cas(key, value, token[key], ttl),
    "flush": client.flush_all,
    "version": lambda: next(iter(client.stats().values()))["version"].decode(),
}

print(json.dumps(sorted(CALLS)), flush=True)
for line in sys.stdin:
    verb, *args = json.loads(line)
    try:
        result = CALLS[verb](*args)
    except Exception as error:  # the other side reads it
        result = {"error": repr(error)}
    print(json.dumps(result), flush=True)
