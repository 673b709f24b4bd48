// Which key a request is for: uniform, Zipf, sequential or Gaussian, and now and then the hot one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "replay/random.h"

namespace ringload {

enum class PatternKind { Uniform, Zipf, Sequential, Gaussian };

struct Pattern {
  PatternKind kind = PatternKind::Uniform;
  /// Zipf: the exponent. Gaussian: the standard deviation as a share of the number of keys.
  double parameter = 0;

  /// "uniform", "zipf", "zipf:0.9", "sequential", "gaussian", "gaussian:0.1".
  static std::optional<Pattern> parse(std::string_view text);
  std::string spelled() const;
};

/// Every `step`th key from `first` on, round and round: the share of one thread out of `step`.
struct Lane {
  uint64_t first = 0;
  uint64_t step = 1;
};

/// Owner: one thread.
class KeyChoice {
 public:
  /// Numbers from 0 to `keys` - 1; `hot_share` of the choices are key 0. A sequential pattern
  /// walks the lane.
  KeyChoice(const Pattern& pattern, uint64_t keys, double hot_share, Lane lane);

  uint64_t next(replay::Random& random) {
    if (hot_below_ != 0 && (random.next() >> 1) < hot_below_) return 0;
    switch (pattern_.kind) {
      case PatternKind::Uniform:
        return below(keys_, random);
      case PatternKind::Zipf:
        return spread(zipf_.next(random) - 1);
      case PatternKind::Sequential:
        return next_in_lane();
      case PatternKind::Gaussian:
        return next_gaussian(random);
    }
    __builtin_unreachable();
  }

 private:
  __extension__ using Wide = unsigned __int128;

  static uint64_t below(uint64_t limit, replay::Random& random) {
    return static_cast<uint64_t>(Wide{random.next()} * limit >> 64);
  }
  /// Popular keys shall not be neighbours in memory because --populate stored them one after the
  /// other: a step that has no divisor in common with the number of keys scatters them, one to one.
  uint64_t spread(uint64_t rank) const {
    if (keys_ <= UINT32_MAX) return rank * stride_ % keys_;
    return static_cast<uint64_t>(Wide{rank} * stride_ % keys_);
  }
  uint64_t next_in_lane() {
    const uint64_t key = at_;
    at_ += lane_.step;
    if (at_ >= keys_) at_ = lane_.first % keys_;
    return key;
  }
  uint64_t next_gaussian(replay::Random& random);

  Pattern pattern_;
  uint64_t keys_;
  uint64_t hot_below_;  // of 2^63
  Lane lane_;
  uint64_t at_;
  uint64_t stride_;
  replay::Zipf zipf_;
  std::optional<double> spare_;  // normal numbers come in pairs
};

}  // namespace ringload
