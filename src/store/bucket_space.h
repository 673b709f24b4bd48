// Numbered buckets that stay where they are while there come to be more of them.
//
// Owner: one core. They lie in segments, the first as large as was asked for, each next one as
// large as all before it together; a segment is only addresses until its buckets come into use.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/assert.h"
#include "store/arena.h"
#include "store/touch_ahead.h"

namespace ringcached::store {

template <class Bucket>
class BucketSpace {
 public:
  /// `kind`: what its allocations are for. There is no room before start().
  BucketSpace(Arena& arena, Allocation kind) : arena_(arena), kind_(kind) {}
  ~BucketSpace() {
    while (segments_ > 0) drop_segment();
  }
  BucketSpace(const BucketSpace&) = delete;
  BucketSpace& operator=(const BucketSpace&) = delete;

  Bucket& at(uint32_t number) const {
    const uint32_t above = number >> first_shift_;
    const int segment = above == 0 ? 0 : 32 - __builtin_clz(above);
    return *reinterpret_cast<Bucket*>(base_[static_cast<size_t>(segment)] +
                                      uintptr_t{number} * sizeof(Bucket));
  }
  /// The first segment, of so many buckets (a power of two), all zeros; false: no memory.
  ///
  /// Not on huge pages: what -o hashpower asks for is to cost memory only where items come to lie.
  bool start(uint32_t buckets) {
    RC_ASSERT(segments_ == 0 && std::has_single_bit(buckets));
    void* memory = arena_.allocate_zero_buckets(kind_, buckets * sizeof(Bucket), cache_line);
    if (memory == nullptr) return false;
    first_shift_ = static_cast<uint32_t>(std::countr_zero(buckets));
    base_[segments_++] = reinterpret_cast<uintptr_t>(memory);
    return true;
  }
  /// Numbers below this have a place, with undefined contents until written.
  uint64_t room() const {
    return segments_ == 0 ? 0 : uint64_t{1} << (first_shift_ + segments_ - 1);
  }
  /// Twice the room; false: no memory, or no more numbers.
  bool grow() {
    const uint64_t before = room();
    if (before * 2 > uint64_t{1} << number_bits) return false;
    void* memory = arena_.allocate_buckets(kind_, before * sizeof(Bucket), alignment_of(before));
    if (memory == nullptr) return false;
    base_[segments_++] = reinterpret_cast<uintptr_t>(memory) - before * sizeof(Bucket);
    return true;
  }
  /// Half the room, but for the first segment, which stays.
  void shrink() {
    RC_ASSERT(segments_ > 1);
    drop_segment();
  }
  /// Number `number` has come into use, one after the other from the first on: the memory that
  /// comes behind it is made ready where that would take long.
  void touch_behind(uint32_t number) {
    constexpr uint32_t per_block = block_size / sizeof(Bucket);
    if (number % per_block != per_block / 2) return;
    const uint64_t next = uint64_t{number} + per_block / 2;
    if (alignment_of(next) < block_size || (next >= room() && !grow())) return;
    touch_ahead(&at(static_cast<uint32_t>(next)));
  }

 private:
  static constexpr uint32_t number_bits = 32;
  static constexpr size_t cache_line = 64;

  /// Segments from 8 MiB on ask for huge pages: a bucket is a random access. What is touched ahead
  /// of need is then 4 MiB at the most, for a million items or more.
  static size_t alignment_of(uint64_t buckets) {
    return buckets * sizeof(Bucket) < 4 * block_size ? cache_line : block_size;
  }
  void drop_segment() {
    const uint64_t first = segments_ == 1 ? 0 : room() / 2;
    const uint64_t buckets = room() - first;
    arena_.release_buckets(&at(static_cast<uint32_t>(first)), buckets * sizeof(Bucket),
                           first == 0 ? cache_line : alignment_of(buckets));
    --segments_;
  }

  Arena& arena_;
  const Allocation kind_;
  uint32_t first_shift_ = 0;  // log2 of the first segment's buckets
  uint32_t segments_ = 0;
  // Where bucket 0 would be if the segment began there: no subtraction on the way to a bucket.
  std::array<uintptr_t, number_bits + 1> base_{};
};

}  // namespace ringcached::store
