// Claims about how partitions share -m.
#include "store/page_budget.h"

#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "store/page.h"

namespace ringcached::store {
namespace {

uint64_t take_all(PageBudget& budget, uint32_t partition) {
  uint64_t taken = 0;
  while (budget.take(partition)) ++taken;
  return taken;
}

}  // namespace

TEST_CASE("a single partition may take all pages, and no more") {
  PageBudget budget(10 * page_size + 5, 1);
  CHECK(budget.most() == 10);
  CHECK(take_all(budget, 0) == 10);
  CHECK(budget.held(0) == 10);
  CHECK_FALSE(budget.draws_on_pool(0));
}

TEST_CASE("a greedy neighbour cannot take what a partition is entitled to") {
  PageBudget budget(400 * page_size, 4);
  CHECK(take_all(budget, 0) == 75 + 100);
  CHECK(budget.draws_on_pool(0));
  CHECK(take_all(budget, 1) == 75);
  CHECK(take_all(budget, 2) == 75);
  CHECK(take_all(budget, 3) == 75);
}

TEST_CASE("pages of the pool go back to the pool, reserved ones stay reserved") {
  PageBudget budget(400 * page_size, 4);
  take_all(budget, 0);
  for (int i = 0; i < 30; ++i) budget.give_back(0);
  CHECK(budget.pool_left() == 30);
  CHECK(take_all(budget, 1) == 75 + 30);
  for (int i = 0; i < 145; ++i) budget.give_back(0);
  CHECK(budget.held(0) == 0);
  CHECK(budget.pool_left() == 70);
  CHECK(take_all(budget, 2) == 75 + 70);
  CHECK(take_all(budget, 0) == 75);
}

TEST_CASE("no page is lost or made when all cores take and give at once") {
  constexpr uint32_t partitions = 4;
  PageBudget budget(100 * page_size, partitions);
  std::vector<std::thread> cores;
  for (uint32_t partition = 0; partition < partitions; ++partition) {
    cores.emplace_back([&budget, partition] {
      for (int round = 0; round < 300; ++round) {
        uint64_t taken = take_all(budget, partition);
        while (taken-- > 0) budget.give_back(partition);
      }
    });
  }
  for (std::thread& core : cores) core.join();
  CHECK(budget.pool_left() == 100 - 4 * budget.entitlement());
  uint64_t taken = 0;
  for (uint32_t partition = 0; partition < partitions; ++partition) {
    CHECK(budget.held(partition) == 0);
    taken += take_all(budget, partition);
  }
  CHECK(taken == 100);
}

}  // namespace ringcached::store
