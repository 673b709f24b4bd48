"""What a server with -S needs of its surroundings: a memcached.conf, and a database with one user."""

import contextlib
import os
import socket
import subprocess
import tempfile

USER, PASSWORD = "ann", "a secret"
TOOL_LIMIT_S = 30


@contextlib.contextmanager
def configured(mechanisms="PLAIN"):
    """The environment for a server whose clients log in by these mechanisms; gone with the block."""
    with tempfile.TemporaryDirectory(prefix="rc-sasl-") as folder:
        os.chmod(folder, 0o755)
        database = os.path.join(folder, "sasldb2")
        with open(os.path.join(folder, "memcached.conf"), "w") as conf:
            conf.write(f"mech_list: {mechanisms}\npwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
                       f"sasldb_path: {database}\n")
        subprocess.run(["/usr/sbin/saslpasswd2", "-p", "-c", "-a", "memcached", "-f", database,
                        "-u", socket.gethostname(), USER],
                       input=f"{PASSWORD}\n", text=True, check=True, timeout=TOOL_LIMIT_S)
        yield {"SASL_CONF_PATH": folder}
