#!/usr/bin/python3
"""nginx keeps pages in the server and serves them out of it: memcached_pass of its own, and the memc module."""

import getpass
import http.client
import os
import pathlib
import subprocess
import tempfile
import time

from fleet import one_server, options, same, statistic

import tap
from servers import free_port

TOOL = "/usr/sbin/nginx"
MODULE = "/usr/lib/nginx/modules/ngx_http_memc_module.so"
START_LIMIT_S = 30
STOP_LIMIT_S = 30
REPLY_LIMIT_S = 60
START_ATTEMPTS = 10
CONFIG = """daemon off;
master_process off;
user {user};
load_module {module};
pid {folder}/pid;
error_log {folder}/log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 2m;
  client_body_buffer_size 2m;
  upstream cache {{
    server 127.0.0.1:{server};
    keepalive 4;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      set $memcached_key $uri;
      memcached_pass cache;
    }}
    location /memc/ {{
      set $memc_cmd $arg_do;
      set $memc_key $arg_key;
      set $memc_value $arg_value;
      set $memc_exptime $arg_ttl;
      memc_pass cache;
    }}
    location ~ ^/store(/.*)$ {{
      set $memc_key $1;
      memc_pass cache;
    }}
  }}
}}
"""
PAGES = {"/index.html": b"<p>hello</p>", "/empty": b"", "/large": b"0123456789abcdef" * 40_000}


class Web:
    """nginx in front of the server; it ends with the block, or with its time limit."""

    def __init__(self, server):
        self._server = server
        self._folder = tempfile.TemporaryDirectory(prefix="rc-")
        self._process = None
        self._port = None

    def __enter__(self):
        for _ in range(START_ATTEMPTS):  # somebody else may take the port
            self._start()
            if self._listens():
                return self
        raise AssertionError(f"nginx does not listen: {self.log()}")

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT_S)
        finally:
            self._process.kill()
            self._folder.cleanup()

    def ask(self, method, path, body=None):
        """Status and body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=REPLY_LIMIT_S)
        try:
            connection.request(method, path, body)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def log(self):
        path = pathlib.Path(self._folder.name, "log")
        return path.read_text(encoding="utf-8") if path.exists() else "(no log)"

    def _start(self):
        self._port = free_port()
        config = os.path.join(self._folder.name, "conf")
        pathlib.Path(config).write_text(
            CONFIG.format(user=getpass.getuser(), module=MODULE, folder=self._folder.name, port=self._port,
                          server=self._server.port), encoding="ascii")
        self._process = subprocess.Popen(["timeout", "-k", "5", "100", TOOL, "-c", config, "-e",
                                          os.path.join(self._folder.name, "log")],
                                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)

    def _listens(self):
        deadline = time.monotonic() + START_LIMIT_S
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                self.ask("GET", "/nothing")
                return True
            except ConnectionRefusedError:
                time.sleep(0.02)
        return False


def pages(web, _server):
    for path, body in PAGES.items():
        same(web.ask("GET", path)[0], 404, f"{path} before it is stored")
        same(web.ask("PUT", "/store" + path, body)[0], 201, f"PUT {path}")
        for _ in range(3):
            status, got = web.ask("GET", path)
            same((status, got == body), (200, True), f"GET {path}")
        same(web.ask("GET", "/store" + path)[1] == body, True, f"{path} by the module")


def changes(web, _server):
    same(web.ask("POST", "/store/index.html", b"other")[0], 200, "POST (add) of what is there")
    same(web.ask("GET", "/index.html"), (200, PAGES["/index.html"]), "after the refused add")
    same(web.ask("DELETE", "/store/index.html")[0], 200, "DELETE")
    same(web.ask("GET", "/index.html")[0], 404, "after DELETE")
    same(web.ask("DELETE", "/store/index.html")[0], 404, "a second DELETE")


def verbs(web, _server):
    same(web.ask("GET", "/memc/?do=set&key=n&ttl=1000&value=10")[0], 201, "set")
    same(web.ask("GET", "/memc/?do=incr&key=n&value=5"), (201, b"15\r\n"), "incr")
    same(web.ask("GET", "/memc/?do=decr&key=n&value=1"), (201, b"14\r\n"), "decr")
    for verb, status in (("add", 200), ("replace", 201), ("append", 201), ("prepend", 201)):
        same(web.ask("GET", f"/memc/?do={verb}&key=n&value=1")[0], status, verb)
    same(web.ask("GET", "/memc/?do=get&key=n"), (200, b"111"), "get")
    status, version = web.ask("GET", "/memc/?do=version")
    same((status, version.split()[0]), (200, b"VERSION"), "version")
    same(b"STAT curr_items " in web.ask("GET", "/memc/?do=stats")[1], True, "stats")
    same(web.ask("GET", "/memc/?do=flush_all"), (200, b"OK\r\n"), "flush_all")
    same(web.ask("GET", "/large")[0], 404, "after flush_all")


def few_connections(web, server):
    """It keeps them open and uses them again."""
    before = statistic(server, "total_connections")
    for _ in range(50):
        web.ask("GET", "/nothing")
    used = statistic(server, "total_connections") - before - 1  # one is the question's own
    same(used <= 4, True, f"{used} connections for 50 requests, at most 4")


def quiet(web, _server):
    same([line for line in web.log().splitlines() if "[error]" in line and "not found" not in line], [], "its log")


TESTS = [
    ("pages are stored, and served by memcached_pass", pages),
    ("a page is changed and removed", changes),
    ("the other verbs of the module", verbs),
    ("connections are used again", few_connections),
    ("no errors in its log", quiet),
]


def main():
    chosen = options(__doc__)
    with one_server(chosen) as server, Web(server) as web:
        for name, test in TESTS:
            tap.case(f"nginx: {name}", lambda: test(web, server))
    tap.finish()


if __name__ == "__main__":
    main()
