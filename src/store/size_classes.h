// The sizes of chunks: from -n upwards by -f at the most, or those that -o slab_sizes gave.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "store/page.h"

namespace ringcached::store {

/// As in memcached: 62 sizes may be given, and the largest chunk comes behind them. Clients of
/// `stats slabs` count on numbers below 64.
inline constexpr size_t sizes_given_max = 62;
inline constexpr size_t classes_max = sizes_given_max + 1;
/// A quarter of a page: four chunks fill it but for its header.
inline constexpr uint32_t chunk_size_max = page_payload / 4 / 8 * 8;

/// Never changes once made.
class SizeClasses {
 public:
  /// `chunk_min`: bytes of the smallest chunk, at least. `growth_factor`: the next size is at most
  /// so many times as large; finer steps are taken as far as classes_max classes go.
  /// `largest`: chunks are no larger, nor than chunk_size_max; whatever is needs several.
  SizeClasses(uint32_t chunk_min, double growth_factor, uint32_t largest = chunk_size_max);
  /// `given`: ascending, more than 8 apart, at most sizes_given_max; those beyond `largest` are
  /// left out.
  SizeClasses(std::span<const uint32_t> given, uint32_t largest);

  uint32_t count() const { return count_; }
  uint8_t largest() const { return static_cast<uint8_t>(count_ - 1); }
  uint32_t chunk_size(uint32_t class_number) const { return sizes_[class_number]; }
  uint32_t chunks_per_page(uint32_t class_number) const {
    return static_cast<uint32_t>(page_payload / sizes_[class_number]);
  }
  uint32_t largest_size() const { return largest_size_; }
  /// The smallest class whose chunks hold `bytes` (at most largest_size()).
  uint8_t class_for(uint32_t bytes) const { return by_size_[(bytes + 7) / 8]; }

 private:
  bool build(uint32_t chunk_min, double small, double large);
  void index();

  uint32_t largest_size_;
  uint32_t count_ = 0;
  std::array<uint32_t, classes_max> sizes_{};
  std::array<uint8_t, chunk_size_max / 8 + 1> by_size_{};  // by bytes / 8, rounded up
};

}  // namespace ringcached::store
