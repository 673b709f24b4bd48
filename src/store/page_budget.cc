#include "store/page_budget.h"

#include <algorithm>

#include "base/assert.h"
#include "store/page.h"

namespace ringcached::store {

namespace {

uint64_t entitlement_of(uint64_t pages, uint32_t partitions) {
  return partitions == 1 ? pages : pages * 3 / 4 / partitions;
}

/// Only the partition's own core writes these.
void add(std::atomic<uint64_t>& count, int64_t change) {
  const uint64_t now = count.load(std::memory_order_relaxed);
  count.store(now + static_cast<uint64_t>(change), std::memory_order_relaxed);
}

}  // namespace

PageBudget::PageBudget(uint64_t total_bytes, uint32_t partitions)
    : partitions_(partitions),
      shares_(std::make_unique<Share[]>(partitions)),
      pages_total_(total_bytes / page_size),
      entitlement_(entitlement_of(pages_total(), partitions)),
      pool_total_(pages_total() - entitlement() * partitions),
      pool_left_(static_cast<int64_t>(pool_total_.load())) {
  RC_ASSERT(partitions > 0);
}

bool PageBudget::take(uint32_t partition) {
  RC_ASSERT(partition < partitions_);
  if (reserved(partition) < entitlement()) {
    add(shares_[partition].reserved, 1);
    return true;
  }
  int64_t left = pool_left();
  do {
    if (left <= 0) return false;
  } while (!pool_left_.compare_exchange_weak(left, left - 1, std::memory_order_relaxed));
  add(shares_[partition].drawn, 1);
  return true;
}

void PageBudget::give_back(uint32_t partition) {
  RC_ASSERT(partition < partitions_);
  RC_ASSERT(held(partition) > 0);
  if (drawn(partition) == 0 || reserved(partition) > entitlement()) {
    add(shares_[partition].reserved, -1);
    return;
  }
  add(shares_[partition].drawn, -1);
  pool_left_.fetch_add(1, std::memory_order_relaxed);
}

void PageBudget::resize(uint64_t total_bytes) {
  const std::lock_guard<std::mutex> alone(resizing_);
  const uint64_t pages = total_bytes / page_size;
  const uint64_t entitlement = entitlement_of(pages, partitions_);
  const uint64_t pool = pages - entitlement * partitions_;
  const uint64_t pool_before = pool_total_.exchange(pool, std::memory_order_relaxed);
  pages_total_.store(pages, std::memory_order_relaxed);
  entitlement_.store(entitlement, std::memory_order_relaxed);
  pool_left_.fetch_add(static_cast<int64_t>(pool - pool_before), std::memory_order_relaxed);
}

bool PageBudget::owes(uint32_t partition) const {
  return reserved(partition) > entitlement() || (pool_left() < 0 && drawn(partition) > 0);
}

uint64_t PageBudget::left(uint32_t partition) const {
  const uint64_t own = entitlement() - std::min(entitlement(), reserved(partition));
  return own + static_cast<uint64_t>(std::max<int64_t>(pool_left(), 0));
}

uint64_t PageBudget::held(uint32_t partition) const {
  RC_ASSERT(partition < partitions_);
  return reserved(partition) + drawn(partition);
}

void PageBudget::verify() const {
  auto pages = static_cast<int64_t>(entitlement() * partitions_) + pool_left();
  for (uint32_t i = 0; i < partitions_; ++i) pages += static_cast<int64_t>(drawn(i));
  RC_ASSERT(pages == static_cast<int64_t>(pages_total()));
}

}  // namespace ringcached::store
