// Claims about who goes when memory is short.
#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "fixture.h"

namespace ringcached::store {
namespace {

std::string numbered(const char* prefix, int n) {
  return prefix + std::to_string(n);
}

/// Sets numbered keys until the first eviction; returns how many fit.
int fill_up(Fixture& f, const char* prefix, size_t value_size) {
  int count = 0;
  while (f.count(Counter::Evictions) == 0) f.set(numbered(prefix, count++), pattern(value_size, 1));
  return count - 1;
}

}  // namespace

TEST_CASE("nobody is evicted while the budget has pages, and memory is used to the full") {
  Fixture f(4u << 20);
  const int count = fill_up(f, "key", 1000);
  const uint64_t chunk = f.store.sizes().chunk_size(f.store.sizes().class_for(1040));
  CHECK(count >= static_cast<int>((4u << 20) / page_size * (page_payload / chunk)));
  CHECK(f.store.slab().pages_held() == 64);
}

TEST_CASE("an item that was read outlives a scan of items that were not") {
  Fixture f(2u << 20);
  const int count = fill_up(f, "cold", 500);
  for (int i = 0; i < 1000; ++i) {
    f.set(numbered("filler", i), pattern(500, 2));
    if (i % 10 != 0) continue;  // not too many in a row: after 16 the next goes regardless
    f.set(numbered("hot", i / 10), pattern(500, 2));
    f.store.mark_read(*f.find(numbered("hot", i / 10)));
  }
  for (int i = 0; i < 5 * count; ++i) f.set(numbered("scan", i), pattern(500, 3));
  int alive = 0;
  for (int i = 0; i < 100; ++i) alive += f.has(numbered("hot", i)) ? 1 : 0;
  CHECK(alive == 100);
  f.store.verify();
}

TEST_CASE("when others become popular the small queue gets more room, until they are in main") {
  Fixture f(2u << 20);
  const auto count = static_cast<uint64_t>(fill_up(f, "key", 500));
  uint64_t state = 1;
  // Keys numbered from `first`, half as many again as fit, and those in front more often.
  const auto ask_for = [&](uint64_t first, int requests) {
    double most = 0;
    for (int i = 0; i < requests; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const uint64_t n = (state >> 33) % (count * 3 / 2);
      const std::string key = "n" + std::to_string(first + n * n / (count * 3 / 2));
      if (Item* item = f.find(key); item != nullptr) {
        f.store.mark_read(*item);
      } else {
        f.set(key, pattern(500, 2));
      }
      if (i % 16 == 0) f.store.sweep();
      most = std::max(most, f.store.eviction().small_share());
    }
    return most;
  };
  ask_for(0, 400'000);
  CHECK(f.store.eviction().small_share() < 0.2);
  CHECK(ask_for(10'000'000, 60'000) > 0.2);
  ask_for(10'000'000, 400'000);
  CHECK(f.store.eviction().small_share() < 0.2);
  f.store.verify();
}

TEST_CASE("a key that comes back soon after its eviction goes straight to main") {
  Fixture f(2u << 20);
  const int count = fill_up(f, "key", 500);
  f.set("wanted", pattern(500, 2));
  int i = 0;
  while (f.has("wanted")) f.set(numbered("scan", i++), pattern(500, 3));
  Item* item = f.set("wanted", pattern(500, 2));
  CHECK(item->has(status::in_main));
  CHECK_FALSE(f.set("unheard", pattern(500, 2))->has(status::in_main));
  for (i = 0; i < count / 2; ++i) f.set(numbered("more", i), pattern(500, 3));
  CHECK(f.has("wanted"));
}

TEST_CASE("when everything is hot somebody goes all the same, soon") {
  Fixture f(1u << 20);
  const int count = fill_up(f, "key", 500);
  for (int i = 0; i < 3 * count; ++i) {
    Item* item = f.set(numbered("more", i), pattern(500, 1));
    REQUIRE(item != nullptr);
    for (int reads = 0; reads < 3; ++reads) f.store.mark_read(*item);
  }
  CHECK(f.count(Counter::Evictions) >= static_cast<uint64_t>(3 * count));
}

TEST_CASE("a new value keeps the place of the old one") {
  Fixture f(2u << 20);
  Item* item = f.set("key", pattern(500, 1));
  f.store.mark_read(*item);
  item = f.set("key", pattern(500, 2));
  CHECK(item->frequency() == 1);
  CHECK_FALSE(item->fetched());
  for (int i = 0; !item->has(status::in_main) && i < 100'000; ++i) {
    f.set(numbered("scan", i), pattern(500, 3));
    item = f.find("key");
    REQUIRE(item != nullptr);
  }
  CHECK(f.set("key", pattern(501, 2))->has(status::in_main));
}

TEST_CASE("evicted, unfetched, reclaimed and expired are told apart") {
  Fixture f(1u << 20);
  int count = 0;
  while (f.store.slab().pages_held() < 16) f.set(numbered("a", count++), pattern(1000, 1), 0, 200);
  for (int i = 0; i < 10; ++i) f.store.mark_read(*f.find(numbered("a", i)));
  f.at(200);
  for (int i = 0; i < count / 2; ++i) f.set(numbered("b", i), pattern(1000, 1));
  CHECK(f.count(Counter::Evictions) == 0);
  CHECK(f.count(Counter::Reclaimed) > 100);
  CHECK(f.count(Counter::ExpiredUnfetched) == f.count(Counter::Reclaimed) - 10);
  for (int i = 0; i < 2 * count; ++i) f.set(numbered("c", i), pattern(1000, 1));
  CHECK(f.count(Counter::Evictions) > 0);
  CHECK(f.count(Counter::EvictedUnfetched) == f.count(Counter::Evictions));
}

TEST_CASE("without eviction a full store says so, but takes the place of the dead") {
  StoreConfig config;
  config.evict = false;
  Fixture f(1u << 20, config);
  int count = 0;
  while (f.set(numbered("key", count), pattern(1000, 1), 0, 200) != nullptr) ++count;
  CHECK(f.count(Counter::CurrItems) == static_cast<uint64_t>(count));
  CHECK(f.set("more", pattern(1000, 1)) == nullptr);
  CHECK(f.count(Counter::Evictions) == 0);
  f.at(200);
  CHECK(f.set("more", pattern(1000, 1)) != nullptr);
  CHECK(f.count(Counter::Reclaimed) == 1);
}

TEST_CASE("a class without a page gets one from those who have many") {
  Fixture f(2u << 20);
  fill_up(f, "key", 500);
  for (const size_t size : {10u, 100u, 2000u, 5000u, 16'000u, 100'000u}) {
    Item* item = f.set("other" + std::to_string(size), pattern(size, 1));
    REQUIRE(item != nullptr);
    CHECK(f.value_of(*item) == pattern(size, 1));
  }
  CHECK(f.count(Counter::SlabsMoved) > 0);
  CHECK(f.store.slab().pages_held() == 32);
}

TEST_CASE("a page with an item under way or pinned is not taken") {
  Fixture f(1u << 20);
  fill_up(f, "key", 9000);
  Item* under_way = f.store.create(key_for("way"), 0, never, 9000);
  f.store.write(*under_way, 0, pattern(9000, 7));
  Item* pinned = f.set("pinned", pattern(9000, 8));
  f.store.pin(*pinned);
  for (int i = 0; i < 3000; ++i) {
    f.set(numbered("small", i), pattern(static_cast<size_t>(i), 1));
    f.set(numbered("giant", i), pattern(static_cast<size_t>(i) * 30, 1));
  }
  f.store.publish(*under_way, f.find("way"));
  CHECK(f.get("way") == pattern(9000, 7));
  CHECK(f.value_of(*pinned) == pattern(9000, 8));
  f.store.unpin(*pinned);
}

TEST_CASE("every allocation that fails leaves a sound store") {
  for (uint64_t nth = 1; nth < 30; ++nth) {
    Fixture f(4u << 20);
    f.set("key", "value");
    f.store.faults().fail_nth(nth);
    for (int i = 0; i < 20; ++i) f.set(numbered("k", i), pattern(static_cast<size_t>(i) * 3000, 1));
    CHECK_FALSE(f.store.faults().is_armed());
    f.store.verify();
    CHECK(f.set("afterwards", pattern(50'000, 1)) != nullptr);
  }
}

}  // namespace ringcached::store
