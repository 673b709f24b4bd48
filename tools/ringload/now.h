// The clock of all measurements.
#pragma once

#include <time.h>

#include <cstdint>

namespace ringload {

inline uint64_t ns_of(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

/// Nanoseconds of CLOCK_MONOTONIC.
inline uint64_t now_ns() {
  return ns_of(CLOCK_MONOTONIC);
}

}  // namespace ringload
