// Makes one chosen allocation of a store fail, so that tests can reach every "no memory" path.
#pragma once

#include <cstdint>

namespace ringcached::store {

/// Owner: one store. Costs one predictable branch per allocation.
class FaultPlan {
 public:
  /// The nth allocation from now (1 = the next one) fails, once or with all behind it; 0 = none.
  void fail_nth(uint64_t nth, bool and_all_behind = false) {
    left_ = nth;
    all_behind_ = and_all_behind;
  }
  /// The planned failure has not happened yet.
  bool is_armed() const { return left_ != 0; }
  /// Asked once per allocation: must this one fail?
  bool strikes() {
    ++asked_;
    return __builtin_expect(left_ != 0, 0) && falls_due();
  }
  /// Allocations so far.
  uint64_t asked() const { return asked_; }

 private:
  bool falls_due() {
    if (left_ > 1) {
      --left_;
      return false;
    }
    if (!all_behind_) left_ = 0;
    return true;
  }

  uint64_t left_ = 0;
  uint64_t asked_ = 0;
  bool all_behind_ = false;
};

}  // namespace ringcached::store
