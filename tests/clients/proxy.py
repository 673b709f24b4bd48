"""nutcracker (Debian's twemproxy) in front of servers, for as long as a block lasts."""

import os
import socket
import subprocess
import tempfile
import time

from servers import free_port
from wire import Wire

TOOL = "/usr/sbin/nutcracker"
TIME_LIMIT_S = 300
START_LIMIT_S = 30
STOP_LIMIT_S = 20
CONFIG = """pool:
  listen: 127.0.0.1:{port}
  hash: md5
  distribution: ketama
  auto_eject_hosts: false
  timeout: 60000
  servers:
"""


class Proxy:
    """nutcracker in front of servers; it ends with the block, or with its time limit."""

    def __init__(self, servers):
        self.port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="rc-")
        self._log = os.path.join(self._folder.name, "log")
        config = os.path.join(self._folder.name, "config")
        with open(config, "w") as file:
            file.write(CONFIG.format(port=self.port))
            file.writelines(f"    - 127.0.0.1:{server.port}:1\n" for server in servers)
        self._process = subprocess.Popen(
            ["timeout", "-k", "5", str(TIME_LIMIT_S), TOOL, "-c", config, "-o", self._log,
             "-p", os.path.join(self._folder.name, "pid"), "-a", "127.0.0.1", "-s", str(free_port())],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT_S)
        finally:
            self._process.kill()
            self._folder.cleanup()

    def connect(self):
        """A connection through the proxy, once it listens."""
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            try:
                return Wire(socket.create_connection(("127.0.0.1", self.port), START_LIMIT_S))
            except ConnectionRefusedError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise AssertionError(f"nutcracker does not listen: {self._log_text()}") from None
            time.sleep(0.02)

    def _log_text(self):
        if not os.path.exists(self._log):
            return "(no log)"
        with open(self._log) as log:
            return log.read()[-4000:]
