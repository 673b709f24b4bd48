#include "server/note_tuning.h"

#include <bit>

#include "base/assert.h"

namespace ringcached::server {
namespace {

void note_lru_shares(const Operation& operation, Tuning& tuning) {
  tuning.hot_lru_pct = static_cast<uint32_t>(operation.delta >> 32);
  tuning.warm_lru_pct = static_cast<uint32_t>(operation.delta);
  tuning.hot_max_factor = std::bit_cast<double>(operation.cas_wanted);
  tuning.warm_max_factor = std::bit_cast<double>(operation.number);
}

/// Switching it off leaves the time as it was, as in memcached.
void note_temporary_ttl(int64_t seconds, Tuning& tuning) {
  tuning.temp_lru = seconds >= 0;
  if (tuning.temp_lru) tuning.temporary_ttl = static_cast<uint32_t>(seconds);
}

}  // namespace

void note_tuning(const Operation& operation, Tuning& tuning) {
  const uint64_t value = operation.delta;
  switch (operation.verb) {
    case Verb::Verbosity:
      tuning.verbosity = static_cast<int>(value);
      return;
    case Verb::MemoryLimit:
      tuning.memory_limit = value;
      return;
    case Verb::Automove:
      tuning.slab_automove = static_cast<uint32_t>(value);
      return;
    case Verb::AutomoveRatio:
      tuning.slab_automove_ratio = std::bit_cast<double>(value);
      return;
    case Verb::AutomoveWindow:
      tuning.slab_automove_window = static_cast<uint32_t>(value);
      return;
    case Verb::LruTune:
      return note_lru_shares(operation, tuning);
    case Verb::LruMode:
      tuning.lru_segmented = value != 0;
      return;
    case Verb::LruTemporaryTtl:
      return note_temporary_ttl(static_cast<int64_t>(value), tuning);
    case Verb::CrawlerSleep:
      tuning.lru_crawler_sleep = static_cast<uint32_t>(value);
      return;
    case Verb::CrawlerTocrawl:
      tuning.lru_crawler_tocrawl = static_cast<uint32_t>(value);
      return;
    case Verb::Detail:
      tuning.detail = value != 0;
      return;
    default:
      RC_ASSERT(false);  // a verb that tunes nothing
  }
}

}  // namespace ringcached::server
