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
        detail(config.detail_enabled),
        slab_automove_ratio(config.extended.slab_automove_ratio),
        slab_automove_window(config.extended.slab_automove_window),
        lru_segmented(config.extended.lru_maintainer),
        hot_lru_pct(config.extended.hot_lru_pct),
        warm_lru_pct(config.extended.warm_lru_pct),
        hot_max_factor(config.extended.hot_max_factor),
        warm_max_factor(config.extended.warm_max_factor),
        temp_lru(config.extended.temp_lru),
        temporary_ttl(config.extended.temporary_ttl) {}

  int verbosity;
  uint64_t memory_limit;         // bytes of pages
  uint32_t slab_automove;        // 0: pages do not follow the misses
  bool lru_crawler;              // what is dead is swept
  uint32_t lru_crawler_sleep;    // microseconds; only shown
  uint32_t lru_crawler_tocrawl;  // chunks that a crawl looks at, per partition; 0: all
  bool detail;                   // `stats detail` is counted

  // Of queues that do not exist here: only shown.
  double slab_automove_ratio;
  uint32_t slab_automove_window;  // seconds
  bool lru_segmented;
  uint32_t hot_lru_pct;
  uint32_t warm_lru_pct;
  double hot_max_factor;
  double warm_max_factor;
  bool temp_lru;
  uint32_t temporary_ttl;  // seconds
};

}  // namespace ringcached
