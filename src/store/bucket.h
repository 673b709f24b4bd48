// A bucket of the table: one cache line of ten entries, each a 16-bit tag and a 32-bit Ref.
//
//   0                   20       24                                          64
//   +-------------------+--------+-------------------------------------------+
//   | tags: 10 x 16     | more   | refs: 10 x 32                             |
//   +-------------------+--------+-------------------------------------------+
//
// A pointer would take 48 bits and leave eight entries; what a Ref costs is one load from the
// PageDirectory, which stays in a near cache. The tags lie side by side so that one comparison
// looks at all of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ringcached/key.h"
#include "store/page.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace ringcached::store {

inline constexpr uint32_t bucket_slots = 10;

/// The lowest of some entries, a bit each.
inline uint32_t first_of(uint32_t entries) {
  return static_cast<uint32_t>(__builtin_ctz(entries));
}

struct alignas(64) Bucket {
  std::array<uint16_t, bucket_slots> tags;  // 0: a free entry, as are all behind it
  uint32_t more;                            // the overflow bucket where it goes on; 0: none
  std::array<Ref, bucket_slots> refs;

  /// The entries with this tag, a bit each.
  uint32_t matches(uint16_t tag) const;
  uint32_t used() const { return first_of(matches(0) | full); }

  static constexpr uint32_t full = 1u << bucket_slots;
};
static_assert(sizeof(Bucket) == 64 && offsetof(Bucket, more) == 20 && offsetof(Bucket, refs) == 24);

/// The tag of an entry, which is never 0.
constexpr uint16_t entry_tag_of(uint64_t hash) {
  const uint16_t tag = tag_of(hash);
  return static_cast<uint16_t>(tag + (tag == 0 ? 1 : 0));
}

inline uint32_t Bucket::matches(uint16_t tag) const {
#ifdef __SSE2__
  const __m128i wanted = _mm_set1_epi16(static_cast<int16_t>(tag));
  const auto* lines = reinterpret_cast<const __m128i*>(this);
  const __m128i first = _mm_cmpeq_epi16(_mm_load_si128(lines), wanted);
  const __m128i rest = _mm_cmpeq_epi16(_mm_load_si128(lines + 1), wanted);
  const int bits = _mm_movemask_epi8(_mm_packs_epi16(first, rest));
  return static_cast<uint32_t>(bits) & (full - 1);
#else
  uint32_t bits = 0;
  for (uint32_t slot = 0; slot < bucket_slots; ++slot) {
    bits |= static_cast<uint32_t>(tags[slot] == tag) << slot;
  }
  return bits;
#endif
}

}  // namespace ringcached::store
