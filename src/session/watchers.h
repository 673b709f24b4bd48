// The clients that watch: events of all cores become lines, and each watcher gets those it asked
// for.
//
// A watcher that does not read loses lines once its buffer (-o watcher_logbuf_size) is full, and
// reads how many when it goes on; nobody waits for it. Owner: the first core, for the whole
// process, so that one hand numbers the events.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <string>

#include "io/door.h"
#include "ringcached/counters.h"
#include "ringcached/event.h"
#include "session/address_text.h"
#include "shard/letter.h"
#include "shard/report.h"

namespace ringcached::session {

/// Where the slot of a socket's tokens comes from: all of a core's sockets share them.
struct LentSlot {
  uint32_t slot = 0;
  uint32_t generation = 0;
};

struct GoneWatcher {
  int socket = -1;
  uint32_t interests = 0;
  uint32_t slot = 0;
  PeerEnd peer;
};

class Watchers {
 public:
  struct Home {
    /// A watcher is gone, its socket closed, and its slot free.
    std::function<void(const GoneWatcher&)> gone;
    /// The letter may go back to the core it came from.
    std::function<void(shard::EventsLetter&, uint32_t from)> told;
  };

  /// `buffer_size`: bytes that one watcher may be behind.
  Watchers(io::Door& door, Counters& counters, size_t buffer_size, Home home)
      : door_(door), counters_(counters), buffer_size_(buffer_size), home_(std::move(home)) {}

  /// Takes over a socket none of whose acts is under way, and says OK to it.
  void adopt(int socket, uint32_t interests, LentSlot slot);
  bool empty() const { return watchers_.empty(); }
  /// A completion of one of its sockets. false: it is none of them.
  bool on_completion(const io::Completion&);

  /// A piece of core `from`, told by and by; `told` is called when it is.
  void take(shard::EventsLetter& letter, uint32_t from) { letters_.push_back({&letter, from}); }
  /// Nobody watches, and nothing waits to be given back.
  bool at_rest() const { return watchers_.empty() && letters_.empty(); }
  /// There is more to tell at once.
  bool busy() const { return !letters_.empty(); }
  /// Once per turn: tells a bounded part of what was taken, and sends.
  void work();

  /// Adds its sockets.
  void describe(shard::Report& report) const;
  /// Closes all of them.
  void stop();

 private:
  /// Bytes of events that one turn tells: about 500 lines, 100 us. Guess.
  static constexpr size_t told_per_turn = 32 * 1024;

  struct Watcher {
    int socket;
    uint32_t interests;
    LentSlot slot;
    PeerEnd peer;
    std::string waiting;  // lines behind those being sent
    std::string sending;
    size_t sent = 0;       // of `sending`
    uint64_t skipped = 0;  // lines lost since the last that was not
    bool receiving = false;
    bool closing = false;

    bool is_sending() const { return !sending.empty(); }
  };
  struct Delivery {
    shard::EventsLetter* letter;
    uint32_t from;
  };

  io::Token token(io::Act act, const Watcher& w) const {
    return {act, w.slot.slot, w.slot.generation};
  }
  void tell(const Event& event, std::string_view text);
  void give_line(Watcher& w, std::string_view line);
  bool fits(const Watcher& w, size_t size) const;
  void receive(Watcher& w);
  void send(Watcher& w);
  void on_received(Watcher& w, const io::Completion&);
  void on_sent(Watcher& w, int32_t result);
  void close(Watcher& w);
  void bury();

  io::Door& door_;
  Counters& counters_;
  size_t buffer_size_;
  Home home_;
  std::list<Watcher> watchers_;
  std::deque<Delivery> letters_;
  uint64_t last_gid_ = 0;
};

}  // namespace ringcached::session
