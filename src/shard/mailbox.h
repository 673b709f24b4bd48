// The mailboxes between cores, and the bells that wake those that sleep.
//
// Shared by all cores. They cannot be full: letters are chained through themselves. The only
// atomics on the way of a request live here.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "ringcached/limits.h"
#include "shard/letter.h"

namespace ringcached::shard {

class Mailboxes {
 public:
  explicit Mailboxes(uint32_t cores);

  uint32_t cores() const { return cores_; }

  /// Any core: prepends the chain `newest..oldest` (linked by next, newest first) to what `from`
  /// has sent to `to`. true: `to` was asleep, and it is the caller's to wake it. Letters that are
  /// not urgent leave it asleep: it finds them before it sleeps again.
  bool push(uint32_t from, uint32_t to, Letter* newest, Letter* oldest, bool urgent);

  /// Core `to`: bit i is set if core i has sent something. Clears what it reports, so it must be
  /// followed by take() of each.
  uint64_t senders(uint32_t to);
  /// Core `to`: everything that `from` has sent, in the order of sending.
  Letter* take(uint32_t to, uint32_t from);

  /// Core `core`: announces that it is about to sleep. false: letters have come, do not.
  bool fall_asleep(uint32_t core);
  void wake_up(uint32_t core);

 private:
  struct alignas(64) Chain {
    std::atomic<Letter*> newest{nullptr};
  };
  struct alignas(64) Door {
    std::atomic<uint64_t> senders{0};
    std::atomic<bool> sleeping{false};
  };

  uint32_t cores_;
  std::vector<Chain> chains_;  // [to * cores + from]
  std::vector<Door> doors_;
};

/// One core's desk: letters posted during a turn go out together at its end.
/// Owner: one core.
class Post {
 public:
  Post(Mailboxes& mailboxes, uint32_t self) : mailboxes_(mailboxes), self_(self) {}

  uint32_t self() const { return self_; }
  uint32_t cores() const { return mailboxes_.cores(); }

  void put(uint32_t to, Letter& letter);
  bool anything_unposted() const { return waiting_ != 0; }

  /// Hands over what was put; calls wake(core) for each core that slept. Returns how many it woke.
  template <class Wake>
  uint32_t publish(Wake&& wake) {
    uint32_t woken = 0;
    for (uint64_t left = waiting_; left != 0; left &= left - 1) {
      const uint32_t to = static_cast<uint32_t>(__builtin_ctzll(left));
      Outgoing& out = outgoing_[to];
      if (mailboxes_.push(self_, to, out.newest, out.oldest, out.urgent)) {
        wake(to);
        ++woken;
      }
      out = {};
    }
    waiting_ = 0;
    return woken;
  }

  /// Calls handle(Letter&, from) for everything that has come, each sender's letters in order.
  template <class Handle>
  void drain(Handle&& handle) {
    for (uint64_t left = mailboxes_.senders(self_); left != 0; left &= left - 1) {
      const uint32_t from = static_cast<uint32_t>(__builtin_ctzll(left));
      for (Letter* letter = mailboxes_.take(self_, from); letter != nullptr;) {
        Letter* next = letter->next;
        letter->next = nullptr;
        handle(*letter, from);
        letter = next;
      }
    }
  }

  bool fall_asleep() { return mailboxes_.fall_asleep(self_); }
  void wake_up() { mailboxes_.wake_up(self_); }

 private:
  struct Outgoing {
    Letter* newest = nullptr;
    Letter* oldest = nullptr;
    bool urgent = false;
  };

  Mailboxes& mailboxes_;
  uint32_t self_;
  uint64_t waiting_ = 0;  // bit per receiver
  Outgoing outgoing_[threads_max];
};

}  // namespace ringcached::shard
