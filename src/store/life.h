// Who is dead: an item is, when it has expired or when a flush came after it.
#pragma once

#include <array>
#include <cstdint>

#include "ringcached/time.h"
#include "store/item.h"

namespace ringcached::store {

/// Three bits of an item say in which epoch it was published.
inline constexpr uint32_t epochs_max = 8;

/// The two things that an item's life depends on.
struct Life {
  Seconds now = clock_start;
  uint8_t epoch = 0;

  bool is_flushed(const Item& item) const { return item.epoch() != epoch; }
  bool is_over(const Item& item) const {
    return is_flushed(item) || is_expired(item.exptime(), now);
  }
};

/// How many published items each epoch has. Owner: one core.
/// Why counts and not a plain number that wraps: a flush may go on to any epoch that nobody lives
/// in, and only when all eight are inhabited must the flushed ones be swept first.
class Epochs {
 public:
  void enter(uint8_t epoch) { ++alive_[epoch]; }
  void leave(uint8_t epoch) { --alive_[epoch]; }
  uint64_t alive(uint8_t epoch) const { return alive_[epoch]; }

  uint32_t empty() const {
    uint32_t count = 0;
    for (const uint64_t alive : alive_) count += alive == 0 ? 1 : 0;
    return count;
  }
  /// An epoch without an item, or epochs_max.
  uint8_t find_empty() const {
    uint8_t epoch = 0;
    while (epoch < epochs_max && alive_[epoch] != 0) ++epoch;
    return epoch;
  }

 private:
  std::array<uint64_t, epochs_max> alive_{};
};

}  // namespace ringcached::store
