// The buckets of a linear hash: there come to be more of them, or fewer, one at a time.
//
// Owner: one core. A bucket that is added shares the entries of one that is there, its source;
// whoever uses this deals them out.
#pragma once

#include <cstdint>

#include "base/assert.h"
#include "store/bucket_space.h"

namespace ringcached::store {

template <class Bucket>
class LinearBuckets {
 public:
  LinearBuckets(Arena& arena, Allocation kind) : space_(arena, kind) {}

  /// The first so many, a power of two, all zeros; before all else. false: no memory.
  bool start(uint32_t count) {
    if (!space_.start(count)) return false;
    first_ = count_ = count;
    mask_ = count - 1;
    return true;
  }
  /// One more, with undefined contents; false: no memory.
  bool add() {
    if (count_ == space_.room() && !space_.grow()) return false;
    if (count_ == mask_ + 1) {
      if (count_ > UINT32_MAX / 2) return false;
      mask_ = mask_ * 2 + 1;
    }
    space_.touch_behind(count_);
    ++count_;
    return true;
  }
  /// One less; not below what it started with.
  void remove_last() {
    RC_ASSERT(count_ > first_);
    --count_;
    if (count_ != mask_ / 2 + 1) return;
    mask_ >>= 1;
    while (space_.room() > count_) space_.shrink();
  }

  uint32_t count() const { return count_; }
  /// Which of them belongs to these bits of a hash.
  uint32_t index_of(uint32_t bits) const {
    const uint32_t index = bits & mask_;
    return index < count_ ? index : index & (mask_ >> 1);
  }
  /// Whose entries the bucket at `index` shares when it is added; `index` may be one or two ahead.
  uint32_t source_of(uint64_t index) const { return static_cast<uint32_t>(index) & (mask_ >> 1); }
  Bucket& operator[](uint32_t index) const { return space_.at(index); }

  void verify() const {
    RC_ASSERT(count_ == 0 || (mask_ >= count_ - 1 && (mask_ & (mask_ + 1)) == 0));
    RC_ASSERT(count_ == first_ || (mask_ >> 1) < count_);
  }

 private:
  BucketSpace<Bucket> space_;
  uint32_t first_ = 0;  // what it started with
  uint32_t count_ = 0;  // in use
  uint32_t mask_ = 0;   // the next power of two above count_ - 1, less one
};

}  // namespace ringcached::store
