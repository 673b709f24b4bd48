// Numbered buckets that stay where they are while there come to be more of them.
//
// Owner: one core. They lie in segments, the first as large as was asked for, each next one as
// large as all before it together; a segment is only addresses until its buckets come into use.
#pragma once

#include <array>
#include <cstdint>

#include "store/arena.h"
#include "store/bucket.h"

namespace ringcached::store {

class BucketSpace {
 public:
  /// There is no room before start().
  explicit BucketSpace(Arena& arena) : arena_(arena) {}
  ~BucketSpace();
  BucketSpace(const BucketSpace&) = delete;
  BucketSpace& operator=(const BucketSpace&) = delete;

  Bucket& at(uint32_t number) const {
    const uint32_t above = number >> first_shift_;
    const int segment = above == 0 ? 0 : 32 - __builtin_clz(above);
    return *reinterpret_cast<Bucket*>(base_[static_cast<size_t>(segment)] +
                                      uintptr_t{number} * sizeof(Bucket));
  }
  /// The first segment, of so many buckets (a power of two), all zeros; false: no memory.
  bool start(uint32_t buckets);
  /// Numbers below this have a place, with undefined contents until written.
  uint64_t room() const {
    return segments_ == 0 ? 0 : uint64_t{1} << (first_shift_ + segments_ - 1);
  }
  /// Twice the room; false: no memory, or no more numbers.
  bool grow();

 private:
  static constexpr uint32_t number_bits = 32;

  static size_t alignment_of(uint64_t buckets);

  Arena& arena_;
  uint32_t first_shift_ = 0;  // log2 of the first segment's buckets
  uint32_t segments_ = 0;
  // Where bucket 0 would be if the segment began there: no subtraction on the way to a bucket.
  std::array<uintptr_t, number_bits + 1> base_{};
};

}  // namespace ringcached::store
