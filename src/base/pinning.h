// Ties a thread to a CPU, where there are enough CPUs for that to help.
#pragma once

#include <pthread.h>

#include <cstdint>
#include <vector>

namespace ringcached {

/// One CPU for each of `threads`, out of the process's affinity; empty if there are fewer CPUs than
/// threads, or only one thread, which the scheduler places better (next to its neighbours).
std::vector<uint32_t> cpus_to_pin(uint32_t threads);

/// Failure is no error: the thread then runs where the scheduler puts it.
void pin_thread(pthread_t thread, uint32_t cpu);

}  // namespace ringcached
