// Durations, counted in buckets whose width is at most 1/64 of their value (the idea of
// HdrHistogram).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringload {

/// Owner: one thread. Nanoseconds in and out; what is longer than about 18 minutes counts as that.
class Histogram {
 public:
  Histogram() : buckets_(bucket_count) {}

  void add(uint64_t ns, uint64_t times = 1) {
    if (ns > longest) ns = longest;
    buckets_[index_of(ns)] += times;
    count_ += times;
    sum_ += ns * times;
    if (ns > max_) max_ = ns;
  }
  void add(const Histogram& other);
  void clear();

  uint64_t count() const { return count_; }
  uint64_t max() const { return max_; }
  /// 0 when nothing was added.
  double mean() const;
  /// The duration that this share (0 to 1) of all does not exceed, within 0.8 %; 0 when nothing
  /// was added.
  uint64_t at(double share) const;

 private:
  static constexpr unsigned sub_bits = 6;
  static constexpr uint64_t subs = uint64_t{1} << sub_bits;
  static constexpr unsigned value_bits = 40;
  static constexpr uint64_t longest = (uint64_t{1} << value_bits) - 1;
  static constexpr size_t bucket_count = (value_bits - sub_bits + 1) * subs;

  /// Below 64 a bucket each; then 64 buckets for every power of two.
  static constexpr size_t index_of(uint64_t ns) {
    if (ns < subs) return ns;
    const unsigned shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - sub_bits;
    return shift * subs + (ns >> shift);
  }
  static uint64_t middle_of(size_t index);

  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0, sum_ = 0, max_ = 0;
};

}  // namespace ringload
