// -m, counted in pages and shared out between the partitions; it may change while they serve.
//
// Thread safe. Three quarters of a partition's even share are reserved for it, so that no neighbour
// can starve it; the rest is a pool that whoever needs it draws from (DESIGN section 5).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

namespace ringcached::store {

class PageBudget {
 public:
  /// A single partition is entitled to all of it.
  PageBudget(uint64_t total_bytes, uint32_t partitions);

  /// One page more for `partition`; false: its entitlement and the pool are used up.
  /// Only the partition's own core may call this and give_back.
  bool take(uint32_t partition);
  /// One page less; it goes back to where there was too little, else to the pool first.
  void give_back(uint32_t partition);

  /// Any core: from now on so many bytes. Who holds too much learns it from owes().
  void resize(uint64_t total_bytes);
  /// The partition holds a page that it is to give back.
  bool owes(uint32_t partition) const;

  uint64_t held(uint32_t partition) const;
  /// Pages that the partition could take now, if nobody else takes of the pool.
  uint64_t left(uint32_t partition) const;
  /// The partition holds pages of the pool, which others could use.
  bool draws_on_pool(uint32_t partition) const { return drawn(partition) > 0; }
  /// The most pages that one partition can ever hold.
  uint64_t most() const { return entitlement() + pool_total_.load(std::memory_order_relaxed); }
  uint64_t entitlement() const { return entitlement_.load(std::memory_order_relaxed); }
  uint64_t pages_total() const { return pages_total_.load(std::memory_order_relaxed); }
  /// Pages of the pool that nobody has drawn; below 0 while more are out than there are.
  int64_t pool_left() const { return pool_left_.load(std::memory_order_relaxed); }

  /// For tests, while nobody takes, gives back or resizes: no page is lost or counted twice.
  void verify() const;

 private:
  /// Written by one core only.
  struct alignas(64) Share {
    std::atomic<uint64_t> reserved{0};
    std::atomic<uint64_t> drawn{0};
  };

  uint64_t reserved(uint32_t partition) const {
    return shares_[partition].reserved.load(std::memory_order_relaxed);
  }
  uint64_t drawn(uint32_t partition) const {
    return shares_[partition].drawn.load(std::memory_order_relaxed);
  }

  uint32_t partitions_;
  std::unique_ptr<Share[]> shares_;
  std::mutex resizing_;  // of those who resize; nobody else waits for it
  std::atomic<uint64_t> pages_total_;
  std::atomic<uint64_t> entitlement_;
  std::atomic<uint64_t> pool_total_;
  alignas(64) std::atomic<int64_t> pool_left_;
};

}  // namespace ringcached::store
