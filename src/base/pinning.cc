#include "base/pinning.h"

#include <sched.h>

#include "base/cpu.h"

namespace ringcached {

std::vector<uint32_t> cpus_to_pin(uint32_t threads) {
  std::vector<uint32_t> cpus;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  // A quota (a container's) says that the CPUs are shared: then the scheduler knows better.
  if (threads < 2 || usable_cpus() < threads) return cpus;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return cpus;
  for (uint32_t cpu = 0; cpu < CPU_SETSIZE && cpus.size() < threads; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) cpus.push_back(cpu);
  }
  if (cpus.size() < threads) cpus.clear();
  return cpus;
}

void pin_thread(pthread_t thread, uint32_t cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  ::pthread_setaffinity_np(thread, sizeof one, &one);
}

}  // namespace ringcached
