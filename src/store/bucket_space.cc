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
  for (; segments_ > 0; --segments_) {
    const uint64_t first = segments_ == 1 ? 0 : room() / 2;
    const uint64_t buckets = room() - first;
    arena_.release(&at(static_cast<uint32_t>(first)), buckets * sizeof(Bucket),
                   alignment_of(buckets));
  }
}

bool BucketSpace::grow() {
  const uint64_t before = room();
  const uint64_t more = before == 0 ? uint64_t{1} << first_shift_ : before;
  if (before + more > uint64_t{1} << number_bits) return false;
  void* memory = arena_.allocate_buckets(more * sizeof(Bucket), alignment_of(more));
  if (memory == nullptr) return false;
  base_[segments_++] = reinterpret_cast<uintptr_t>(memory) - before * sizeof(Bucket);
  return true;
}

}  // namespace ringcached::store
