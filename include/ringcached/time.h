// Time as the cache counts it: whole seconds of the process's own clock.
#pragma once

#include <cstdint>

#include "ringcached/limits.h"

namespace ringcached {

/// Seconds since shortly before the process started. Starts at 2 (as memcached's does), so that 1
/// is always in the past. As an exptime, 0 means never.
using Seconds = uint32_t;

inline constexpr Seconds clock_start = 2;
inline constexpr Seconds never = 0;
inline constexpr Seconds long_past = 1;

/// One reading of the clock, taken once per turn of a core's loop.
struct Now {
  Seconds seconds = clock_start;  // the process's clock
  int64_t unix_seconds = 0;       // the same moment as a unix time
};

/// Turns an exptime of the protocol (protocol.txt "Expiration times") into the process's clock:
/// 0 never, negative or past means long_past, up to 30 days relative, above that a unix time.
constexpr Seconds expiry_from_wire(int64_t exptime, const Now& now) {
  if (exptime == 0) return never;
  if (exptime < 0) return long_past;
  if (exptime <= relative_exptime_max) return static_cast<Seconds>(exptime) + now.seconds;
  const int64_t at = exptime - now.unix_seconds + now.seconds;
  if (at <= long_past) return long_past;
  return at > UINT32_MAX ? UINT32_MAX : static_cast<Seconds>(at);
}

/// An item with this exptime is dead at `now`. Expired when exptime <= now, as memcached has it.
constexpr bool is_expired(Seconds exptime, Seconds now) {
  return exptime != never && exptime <= now;
}

}  // namespace ringcached
