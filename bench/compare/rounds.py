"""Runs of one workload: each server in turn, started afresh, measured while it serves."""

import contextlib
import dataclasses
import statistics

import load
from pinning import pinned_to
from servers import Server
from workloads import MEMCACHED, MEMORY_MIB, kind_of

SERVER_CORE, LOAD_CORE = 0, 1
TIME_LIMIT_S = 600
CONNECTIONS_TO_SPARE = 200  # memcached counts its own descriptors too
ITEM_SIZE_MAX = "2m"  # -I: the default leaves no room for the header of a value of 1 MiB


@contextlib.contextmanager
def serving(workload, role):
    """The server of that role on its cores; it ends with the block, with us, and after a while."""
    kind = kind_of(role)
    threads = workload.threads
    if kind == "limit_server":
        options = ["-t", threads, "-v", workload.value_size, "-k", load.KEY_SIZE]
    else:
        options = ["-t", threads, "-m", MEMORY_MIB, "-I", ITEM_SIZE_MAX,
                   # Those of the run before may still be closing.
                   "-c", 2 * workload.active + workload.idle + CONNECTIONS_TO_SPARE]
    with pinned_to(*range(SERVER_CORE, SERVER_CORE + threads)):
        server = Server(kind, options, unix=workload.unix or None, time_limit_s=TIME_LIMIT_S)
        server.start()
    with server:
        yield server


def measure(plan, workload, role, rate):
    """One run. `rate`: requests a second in an open loop, else None."""
    workload = workload.seen_by(role)
    # Where the server takes all cores, the load runs wherever there is room.
    load_cores = (LOAD_CORE,) if workload.threads == 1 else range(workload.threads)
    with serving(workload, role) as server, pinned_to(*load_cores):
        return load.ask(plan, server, workload, role, rate)


def rate_of(plan, workload):
    """Requests a second that are the workload's share of what saturates memcached: of what its
    thread could answer if it were never idle. None in a closed loop."""
    if not workload.load:
        return None
    closed = dataclasses.replace(workload, load=0.0)
    costs = [measure(plan, closed, MEMCACHED, None).cpu_us for _ in range(plan.pairs)]
    return workload.load * workload.threads * 1e6 / statistics.median(costs)


def play(plan, workload):
    """So many rounds, in each of which every role has its turn; by role. The order turns too."""
    rate = rate_of(plan, workload)
    roles = list(workload.roles)
    rounds = []
    for number in range(plan.pairs):
        turned = roles[number % len(roles):] + roles[:number % len(roles)]
        if number % 2:
            turned.reverse()
        rounds.append({role: measure(plan, workload, role, rate) for role in turned})
    return rounds
