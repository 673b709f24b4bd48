// The ghost of a class: fingerprints of what was evicted lately, to know it when it comes back.
//
// Owner: one core. A bucket is one 64-bit word of four 16-bit fingerprints, the newest lowest; what
// is shifted out is forgotten. A false hit (4 in 65,536) costs one item a place in main.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/fault_plan.h"

namespace ringcached::store {

class Ghost {
 public:
  static constexpr int bytes_per_place = 2;

  /// Room for about `objects` fingerprints. Called before each add; works only when the number has
  /// left the room behind by a quarter, or uses less than half of it.
  /// Without memory it stays as it is.
  void fit(uint64_t objects, FaultPlan& faults) {
    const uint64_t slots = words_.size() * 4;
    if (objects > slots + slots / 4 || (objects < slots / 2 && slots > slots_min)) {
      resize(objects, faults);
    }
  }
  void add(uint64_t hash);
  void prefetch(uint64_t hash) const {
    if (!words_.empty()) __builtin_prefetch(&words_[place_of(hash)]);
  }
  /// Was it here? It is forgotten by asking.
  bool take(uint64_t hash);
  uint64_t bytes() const { return words_.size() * sizeof(uint64_t); }

 private:
  static constexpr uint64_t slots_min = 64;

  void resize(uint64_t objects, FaultPlan& faults);
  size_t place_of(uint64_t hash) const { return ((hash & 0xffffffff) * words_.size()) >> 32; }

  std::vector<uint64_t> words_;
};

}  // namespace ringcached::store
