// The clock as `debugtime` has moved it: paused, or ahead of the real one; for tests alone.
#pragma once

#include <cstdint>
#include <optional>

#include "ringcached/time.h"

namespace ringcached {

/// Owner: one core; all are told the same.
class DebugTime {
 public:
  /// What the clock shows in place of `real`. Never less than before, but for what is paused.
  Now shown(const Now& real) const {
    const Seconds seconds = paused_at_.value_or(real.seconds + ahead_);
    return {seconds, real.unix_seconds + (int64_t{seconds} - real.seconds)};
  }

  /// Shows `at` until it is resumed or advanced.
  void pause(Seconds at) { paused_at_ = at; }
  /// Goes on with the real time, as far ahead as it was advanced.
  void resume() { paused_at_.reset(); }
  void advance(uint32_t seconds) {
    ahead_ += seconds;
    if (paused_at_) *paused_at_ += seconds;
  }

 private:
  std::optional<Seconds> paused_at_;
  Seconds ahead_ = 0;
};

}  // namespace ringcached
