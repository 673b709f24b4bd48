// What an operator may change while the server runs.
#pragma once

#include <cstdint>

#include "ringcached/config.h"

namespace ringcached {

/// Owner: one core; all have the same, but for the moment in which a change goes round.
struct Tuning {
  explicit Tuning(const Config& config)
      : verbosity(config.verbosity),
        memory_limit(config.memory_limit),
        slab_automove(config.extended.slab_automove),
        lru_crawler(config.extended.lru_crawler),
        lru_crawler_sleep(config.extended.lru_crawler_sleep),
        lru_crawler_tocrawl(config.extended.lru_crawler_tocrawl),
        detail(config.detail_enabled) {}

  int verbosity;
  uint64_t memory_limit;         // bytes of pages
  uint32_t slab_automove;        // 0: pages do not follow the misses
  bool lru_crawler;              // what is dead is swept
  uint32_t lru_crawler_sleep;    // microseconds; only shown
  uint32_t lru_crawler_tocrawl;  // chunks that a crawl looks at, per partition; 0: all
  bool detail;                   // `stats detail` is counted
};

}  // namespace ringcached
