// The figures of one slab class: what `stats items` and `stats slabs` tell.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace ringcached {

/// Counted since the start or the last `stats reset`.
enum class ClassCounter : uint8_t {
  // By what the owner of a key does.
  GetHits,
  CmdSet,
  DeleteHits,
  IncrHits,
  DecrHits,
  CasHits,
  CasBadval,
  TouchHits,
  // By the store.
  HitsInSmall,  // reads of items in the small queue, and in main
  HitsInMain,
  MovesToMain,      // items that were read while they were in the small queue
  MovesWithinMain,  // items that were read since they came or were last spared
  Evicted,
  EvictedNonzero,  // of those: with an exptime
  EvictedUnfetched,
  ExpiredUnfetched,
  Reclaimed,
  CrawlerReclaimed,
  CrawlerItemsChecked,
  DirectReclaims,  // chunks that somebody had to be evicted for
  OutOfMemory,
  count_
};

inline constexpr size_t class_counter_count = static_cast<size_t>(ClassCounter::count_);

/// Owner: one core.
class ClassCounters {
 public:
  uint64_t& operator[](ClassCounter counter) { return values_[static_cast<size_t>(counter)]; }
  uint64_t operator[](ClassCounter counter) const { return values_[static_cast<size_t>(counter)]; }

  void add(const ClassCounters& other) {
    for (size_t i = 0; i < class_counter_count; ++i) values_[i] += other.values_[i];
  }

 private:
  std::array<uint64_t, class_counter_count> values_{};
};

/// A class at one moment, of one partition or of several together.
struct ClassFigures {
  ClassCounters counters;
  uint32_t chunk_size = 0;
  uint32_t chunks_per_page = 0;
  uint64_t pages = 0;
  uint64_t chunks_used = 0;
  uint64_t items_small = 0;
  uint64_t items_main = 0;
  uint64_t bytes_requested = 0;  // of the items whose head is in this class, headers included
  uint64_t ghost_bytes = 0;
  uint64_t age_small = 0;     // seconds since the oldest item of the small queue was last read
  uint64_t age_main = 0;      // the same of main
  uint64_t evicted_time = 0;  // seconds that the item evicted last had not been read

  uint64_t chunks() const { return pages * chunks_per_page; }
  uint64_t items() const { return items_small + items_main; }

  /// Another partition's: ages are the oldest of all.
  void add(const ClassFigures& other) {
    counters.add(other.counters);
    chunk_size = other.chunk_size;
    chunks_per_page = other.chunks_per_page;
    pages += other.pages;
    chunks_used += other.chunks_used;
    items_small += other.items_small;
    items_main += other.items_main;
    bytes_requested += other.bytes_requested;
    ghost_bytes += other.ghost_bytes;
    age_small = std::max(age_small, other.age_small);
    age_main = std::max(age_main, other.age_main);
    evicted_time = std::max(evicted_time, other.evicted_time);
  }
};

}  // namespace ringcached
