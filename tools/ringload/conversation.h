// One connection's talk with the server: a batch of commands, and the replies to them as they come.
//
// A dialect of the protocol is one file that implements this.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ringload/keys.h"
#include "ringload/outgoing.h"
#include "ringload/tally.h"

namespace ringload {

/// Owner: one connection.
class Conversation {
 public:
  virtual ~Conversation() = default;

  /// Forgets the last batch, which must be answered.
  virtual void begin_batch();

  /// One command more. `intended_ns`: when it should have been sent (open loop).
  virtual void ask_get(std::span<const uint64_t> keys, uint64_t intended_ns) = 0;
  /// `number` is one that the value shall carry; `ttl` is in seconds, 0 is never.
  virtual void ask_set(uint64_t key, uint32_t number, uint32_t ttl, uint64_t intended_ns) = 0;

  /// What is to be sent; valid until the next command or batch.
  std::span<const iovec> slices() { return out_.slices(); }

  /// Takes all of `bytes`, which came from the server, and counts what they say. Throws Failure
  /// when they make no sense.
  virtual void read(std::string_view bytes, Tally& tally) = 0;

  struct Command {
    uint64_t intended_ns;
    uint32_t requests;  // keys of a get, 1 for a set
    bool is_set;
  };
  /// All of the batch; the first answered() are done.
  std::span<const Command> commands() const { return commands_; }
  size_t answered() const { return answered_; }
  bool is_answered() const { return answered_ == commands_.size(); }
  /// Requests of the batch that have no answer.
  uint64_t unanswered_requests() const;

 protected:
  explicit Conversation(const Keys& keys) : keys_(keys) {}

  const Keys& keys_;
  Outgoing out_;
  std::vector<Command> commands_;
  size_t answered_ = 0;
};

}  // namespace ringload
