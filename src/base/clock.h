// The process's clock, read once per turn of a core's loop.
#pragma once

#include <time.h>

#include <cstdint>

#include "ringcached/time.h"

namespace ringcached {

/// Owner: shared, read-only once made. CLOCK_MONOTONIC_COARSE: a few nanoseconds a reading, a few
/// milliseconds of resolution, which whole seconds do not notice.
class Clock {
 public:
  Clock() : start_(seconds_of(CLOCK_MONOTONIC_COARSE)) {}
  /// A clock that somebody else sets: for tests. `staged` outlives it.
  explicit Clock(const Now& staged) : staged_(&staged) {}

  Now read() const {
    if (staged_ != nullptr) return *staged_;
    Now now;
    now.seconds = static_cast<Seconds>(seconds_of(CLOCK_MONOTONIC_COARSE) - start_) + clock_start;
    now.unix_seconds = seconds_of(CLOCK_REALTIME_COARSE);
    return now;
  }

  /// Unix time in microseconds, to stamp what happens.
  int64_t unix_microseconds() const {
    if (staged_ != nullptr) return staged_->unix_seconds * 1'000'000;
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
  }

  /// Milliseconds for deadlines; only differences mean anything.
  uint64_t milliseconds() const {
    if (staged_ != nullptr) return uint64_t{staged_->seconds} * 1000;
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1000 +
           static_cast<uint64_t>(time.tv_nsec) / 1000000;
  }

 private:
  static int64_t seconds_of(clockid_t id) {
    timespec time{};
    ::clock_gettime(id, &time);
    return time.tv_sec;
  }

  int64_t start_ = 0;
  const Now* staged_ = nullptr;
};

}  // namespace ringcached
