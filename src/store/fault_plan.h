// Makes one chosen allocation of a store fail, so that tests can reach every "no memory" path.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ringcached::store {

/// What memory is asked for. The first two are asked for all the time, the others now and then.
enum class Allocation : uint8_t {
  Chunk,      // of an item or a segment
  Page,       // from the arena
  Block,      // by the arena, and room to list it
  Directory,  // room for one more page's number
  Buckets,    // of the table
  Ghost,
  Sizes,  // one more size of items that is counted
  count_
};

/// Owner: one store. Costs one predictable branch per allocation.
class FaultPlan {
 public:
  /// The nth allocation from now (1 = the next one) fails, once or with all behind it; 0 = none.
  void fail_nth(uint64_t nth, bool and_all_behind = false) {
    left_ = nth;
    only_ = Allocation::count_;
    all_behind_ = and_all_behind;
  }
  /// The same of those of one kind.
  void fail_nth_of(Allocation kind, uint64_t nth, bool and_all_behind = false) {
    fail_nth(nth, and_all_behind);
    only_ = kind;
  }
  /// The planned failure has not happened yet.
  bool is_armed() const { return left_ != 0; }
  /// Asked once per allocation: must this one fail?
  bool strikes(Allocation kind) {
    ++asked_[static_cast<size_t>(kind)];
    return __builtin_expect(left_ != 0, 0) && falls_due(kind);
  }
  /// Allocations of this kind so far.
  uint64_t asked(Allocation kind) const { return asked_[static_cast<size_t>(kind)]; }

 private:
  bool falls_due(Allocation kind) {
    if (only_ != Allocation::count_ && only_ != kind) return false;
    if (left_ > 1) {
      --left_;
      return false;
    }
    if (!all_behind_) left_ = 0;
    return true;
  }

  uint64_t left_ = 0;
  Allocation only_ = Allocation::count_;  // count_: of whatever kind
  bool all_behind_ = false;
  std::array<uint64_t, static_cast<size_t>(Allocation::count_)> asked_{};
};

}  // namespace ringcached::store
