// Claims about pages and chunks.
#include "store/slab.h"

#include <set>
#include <vector>

#include <doctest/doctest.h>

namespace ringcached::store {
namespace {

struct SlabFixture {
  explicit SlabFixture(uint64_t pages, uint32_t partitions = 1)
      : budget(pages * page_size, partitions), slab(sizes, arena, budget, 0) {}

  /// What every owner of a chunk does first: it says what the chunk is.
  void* allocate(uint8_t class_number) {
    void* chunk = slab.allocate(class_number);
    if (chunk != nullptr) static_cast<uint8_t*>(chunk)[shape_offset] = shape_of(ChunkKind::Segment);
    return chunk;
  }
  std::vector<void*> allocate_all(uint8_t class_number) {
    std::vector<void*> chunks;
    while (void* chunk = allocate(class_number)) chunks.push_back(chunk);
    return chunks;
  }

  FaultPlan faults;
  SizeClasses sizes{80, 1.25};
  Arena arena{faults};
  PageBudget budget;
  Slab slab;
};

}  // namespace

TEST_CASE("a page yields as many chunks as fit, none of them overlapping") {
  SlabFixture f(3);
  for (const uint8_t number : {uint8_t{0}, uint8_t{7}, f.sizes.largest()}) {
    std::vector<void*> chunks = f.allocate_all(number);
    CHECK(chunks.size() == 3 * f.sizes.chunks_per_page(number));
    std::set<char*> starts;
    for (void* chunk : chunks) starts.insert(static_cast<char*>(chunk));
    REQUIRE(starts.size() == chunks.size());
    char* before = nullptr;
    for (char* start : starts) {
      if (before != nullptr) REQUIRE(start - before >= f.sizes.chunk_size(number));
      REQUIRE(f.slab.chunk_at(ref_of(start)) == start);
      before = start;
    }
    f.slab.verify();
    for (void* chunk : chunks) f.slab.free(chunk);
    f.slab.verify();
    CHECK(f.slab.pages_empty() == 2);
    CHECK(f.slab.let_go_of_one());
    CHECK(f.slab.pages_empty() == 3);
    CHECK_FALSE(f.slab.let_go_of_one());
  }
}

TEST_CASE("a page whose last chunk came back serves another class") {
  SlabFixture f(2);
  std::vector<void*> small = f.allocate_all(0);
  CHECK(f.allocate(5) == nullptr);
  for (void* chunk : small) f.slab.free(chunk);
  CHECK(f.slab.class_at(0).pages == 1);
  void* chunk = f.allocate(5);
  REQUIRE(chunk != nullptr);
  CHECK(page_of(chunk).class_number == 5);
  CHECK(f.allocate(6) == nullptr);
  f.slab.verify();
}

TEST_CASE("a class keeps its last page when it is empty, until told to let it go") {
  SlabFixture f(1);
  void* chunk = f.allocate(4);
  const uint32_t number = page_of(chunk).number;
  f.slab.free(chunk);
  f.slab.verify();
  CHECK(f.slab.is_kept(number));
  CHECK(f.allocate(5) == nullptr);
  CHECK(f.allocate(4) == chunk);
  CHECK_FALSE(f.slab.is_kept(number));
  f.slab.free(chunk);
  f.slab.let_go(number);
  f.slab.verify();
  CHECK(f.allocate(5) != nullptr);
}

TEST_CASE("the chunk freed last is given out first") {
  SlabFixture f(2);
  void* a = f.allocate(3);
  void* b = f.allocate(3);
  f.allocate(3);
  f.slab.free(a);
  f.slab.free(b);
  CHECK(f.allocate(3) == b);
  CHECK(f.allocate(3) == a);
}

TEST_CASE("a closed page gives no chunk out and is whole again when opened") {
  SlabFixture f(2);
  void* first = f.allocate(3);
  void* second = f.allocate(3);
  f.slab.close_page(page_of(first).number);
  void* elsewhere = f.allocate(3);
  CHECK(page_of(elsewhere).number != page_of(first).number);
  f.slab.free(second);
  f.slab.open_page(page_of(first).number);
  f.slab.verify();
  f.slab.close_page(page_of(first).number);
  const uint32_t number = page_of(first).number;
  f.slab.free(first);
  f.slab.open_page(number);  // was emptied meanwhile
  CHECK(f.slab.pages_empty() == 1);
  f.slab.verify();
}

TEST_CASE("pages beyond the entitlement go back to the pool when they are empty") {
  SlabFixture f(100, 4);
  std::vector<void*> chunks = f.allocate_all(f.sizes.largest());
  CHECK(f.slab.pages_held() == f.budget.most());
  CHECK(f.budget.pool_left() == 0);
  for (void* chunk : chunks) f.slab.free(chunk);
  CHECK(f.slab.let_go_of_one());
  f.slab.verify();
  CHECK(f.slab.pages_held() == f.budget.entitlement());
  CHECK(f.budget.pool_left() == f.budget.pages_total() - 4 * f.budget.entitlement());
  // Their numbers and their memory are used again.
  const uint32_t numbers = f.slab.page_numbers();
  CHECK(f.allocate_all(0).size() == f.budget.most() * f.sizes.chunks_per_page(0));
  CHECK(f.slab.page_numbers() == numbers);
  f.slab.verify();
}

TEST_CASE("a page that the arena does not have costs nothing of the budget") {
  SlabFixture f(4);
  f.faults.fail_nth(1);
  CHECK(f.allocate(0) == nullptr);
  CHECK(f.budget.held(0) == 0);
  CHECK(f.allocate(0) != nullptr);
  f.slab.verify();
}

}  // namespace ringcached::store
