// Which class should give a page to which: pages follow ghost hits (DESIGN section 6).
//
// Owner: one core. A ghost hit is a miss that a larger class would have spared. So every
// window of requests one page may move from the class with the fewest to the class with the most
// ghost hits per page. Equal eviction age, the usual rule, was simulated and made nearly every load
// worse.
#pragma once

#include <array>
#include <cstdint>

#include "store/eviction.h"
#include "store/slab.h"

namespace ringcached::store {

/// Requests between two decisions. Simulated, as the figures in balance.cc.
inline constexpr uint64_t balance_window = 1024;

class Balance {
 public:
  struct Move {
    uint8_t donor = Slab::no_class;
    uint8_t heir = Slab::no_class;
    bool wanted() const { return heir != Slab::no_class; }
  };

  /// Once per window: counts the ghost hits since the last time and decides.
  Move decide(const Slab& slab, const Eviction& eviction);
  /// The class that misses a page least, but for those in `not_these` (a bit each); no_class: none
  /// has pages.
  uint8_t poorest(const Slab& slab, uint64_t not_these) const;

 private:
  std::array<double, classes_max> hits_{};            // decaying
  std::array<uint64_t, classes_max> hits_counted_{};  // of the eviction's, so far
};

}  // namespace ringcached::store
