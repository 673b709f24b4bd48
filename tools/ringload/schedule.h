// When the requests of an open loop should be sent.
#pragma once

#include <cmath>
#include <cstdint>

#include "replay/random.h"
#include "ringload/options.h"

namespace ringload {

/// One thread's requests out of all that --rate asks for: evenly spaced, or with exponential gaps
/// (a Poisson process). Times are of CLOCK_MONOTONIC. Owner: one thread.
class Schedule {
 public:
  Schedule(const Options& options, uint32_t thread, uint64_t start_ns)
      : gap_ns_(1e9 / options.rate * options.threads),
        offset_ns_(1e9 / options.rate * thread),
        poisson_(options.poisson),
        random_(options.seed + thread),
        start_ns_(start_ns) {
    if (poisson_) {
      offset_ns_ = 0;
      advance(1);
    }
  }

  uint64_t next_ns() const { return start_ns_ + static_cast<uint64_t>(offset_ns_ + passed_ns()); }
  void advance(uint32_t requests) {
    if (!poisson_) {
      taken_ += requests;
      return;
    }
    for (; requests > 0; --requests) offset_ns_ -= std::log1p(-random_.unit()) * gap_ns_;
  }
  /// Requests that should be sent before `end_ns` and have not been taken; takes them.
  uint64_t drop_until(uint64_t end_ns) {
    uint64_t dropped = 0;
    for (; next_ns() < end_ns; ++dropped) advance(1);
    return dropped;
  }

 private:
  /// A product rather than a sum, so that errors do not grow.
  double passed_ns() const { return static_cast<double>(taken_) * gap_ns_; }

  double gap_ns_, offset_ns_;
  bool poisson_;
  replay::Random random_;
  uint64_t start_ns_;
  uint64_t taken_ = 0;
};

}  // namespace ringload
