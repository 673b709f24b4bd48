// The figures a core counts: one plain array per core, added up when somebody asks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ringcached {

/// The first block is zeroed by `stats reset`; the gauges from CurrItems on are not.
enum class Counter : uint8_t {
  TotalConnections,
  RejectedConnections,
  CmdGet,  // keys asked for
  CmdSet,
  CmdFlush,
  CmdTouch,
  CmdMeta,  // me
  GetHits,
  GetMisses,
  GetExpired,
  GetFlushed,
  DeleteMisses,
  DeleteHits,
  IncrMisses,
  IncrHits,
  DecrMisses,
  DecrHits,
  CasMisses,
  CasHits,
  CasBadval,
  TouchHits,
  TouchMisses,
  StoreTooLarge,
  StoreNoMemory,
  AuthCommands,  // logins tried, and those of them that failed
  AuthErrors,
  IdleKicks,  // connections closed for idleness
  BytesRead,
  BytesWritten,
  ConnYields,  // batches cut because they were full
  ListenDisabled,
  ListenDisabledMs,  // of pauses that are over
  LogWorkerDropped,  // events that a full log had no room for, and those it had
  LogWorkerWritten,
  LogWatcherSkipped,  // lines that a watcher was too slow for, and those it was not
  LogWatcherSent,
  TotalItems,
  ExpiredUnfetched,
  EvictedUnfetched,
  Evictions,
  Reclaimed,
  CrawlerReclaimed,
  CrawlerItemsChecked,
  SlabsMoved,
  DirectReclaims,
  // ringcached's own (`stats ring`)
  Turns,             // turns of the loop
  ParcelsSent,       // batches' parts sent to another core
  WakeUpsSent,       // sleeping cores woken
  BuffersStarved,    // receives that found no buffer
  OutputStalls,      // connections that were not read from because they do not read
  DatagramsDropped,  // requests and replies that there was no room for, or no way
  // Gauges.
  CurrItems,
  Bytes,  // items, headers included
  CurrConnections,
  ListenPaused,  // 1: full, and nobody is accepted
  LogWatchers,
  PagesHeld,   // 64 KiB pages out of the budget
  PagesEmpty,  // of those: belong to no class
  TableBytes,
  TableBuckets,
  GhostBytes,
  PinnedBytes,
  ArenaBytes,          // of pages and tables: taken from the allocator
  ArenaBytesReturned,  // of those: pages that the kernel has back
  MallocAllocated,     // all that the allocator has given out, whole process; core 0 tells
  MallocResident,      // pages that the allocator counts as resident
  MallocMapped,
  ReceiveBuffers,  // provided buffers, in count
  ReceiveBufferBytes,
  OutputBlocks,
  Partitions,
  count_
};

inline constexpr size_t counter_count = static_cast<size_t>(Counter::count_);

constexpr bool is_gauge(Counter counter) {
  return counter >= Counter::CurrItems;
}

/// Owner: one core. Copied whole into a report when another core asks.
class Counters {
 public:
  uint64_t& operator[](Counter counter) { return values_[static_cast<size_t>(counter)]; }
  uint64_t operator[](Counter counter) const { return values_[static_cast<size_t>(counter)]; }

  void add(const Counters& other) {
    for (size_t i = 0; i < counter_count; ++i) values_[i] += other.values_[i];
  }

  /// `stats reset`: forgets what was counted, keeps the gauges.
  void reset() {
    for (size_t i = 0; i < static_cast<size_t>(Counter::CurrItems); ++i) values_[i] = 0;
  }

 private:
  std::array<uint64_t, counter_count> values_{};
};

}  // namespace ringcached
