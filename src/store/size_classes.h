// The sizes of chunks: from -n upwards by -f at the most, the largest a quarter of a page.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "store/page.h"

namespace ringcached::store {

/// memcached has at most 62, and clients of `stats slabs` count on numbers below 64.
inline constexpr size_t classes_max = 62;
/// A quarter of a page: four chunks fill it but for its header.
inline constexpr uint32_t chunk_size_max = page_payload / 4 / 8 * 8;

/// Never changes once made.
class SizeClasses {
 public:
  /// `chunk_min`: bytes of the smallest chunk, at least. `growth_factor`: the next size is at most
  /// so many times as large; finer steps are taken as far as classes_max classes go.
  SizeClasses(uint32_t chunk_min, double growth_factor);

  uint32_t count() const { return count_; }
  uint8_t largest() const { return static_cast<uint8_t>(count_ - 1); }
  uint32_t chunk_size(uint32_t class_number) const { return sizes_[class_number]; }
  uint32_t chunks_per_page(uint32_t class_number) const {
    return static_cast<uint32_t>(page_payload / sizes_[class_number]);
  }
  /// The smallest class whose chunks hold `bytes` (at most chunk_size_max).
  uint8_t class_for(uint32_t bytes) const { return by_size_[(bytes + 7) / 8]; }

 private:
  bool build(uint32_t chunk_min, double small, double large);

  uint32_t count_ = 0;
  std::array<uint32_t, classes_max> sizes_{};
  std::array<uint8_t, chunk_size_max / 8 + 1> by_size_{};  // by bytes / 8, rounded up
};

}  // namespace ringcached::store
