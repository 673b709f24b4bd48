// A key: its bytes, wherever they lie, and their hash, which chooses partition, bucket and tag.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringcached {

/// A view; the bytes must outlive it. At most key_size_max bytes.
/// Disjoint bits of the hash are used: the top 16 for the tag in a bucket's slot, bits 32..47 for
/// the partition, the low 32 for the bucket.
struct Key {
  std::string_view bytes;
  uint64_t hash = 0;
};

constexpr uint16_t tag_of(uint64_t hash) {
  return static_cast<uint16_t>(hash >> 48);
}
constexpr uint32_t bucket_bits_of(uint64_t hash) {
  return static_cast<uint32_t>(hash);
}

/// Spreads keys evenly over any number of partitions, without a division.
constexpr uint32_t partition_of(uint64_t hash, uint32_t partitions) {
  return static_cast<uint32_t>((((hash >> 32) & 0xffff) * partitions) >> 16);
}

/// A hash that falls to this partition: for what concerns a partition as a whole.
constexpr uint64_t hash_in(uint32_t partition, uint32_t partitions) {
  const uint64_t first = ((uint64_t{partition} << 16) + partitions - 1) / partitions;
  return first << 32;
}

}  // namespace ringcached
