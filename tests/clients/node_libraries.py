#!/usr/bin/python3
"""Client libraries of Node.js play the scenario of talk.py; tools/clients installs and runs them.

NODE_FOLDER names a folder with the programs of tests/clients/node and their node_modules.
"""

import os

from fleet import one_server, options

import tap
from talk import Client, play

STORING = {"set", "add", "replace", "append", "get", "delete", "incr", "decr", "touch", "flush"}
CLIENTS = [
    ("memjs", "memjs_client.js", STORING),
    ("memcached of npm", "memcached_client.js", STORING | {"prepend", "get_multi", "gets", "cas", "version"}),
]


def main():
    chosen = options(__doc__)
    with one_server(chosen) as server:
        for name, file, verbs in CLIENTS:
            with Client(["node", os.path.join(os.environ["NODE_FOLDER"], file)], server, []) as client:
                play(name, client, verbs)
    tap.finish()


if __name__ == "__main__":
    main()
