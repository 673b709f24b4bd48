// Accepts clients on the listening sockets and deals them to the cores, round robin.
//
// Owner: one core (the first), for the whole process: SO_REUSEPORT would deal unevenly.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "io/door.h"
#include "ringcached/config.h"
#include "ringcached/counters.h"
#include "shard/report.h"

namespace ringcached::session {

/// Connections of the whole process, counted where they are accepted and where they end.
struct ConnectionCount {
  std::atomic<uint32_t> open{0};
  std::atomic<bool> awaited{false};  // the acceptor waits until one ends

  /// One has ended. true: the acceptor waits for that, and it is the caller's to tell it.
  /// Sequentially consistent, as in must_wait(): either we see who waits, or it sees that we ended.
  bool end_one() {
    open.fetch_sub(1);
    return awaited.load() && awaited.exchange(false);
  }
  /// The acceptor, before it waits: announces it. false: fewer than `most` are open, do not.
  bool must_wait(uint32_t most) {
    awaited.store(true);
    if (open.load() >= most) return true;
    awaited.store(false);
    return false;
  }
};

class Acceptor {
 public:
  /// `deal(socket, core)` hands an accepted socket over. The listeners are closed by the acceptor.
  Acceptor(const std::vector<int>& listeners, uint32_t cores, const Config& config, io::Door& door,
           ConnectionCount& count, Counters& counters, const Clock& clock,
           std::function<void(int, uint32_t)> deal);

  void start();
  void on_completion(const io::Completion&);
  /// Once a second, when a connection of this core has ended, and when another core's has that
  /// was waited for: tries again what was refused.
  void try_again();
  /// Adds the listening sockets.
  void describe(shard::Report& report) const;
  /// No more clients. The sockets close once no accept is under way.
  void stop();
  /// No accept is under way any more.
  bool stopped() const;

 private:
  struct Listener {
    int socket = -1;
    bool armed = false;
  };

  void arm(uint32_t i);
  void take(int socket);
  bool full() const;
  void refuse(int socket);
  void pause();
  void end_pause();

  std::vector<Listener> listeners_;
  uint32_t cores_;
  uint32_t next_core_ = 0;
  const Config& config_;
  io::Door& door_;
  ConnectionCount& count_;
  Counters& counters_;
  const Clock& clock_;
  std::function<void(int, uint32_t)> deal_;
  bool paused_ = false;        // full, and not to refuse (no_maxconns_fast)
  uint64_t paused_since_ = 0;  // milliseconds
  bool stopping_ = false;
};

}  // namespace ringcached::session
