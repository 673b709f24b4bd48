// Makes one chosen allocation of a store fail, so that tests can reach every "no memory" path.
#pragma once

#include <cstdint>

namespace ringcached::store {

/// Owner: one store. Costs one predictable branch per allocation.
class FaultPlan {
 public:
  /// The nth allocation from now (1 = the next one) fails, once; 0 = none.
  void fail_nth(uint64_t nth) { left_ = nth; }
  /// The planned failure has not happened yet.
  bool is_armed() const { return left_ != 0; }
  /// Asked once per allocation: must this one fail?
  bool strikes() { return __builtin_expect(left_ != 0, 0) && --left_ == 0; }

 private:
  uint64_t left_ = 0;
};

}  // namespace ringcached::store
