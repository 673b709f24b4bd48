// What was written when, so that a read can be told from one that may not be.
//
// A read may bring what was current at some moment between its question and its answer. It may not
// bring a write that was over before another act upon the key began, if that act was over before
// the read began: something came in between. Such acts are writes and deletes, and reads too: what
// one client has seen, or has seen to be gone, holds for whoever asks later.
//
// Shared by all threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace ringcached::consistency {

using Time = uint64_t;  // nanoseconds of a clock that all threads read

inline constexpr Time not_over = ~Time{0};

/// A write of a writer, counted from 1.
struct WriteId {
  uint32_t writer = 0;
  uint64_t number = 0;
};

class History {
 public:
  /// So many writes of each writer are remembered; of older ones it is known that they are over.
  static constexpr uint64_t remembered = 1 << 16;

  History(uint32_t keys, uint32_t writers)
      : floors_(std::make_unique<std::atomic<Time>[]>(keys)),
        notes_(std::make_unique<Note[]>(writers * remembered)) {}

  /// Before it is sent. A writer's numbers rise by one.
  void write_begins(WriteId write, Time now) {
    Note& note = note_of(write);
    note.number.store(0, std::memory_order_release);
    note.begun.store(now, std::memory_order_relaxed);
    note.over.store(not_over, std::memory_order_relaxed);
    note.number.store(write.number, std::memory_order_release);
  }

  /// When its answer is here: it took place (or it failed, which says nothing).
  void write_ends(WriteId write, uint32_t key, Time now, bool took_place) {
    Note& note = note_of(write);
    note.over.store(now, std::memory_order_release);
    if (took_place) raise(key, note.begun.load(std::memory_order_relaxed));
  }

  /// The key was seen to hold nothing (by a miss, a delete and the like) by an act that began then.
  void was_gone(uint32_t key, Time begun) { raise(key, begun); }
  /// Every key was emptied, by an act that began then.
  void all_were_gone(Time begun) { raise(all_, begun); }

  /// To be asked before a read is sent: what was over before this must not be seen by it.
  Time floor_of(uint32_t key) const {
    return std::max(floors_[key].load(std::memory_order_acquire),
                    all_.load(std::memory_order_acquire));
  }

  /// A read with this floor brought the write. false: it was the past.
  bool may_be_seen(WriteId write, Time floor) const { return read(write).over >= floor; }

  /// When it was over at the latest; not_over: it is not known to be.
  Time over_of(WriteId write) const { return read(write).over; }

  /// A read that is over brought the write.
  void was_seen(uint32_t key, WriteId write) {
    const Span span = read(write);
    if (span.known) raise(key, span.begun);
  }

 private:
  struct Note {
    std::atomic<uint64_t> number{0};
    std::atomic<Time> begun{0};
    std::atomic<Time> over{0};
  };
  struct Span {
    bool known;
    Time begun;
    Time over;  // not before the true one
  };

  Note& note_of(WriteId write) {
    return notes_[write.writer * remembered + write.number % remembered];
  }

  Span read(WriteId write) const {
    const Note& note = notes_[write.writer * remembered + write.number % remembered];
    for (;;) {
      const uint64_t number = note.number.load(std::memory_order_acquire);
      const Span span{true, note.begun.load(std::memory_order_acquire),
                      note.over.load(std::memory_order_acquire)};
      if (number == 0 || note.number.load(std::memory_order_acquire) != number) continue;
      // A younger one has its place: ours was over when that began.
      return number == write.number ? span : Span{false, 0, span.begun};
    }
  }

  void raise(uint32_t key, Time begun) { raise(floors_[key], begun); }
  static void raise(std::atomic<Time>& floor, Time begun) {
    Time before = floor.load(std::memory_order_relaxed);
    while (before < begun && !floor.compare_exchange_weak(before, begun)) {
    }
  }

  std::unique_ptr<std::atomic<Time>[]> floors_;
  std::unique_ptr<Note[]> notes_;
  std::atomic<Time> all_{0};
};

}  // namespace ringcached::consistency
