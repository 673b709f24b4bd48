// How long each turn of a phase took; runs of the same phase from the same seed can be laid over
// each other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pauses {

/// Durations in the order in which they were measured, in nanoseconds.
///
/// Why the least of several runs: the same seed gives the same turns, so what makes one of them
/// longer than its twin is the machine's doing (interrupts, neighbours, the host).
class Durations {
 public:
  /// A page fault is the kernel's work: it clears what is touched for the first time.
  void add(uint64_t ns, bool page_fault) {
    times_.push_back(static_cast<uint32_t>(std::min<uint64_t>(ns, time_max) << 1) |
                     (page_fault ? 1u : 0u));
  }
  /// The same, measured again. false: there were not as many.
  bool lay_over(const Durations& other) {
    if (times_.size() != other.times_.size()) return false;
    for (size_t i = 0; i < times_.size(); ++i) times_[i] = std::min(times_[i], other.times_[i]);
    return true;
  }

  size_t count() const { return times_.size(); }
  uint64_t sum() const {
    uint64_t sum = 0;
    for (const uint32_t time : times_) sum += time >> 1;
    return sum;
  }
  /// At most so long is the share `quantile`, the longest is 1; of all, or of those without a page
  /// fault. 0 if there are none.
  uint64_t at(double quantile, bool with_faults) const {
    std::vector<uint32_t> times;
    for (const uint32_t time : times_) {
      if (with_faults || (time & 1) == 0) times.push_back(time >> 1);
    }
    if (times.empty()) return 0;
    const auto rank = static_cast<size_t>(quantile * static_cast<double>(times.size()));
    const auto place = times.begin() + static_cast<ptrdiff_t>(std::min(rank, times.size() - 1));
    std::nth_element(times.begin(), place, times.end());
    return *place;
  }

 private:
  static constexpr uint64_t time_max = (1u << 31) - 1;

  std::vector<uint32_t> times_;  // doubled; the lowest bit: with a page fault
};

struct Turns {
  Durations whole;
  Durations sweeps;  // of that the background work: expiry and page moves
};

}  // namespace pauses
