// -m, counted in pages and shared out between the partitions.
//
// Thread safe. Three quarters of a partition's even share are reserved for it, so that no neighbour
// can starve it; the rest is a pool that whoever needs it draws from (DESIGN section 5).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace ringcached::store {

class PageBudget {
 public:
  /// A single partition is entitled to all of it.
  PageBudget(uint64_t total_bytes, uint32_t partitions);

  /// One page more for `partition`; false: its entitlement and the pool are used up.
  /// Only the partition's own core may call this and give_back.
  bool take(uint32_t partition);
  /// One page less; it goes back to where it came from, the pool first.
  void give_back(uint32_t partition);

  uint64_t held(uint32_t partition) const;
  /// The partition holds pages of the pool, which others could use.
  bool draws_on_pool(uint32_t partition) const { return held(partition) > entitlement_; }
  /// The most pages that one partition can ever hold.
  uint64_t most() const { return entitlement_ + pool_total_; }
  uint64_t entitlement() const { return entitlement_; }
  uint64_t pages_total() const { return pages_total_; }
  uint64_t pool_left() const { return pool_.load(std::memory_order_relaxed); }

 private:
  struct alignas(64) Share {
    std::atomic<uint64_t> held{0};  // written by one core only
  };

  uint64_t pages_total_;
  uint64_t entitlement_;
  uint64_t pool_total_;
  std::unique_ptr<Share[]> shares_;
  uint32_t partitions_;
  alignas(64) std::atomic<uint64_t> pool_;
};

}  // namespace ringcached::store
