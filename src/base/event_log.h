// What happens on one core, kept for the watchers until it is taken to them; bounded.
//
// Two pieces of memory: events go into one while the other is away to be told. When both are full
// events are dropped and counted: nobody waits for a watcher. Memory is taken when the first
// watcher comes. Owner: one core; a piece that is away belongs to the core that tells it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ringcached/counters.h"
#include "ringcached/event.h"

namespace ringcached {

/// Events one behind the other, each with its text.
struct EventPiece {
  std::vector<char> bytes;  // its size is the room
  size_t used = 0;
  size_t told = 0;  // how far whoever tells it has come

  /// The next one that was not told; its text lives as long as the piece. false: there is none.
  bool next(Event& event, std::string_view& text);
};

class EventLog {
 public:
  /// `size` is that of both pieces together, in bytes: -o worker_logbuf_size. LogWorkerWritten and
  /// LogWorkerDropped are counted.
  EventLog(size_t size, Counters& counters) : piece_size_(size / 2), counters_(counters) {}
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  /// A watcher has come, or gone.
  void watch(uint32_t interests);
  void unwatch(uint32_t interests);
  /// Somebody watches at all.
  bool watched() const { return watchers_ > 0; }
  uint32_t watchers() const { return watchers_; }
  bool wants(uint32_t interest) const { return (wanted_ & interest) != 0; }

  /// Once per turn while somebody watches: what the events are stamped with.
  void set_time(int64_t unix_us) { now_us_ = unix_us; }
  /// Keeps the event if somebody wants it and there is room.
  void add(Event event, std::string_view text);

  /// Something is there to be told, and nothing is away.
  bool has_news() const { return !away_ && pieces_[writing_].used > 0; }
  bool away() const { return away_; }
  /// Takes what is there; to be followed by take_back(). Only if has_news().
  EventPiece& lend();
  void take_back();
  /// The process stops: what was not told never is.
  void forget() { pieces_[writing_].used = 0; }

 private:
  void count_interests();

  size_t piece_size_;
  Counters& counters_;
  std::array<EventPiece, 2> pieces_;
  uint32_t writing_ = 0;  // which of the two
  bool away_ = false;     // the other one
  uint32_t wanted_ = 0;   // what any watcher wants
  uint32_t watchers_ = 0;
  std::array<uint32_t, interest::count> watching_{};  // watchers by what they want
  int64_t now_us_ = 0;
};

}  // namespace ringcached
