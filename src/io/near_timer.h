// Whether a thread wants a timer to be due soon: while it often sleeps.
//
// A processor that goes idle stops the kernel's tick, and starts it again when it wakes. Each sets
// the clock hardware, unless something is due before the next tick anyway; on a virtual machine
// that is an exit to the host, after which the caches are cold too.
//
// Owner: the door of the thread that sleeps, which sets the timer.
#pragma once

#include <cstdint>

namespace ringcached::io {

class NearTimer {
 public:
  NearTimer();

  /// Before the thread sleeps, if there is anything to wait for. True: the timer is to be set.
  bool on_sleep() { return !set_ && ++asked_ > asked_most && look(); }
  /// The timer has come. The next sleep tells whether it is to be set again.
  void on_timer() {
    set_ = false;
    asked_ = asked_most;
  }
  /// How far ahead it is to be set: half a tick, so that it is mostly before the next one.
  uint32_t nanoseconds() const { return nanoseconds_; }

 private:
  /// A timer costs as much as one more sleep; it has to cheapen so many. Guess.
  static constexpr uint32_t slept_least = 8;
  /// Of so many sleeps that were asked for: under load, something is nearly always there already.
  static constexpr uint32_t asked_most = 32;

  bool look();

  uint32_t nanoseconds_;
  uint32_t asked_ = 0;  // sleeps since the last look
  uint64_t slept_ = 0;  // that were sleeps indeed, up to the last look
  bool set_ = false;
};

}  // namespace ringcached::io
