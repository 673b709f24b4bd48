"""Runs of one workload: each server in turn, started afresh in each round, measured while it serves."""

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


def ask(plan, server, workload, role, rate=None, populate=True):
    """What the server does for one run of load."""
    # Where the server takes all cores, the load runs wherever there is room.
    load_cores = (LOAD_CORE,) if workload.threads == 1 else range(workload.threads)
    with pinned_to(*load_cores):
        return load.ask(plan, server, workload, role, rate, populate)


def measure(plan, workload, role, rate):
    """One run of a server that has the machine for itself. `rate`: requests a second in an open
    loop, else None."""
    workload = workload.seen_by(role)
    with serving(workload, role) as server:
        return ask(plan, server, workload, role, rate)


def measure_in_slices(plan, workload, roles):
    """One run of each, all of them alive, in slices that take turns: the speed of a machine that is
    shared drifts within seconds."""
    part = dataclasses.replace(plan, seconds=plan.seconds / plan.slices,
                               warm_up=plan.warm_up / plan.slices)
    seen = {role: workload.seen_by(role) for role in roles}
    found = {role: [] for role in roles}
    with contextlib.ExitStack() as stack:
        servers = {role: stack.enter_context(serving(seen[role], role)) for role in roles}
        for number in range(plan.slices):
            for role in _turned(roles, number):
                found[role].append(ask(part, servers[role], seen[role], role, populate=number == 0))
    return {role: load.sum_of(slices) for role, slices in found.items()}


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
    rounds = []
    for number in range(plan.pairs):
        roles = _turned(workload.roles, number)
        # Tails of latency are not to be cut up, nor thousands of connections opened again and again.
        if workload.load or workload.idle:
            rounds.append({role: measure(plan, workload, role, rate) for role in roles})
        else:
            rounds.append(measure_in_slices(plan, workload, roles))
    return rounds


def _turned(roles, number):
    """Everyone is first, last and behind everyone else in turn."""
    at = number % len(roles)
    turned = [*roles[at:], *roles[:at]]
    return turned[::-1] if number // len(roles) % 2 else turned
