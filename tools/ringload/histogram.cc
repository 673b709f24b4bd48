#include "ringload/histogram.h"

#include <algorithm>
#include <cmath>

namespace ringload {

void Histogram::add(const Histogram& other) {
  for (size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

void Histogram::clear() {
  std::fill(buckets_.begin(), buckets_.end(), 0);
  count_ = sum_ = max_ = 0;
}

double Histogram::mean() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

uint64_t Histogram::middle_of(size_t index) {
  static_assert(index_of(longest) == bucket_count - 1);
  static_assert(index_of(subs) == subs && index_of(2 * subs) == 2 * subs);
  if (index < subs) return index;
  const unsigned shift = static_cast<unsigned>(index / subs - 1);
  const uint64_t low = (index % subs + subs) << shift;
  return low + ((uint64_t{1} << shift) >> 1);
}

uint64_t Histogram::at(double share) const {
  const uint64_t wanted =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return std::min(middle_of(i), max_);
  }
  return max_;
}

}  // namespace ringload
