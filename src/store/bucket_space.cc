#include "store/bucket_space.h"

namespace ringcached::store {

namespace {

/// Segments from 8 MiB on ask for huge pages: a bucket is a random access. What is touched ahead of
/// need is then 2 MiB at the most, for a million items or more.
constexpr uint64_t huge_buckets_least = 128 * 1024;

}  // namespace

size_t BucketSpace::alignment_of(uint64_t buckets) {
  return buckets < huge_buckets_least ? alignof(Bucket) : block_size;
}

BucketSpace::~BucketSpace() {
  for (; segments_ > 1; --segments_) {
    const uint64_t buckets = room() / 2;
    arena_.release(&at(static_cast<uint32_t>(buckets)), buckets * sizeof(Bucket),
                   alignment_of(buckets));
  }
  if (segments_ == 1) arena_.release(&at(0), room() * sizeof(Bucket), alignof(Bucket));
}

/// Not on huge pages: what -o hashpower asks for is to cost memory only where items come to lie.
bool BucketSpace::start(uint32_t buckets) {
  void* memory = arena_.allocate_zero_buckets(buckets * sizeof(Bucket), alignof(Bucket));
  if (memory == nullptr) return false;
  first_shift_ = static_cast<uint32_t>(__builtin_ctz(buckets));
  base_[segments_++] = reinterpret_cast<uintptr_t>(memory);
  return true;
}

bool BucketSpace::grow() {
  const uint64_t before = room();
  if (before * 2 > uint64_t{1} << number_bits) return false;
  void* memory = arena_.allocate_buckets(before * sizeof(Bucket), alignment_of(before));
  if (memory == nullptr) return false;
  base_[segments_++] = reinterpret_cast<uintptr_t>(memory) - before * sizeof(Bucket);
  return true;
}

}  // namespace ringcached::store
