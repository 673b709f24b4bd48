// A page: 64 KiB of equal chunks behind a header, found from any chunk by masking its address.
//
//   0       16
//   +-------+-----------+-----------+--- ... ---+-----------+------+
//   | head  | chunk 0   | chunk 1   |           | chunk n-1 | rest |
//   +-------+-----------+-----------+--- ... ---+-----------+------+
//
// The header is written when the page gets its class and stays as it is while a chunk lives, so
// that another core may read it for a pinned item. What changes is kept apart, in Slab's directory:
// page headers all fall into the same few sets of a cache.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ringcached::store {

/// Small, so that emptying one is quick and many cores waste little (DESIGN section 5).
inline constexpr size_t page_size = 64 * 1024;
inline constexpr size_t page_header_size = 16;
inline constexpr size_t page_payload = page_size - page_header_size;

/// The least chunk in bytes: it leaves 11 bits for a chunk's index.
inline constexpr size_t chunk_size_min = 32;
inline constexpr uint32_t chunk_index_bits = 11;
static_assert(page_payload / chunk_size_min < (1u << chunk_index_bits));

/// A chunk's name in 32 bits: page number * 2048 + index. 0 is none: pages are numbered from 1. So
/// one partition can hold 2^21 pages, 128 GiB.
using Ref = uint32_t;
inline constexpr Ref no_ref = 0;
inline constexpr uint32_t page_number_max = (1u << (32 - chunk_index_bits)) - 1;
inline constexpr uint64_t partition_bytes_max = uint64_t{page_number_max} * page_size;

struct PageHeader {
  uint32_t number;
  uint32_t reciprocal;  // ceil(2^32 / chunk_size): division by multiplication
  uint16_t chunk_size;
  uint8_t class_number;
  uint8_t unused[5];
};
static_assert(sizeof(PageHeader) == page_header_size);

inline PageHeader& page_of(void* chunk) {
  return *reinterpret_cast<PageHeader*>(reinterpret_cast<uintptr_t>(chunk) & ~(page_size - 1));
}
inline const PageHeader& page_of(const void* chunk) {
  return *reinterpret_cast<const PageHeader*>(reinterpret_cast<uintptr_t>(chunk) &
                                              ~(page_size - 1));
}

/// Exact for every offset within a page: offset < 2^16 and chunk_size < 2^14, so the error of the
/// reciprocal never reaches the next integer.
inline uint32_t chunk_index(const PageHeader& page, const void* chunk) {
  const uint64_t offset = (reinterpret_cast<uintptr_t>(chunk) & (page_size - 1)) - page_header_size;
  return static_cast<uint32_t>((offset * page.reciprocal) >> 32);
}

inline Ref ref_of(const void* chunk) {
  const PageHeader& page = page_of(chunk);
  return (page.number << chunk_index_bits) | chunk_index(page, chunk);
}

constexpr uint32_t page_number_of(Ref ref) {
  return ref >> chunk_index_bits;
}
constexpr uint32_t chunk_index_of(Ref ref) {
  return ref & ((1u << chunk_index_bits) - 1);
}

}  // namespace ringcached::store
