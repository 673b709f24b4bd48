"""The workloads: what is asked of whom, at one time, over what."""

import dataclasses

KIB, MIB = 1 << 10, 1 << 20
MEMORY_MIB = 1024  # -m of every server: nothing is evicted
KEYS_MAX = 100_000
VALUES_MAX = 256 * MIB  # of all keys together

# Who takes part in a round. The control is memcached once more, against itself.
RINGCACHED, MEMCACHED, CONTROL, LIMIT = "ringcached", "memcached", "memcached again", "limit server"
ONE_THREAD, FEW_CONNECTIONS = "ringcached -t 1", "ringcached, 50 connections"


@dataclasses.dataclass(frozen=True)
class Workload:
    """Closed loop unless it has a load; `depth` requests are under way on each connection."""

    name: str
    title: str
    active: int = 50  # connections that ask
    depth: int = 1
    sets: float = 0.0  # share of the requests
    keys_per_get: int = 1
    value_size: int = 100
    unix: bool = False
    threads: int = 1  # of the server, one per core
    keys_max: int = KEYS_MAX
    load: float = 0.0  # open loop: share of the rate that saturates memcached
    idle: int = 0  # connections beside the others that ask nothing
    others: tuple = ()  # who takes part beside ringcached, memcached and the control

    @property
    def keys(self):
        return max(1, min(self.keys_max, VALUES_MAX // self.value_size))

    @property
    def roles(self):
        return (MEMCACHED, RINGCACHED, CONTROL, *self.others)

    def seen_by(self, role):
        """What this role is asked: the same, but for what its name says."""
        if role == ONE_THREAD:
            return dataclasses.replace(self, threads=1)
        if role == FEW_CONNECTIONS:
            return dataclasses.replace(self, active=50, idle=0)
        return self


def kind_of(role):
    """The executable that plays the role."""
    if role == LIMIT:
        return "limit_server"
    return "memcached" if role in (MEMCACHED, CONTROL) else "ringcached"


def size_shown(size):
    return f"{size // MIB} MiB" if size >= MIB else f"{size // KIB} KiB"


def _table():
    for depth, words in ((1, "one in flight"), (16, "16 deep"), (100, "100 deep")):
        for sets, verb in ((0.0, "get"), (1.0, "set")):
            yield Workload(f"{verb}-{depth}", f"{verb}s, {words}", depth=depth, sets=sets,
                           others=(LIMIT,))
    for verb, sets in (("get", 0.0), ("set", 1.0)):
        yield Workload(f"unix-{verb}-1", f"{verb}s, one in flight, unix socket", sets=sets,
                       unix=True, others=(LIMIT,))
    for depth, words in ((1, "one in flight"), (16, "16 deep")):
        yield Workload(f"mix-{depth}", f"90 gets to 10 sets, {words}", depth=depth, sets=0.1,
                       others=(LIMIT,))
    yield Workload("multiget-100", "multi-gets of 100 keys", keys_per_get=100, others=(LIMIT,))
    for size in (4 * KIB, 64 * KIB, MIB):
        for verb, sets in (("get", 0.0), ("set", 1.0)):
            words = size_shown(size)
            yield Workload(f"{verb}-{words.replace(' ', '').lower()}", f"{verb}s of {words}",
                           value_size=size, sets=sets, others=(LIMIT,))
    yield Workload("connections-1000", "gets, 1,000 connections", active=1000,
                   others=(LIMIT,))
    yield Workload("hot-key", "gets of one key by all connections, 16 deep", depth=16, keys_max=1)
    yield Workload("open-loop", "90 gets to 10 sets, open loop, half of saturation",
                   sets=0.1, load=0.5)
    yield Workload("connections-10000", "gets, 10,000 connections, 1 % active", active=100,
                   idle=9900, others=(FEW_CONNECTIONS,))
    for depth, words in ((1, "one in flight"), (16, "16 deep"), (100, "100 deep")):
        yield Workload(f"two-threads-get-{depth}", f"gets, {words}, 2 threads on 2 cores",
                       depth=depth, threads=2, others=(ONE_THREAD,))
    yield Workload("two-threads-hot-key", "gets of one key, 16 deep, 2 threads on 2 cores",
                   depth=16, keys_max=1, threads=2)


WORKLOADS = tuple(_table())
