#!/usr/bin/python3
"""Client libraries of Perl, PHP and Python that Debian has play one scenario, as with memcached."""

import os

from fleet import one_server, options

import tap
from talk import FOLDER, Client, play

STORING = {"set", "add", "replace", "get", "delete", "incr", "decr", "get_multi", "set_multi", "gets", "cas", "flush",
           "version"}
JOINING = {"append", "prepend"}

# Name, the program, its arguments behind the port, and what the library offers.
CLIENTS = [
    ("Cache::Memcached::Fast", ["/usr/bin/perl", "fast.pl"], [], STORING | JOINING | {"touch"}),
    ("php-memcached, text", ["/usr/bin/php", "memcached.php"], ["text"],
     STORING | JOINING | {"touch", "delete_multi"}),
    ("php-memcached, binary", ["/usr/bin/php", "memcached.php"], ["binary"], STORING | {"touch", "delete_multi"}),
    ("bmemcached", ["/usr/bin/python3", "bmemcached_client.py"], [], STORING | {"delete_multi"}),
]


def main():
    chosen = options(__doc__)
    with one_server(chosen) as server:
        for name, (program, file), args, verbs in CLIENTS:
            with Client([program, os.path.join(FOLDER, file)], server, args) as client:
                play(name, client, verbs)
    tap.finish()


if __name__ == "__main__":
    main()
