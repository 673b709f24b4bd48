// How a simulated run gets its seeds and its settings.
#pragma once

#include <cstdint>
#include <cstdlib>

#include "ringcached/config.h"

namespace ringcached::sim {

inline Config config_for(uint32_t threads, uint64_t memory) {
  Config config;
  config.threads = threads;
  config.memory_limit = memory;
  config.listen = {"sim"};
  return config;
}

/// SEED=n replays one run; else so many seeds from SIM_FIRST (1) on, times SIM_SCALE or over
/// SIM_SHARE if one of them is set.
template <class Run>
void for_seeds(uint64_t count, Run&& run) {
  if (const char* one = std::getenv("SEED")) {
    run(std::strtoull(one, nullptr, 10));
    return;
  }
  if (const char* scale = std::getenv("SIM_SCALE")) count *= std::strtoull(scale, nullptr, 10);
  if (const char* share = std::getenv("SIM_SHARE")) {
    const uint64_t parts = std::strtoull(share, nullptr, 10);
    count = (count + parts - 1) / parts;
  }
  const char* const given = std::getenv("SIM_FIRST");
  const uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  for (uint64_t seed = first; seed < first + count; ++seed) run(seed);
}

}  // namespace ringcached::sim
