#include "store/page_budget.h"

#include "base/assert.h"
#include "store/page.h"

namespace ringcached::store {

namespace {

uint64_t entitlement_of(uint64_t pages, uint32_t partitions) {
  return partitions == 1 ? pages : pages * 3 / 4 / partitions;
}

}  // namespace

PageBudget::PageBudget(uint64_t total_bytes, uint32_t partitions)
    : pages_total_(total_bytes / page_size),
      entitlement_(entitlement_of(pages_total_, partitions)),
      pool_total_(pages_total_ - entitlement_ * partitions),
      shares_(std::make_unique<Share[]>(partitions)),
      partitions_(partitions),
      pool_(pool_total_) {
  RC_ASSERT(partitions > 0);
}

bool PageBudget::take(uint32_t partition) {
  RC_ASSERT(partition < partitions_);
  auto& held = shares_[partition].held;
  const uint64_t have = held.load(std::memory_order_relaxed);
  if (have >= entitlement_) {
    uint64_t left = pool_.load(std::memory_order_relaxed);
    do {
      if (left == 0) return false;
    } while (!pool_.compare_exchange_weak(left, left - 1, std::memory_order_relaxed));
  }
  held.store(have + 1, std::memory_order_relaxed);
  return true;
}

void PageBudget::give_back(uint32_t partition) {
  RC_ASSERT(partition < partitions_);
  auto& held = shares_[partition].held;
  const uint64_t have = held.load(std::memory_order_relaxed);
  RC_ASSERT(have > 0);
  held.store(have - 1, std::memory_order_relaxed);
  if (have > entitlement_) {
    const uint64_t left = pool_.fetch_add(1, std::memory_order_relaxed);
    RC_ASSERT(left < pool_total_);
  }
}

uint64_t PageBudget::held(uint32_t partition) const {
  RC_ASSERT(partition < partitions_);
  return shares_[partition].held.load(std::memory_order_relaxed);
}

}  // namespace ringcached::store
