// What one thread asks for: which commands, for which keys, and how many of them.
#pragma once

#include <cstdint>
#include <vector>

#include "replay/random.h"
#include "ringload/conversation.h"
#include "ringload/options.h"
#include "ringload/pattern.h"

namespace ringload {

/// A part of a run; the same for all threads.
struct Phase {
  enum class Kind { Populate, Load };
  Kind kind = Kind::Load;
  uint64_t start_ns = 0;         // of CLOCK_MONOTONIC
  uint64_t end_ns = UINT64_MAX;  // nothing is begun after it
  uint64_t requests = UINT64_MAX;
};

/// The part of `total` that falls to thread `index` of `threads`.
constexpr uint64_t share_of(uint64_t total, uint32_t index, uint32_t threads) {
  return total / threads + (index < total % threads ? 1 : 0);
}

/// Owner: one thread.
class Load {
 public:
  Load(const Options& options, uint32_t thread);

  uint32_t thread() const { return thread_; }
  void begin(const Phase& phase);
  bool is_spent() const { return left_ == 0; }
  /// Adds a command to the conversation's batch, unless all is spent; returns its requests.
  uint32_t ask(Conversation& talk, uint64_t intended_ns);
  /// Commands that belong into one batch in this phase.
  uint32_t depth() const { return depth_; }

 private:
  bool next_is_set();
  void ask_set(Conversation& talk, uint64_t key, uint64_t intended_ns);
  uint32_t ask_get(Conversation& talk, uint64_t intended_ns);

  const Options& options_;
  const uint32_t thread_;
  replay::Random random_;
  KeyChoice choice_;
  const uint64_t set_below_;  // of 2^63, for each command
  bool populating_ = false;
  uint64_t populate_at_ = 0;
  uint32_t depth_ = 1;
  uint64_t left_ = 0;  // requests
  std::vector<uint64_t> keys_;
};

}  // namespace ringload
