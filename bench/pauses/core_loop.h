// One core's turns, as far as the memory is concerned, each timed by the thread's own CPU clock.
//
// A turn is what server/core does between two waits: read the clock, run a batch, sweep. What is
// not there is the kernel's part of it, sockets and parsing.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "numbered_keys.h"
#include "pauses/turns.h"
#include "ringcached/counters.h"
#include "ringcached/operation.h"
#include "shard/owner.h"
#include "shard/reply_memory.h"
#include "store/page_budget.h"
#include "store/store.h"

namespace pauses {

class CoreLoop {
 public:
  static constexpr uint32_t batch_least = 16;
  static constexpr uint32_t batch_most = 64;

  /// `preallocated`: all memory for items is touched beforehand, as with -L.
  CoreLoop(uint64_t memory_bytes, bool preallocated, uint64_t seed);

  /// The batch of the next turn. Keys are numbers. What is got and missed is in missed()
  /// afterwards.
  bool full() const { return count_ == wanted_; }
  void get(uint64_t number) { add(number, ringcached::Verb::Get); }
  void set(uint64_t number, uint32_t value_size, int64_t exptime = 0);
  void remove(uint64_t number) { add(number, ringcached::Verb::Delete); }
  /// Runs the batch, one turn. true: the sweep wants another turn at once.
  bool turn(Turns& turns);
  /// Turns without a batch until the sweep has nothing to do at once; at most `most`.
  void idle(Turns& turns, uint64_t most);
  const std::vector<uint64_t>& missed() const { return missed_; }

  /// Sets a large value as a client does it, several turns long.
  void load(uint64_t number, uint32_t value_size, Turns& turns);

  static constexpr int64_t unix_start = 1'700'000'000;
  void at(ringcached::Seconds seconds) { now_ = {seconds, unix_start + seconds}; }
  ringcached::Seconds seconds() const { return now_.seconds; }
  void flush_all() { owner_.flush(0); }

  ringcached::NumberStream& random() { return random_; }
  ringcached::Counters& counters() { return counters_; }
  ringcached::store::PageBudget& budget() { return budget_; }
  const ringcached::store::Store& store() const { return store_; }

 private:
  ringcached::Operation& add(uint64_t number, ringcached::Verb verb);
  void collect();

  ringcached::KeyHasher hasher_{42};
  ringcached::NumberStream random_;
  ringcached::Counters counters_;
  ringcached::store::PageBudget budget_;
  ringcached::store::Store store_;
  ringcached::shard::Owner owner_;
  ringcached::shard::ReplyMemory replies_;
  ringcached::Now now_;
  std::string values_;  // of the largest size that was set
  std::array<ringcached::NumberedKey, batch_most> keys_;
  std::array<uint64_t, batch_most> numbers_{};
  std::array<ringcached::Operation, batch_most> operations_;
  uint32_t count_ = 0;
  uint32_t wanted_ = batch_least;
  std::vector<uint64_t> missed_;
};

}  // namespace pauses
