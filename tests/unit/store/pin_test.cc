// Claims about items that somebody still reads.
#include <atomic>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "fixture.h"

namespace ringcached::store {
namespace {

std::string bytes_of(const Item& item, uint32_t size) {
  std::string bytes;
  for_each_span(item, size, [&](const char* data, uint32_t length) { bytes.append(data, length); });
  return bytes;
}

}  // namespace

TEST_CASE("a pinned item keeps its bytes through replace, remove, flush and expiry") {
  for (const uint32_t size : {6000u, 16'000u, 200'000u}) {
    Fixture f;
    const std::string value = pattern(size, size);
    Item* item = f.set("key", value, 0, 150);
    f.store.pin(*item);
    CHECK(f.store.pinned_bytes() >= size);
    SUBCASE("replace") {
      f.set("key", "new");
    }
    SUBCASE("remove") {
      f.store.remove(*item);
    }
    SUBCASE("flush") {
      f.store.flush();
      CHECK_FALSE(f.has("key"));
    }
    SUBCASE("expiry") {
      f.at(150);
      CHECK_FALSE(f.has("key"));
    }
    while (f.store.sweep()) {
    }
    f.store.verify();
    for (int i = 0; i < 50; ++i) f.set("other" + std::to_string(i), pattern(20'000, 9));
    CHECK(bytes_of(*item, size) == value);
    const uint64_t items = f.count(Counter::CurrItems);
    f.store.unpin(*item);
    CHECK(f.store.pinned_bytes() == 0);
    CHECK(f.count(Counter::CurrItems) == items);
  }
}

TEST_CASE("an item pinned twice needs two unpins, and may stay linked") {
  Fixture f;
  Item* item = f.set("key", std::string(9000, 'v'));
  f.store.pin(*item);
  f.store.pin(*item);
  const uint64_t pinned = f.store.pinned_bytes();
  f.store.unpin(*item);
  CHECK(f.store.pinned_bytes() == pinned);
  CHECK_FALSE(f.store.overwrite_in_place(*item, "1"));
  f.store.unpin(*item);
  CHECK(f.store.pinned_bytes() == 0);
  CHECK(f.store.overwrite_in_place(*item, "1"));
  CHECK(f.has("key"));
}

TEST_CASE("pinned items are passed over by eviction, the others go") {
  Fixture f(2u << 20);
  Item* item = f.set("pinned", pattern(9000, 1));
  f.store.pin(*item);
  for (int i = 0; i < 2000; ++i)
    REQUIRE(f.set("k" + std::to_string(i), pattern(9000, 2)) != nullptr);
  CHECK(f.count(Counter::Evictions) > 1000);
  CHECK(f.find("pinned") == item);
  CHECK(f.get("pinned") == pattern(9000, 1));
  f.store.unpin(*item);
}

TEST_CASE("when all memory is pinned there is no memory, and afterwards there is") {
  Fixture f(1u << 20);
  std::vector<Item*> items;
  for (int i = 0;; ++i) {
    Item* item = f.set("key" + std::to_string(i), std::string(16'000, 'v'));
    if (item == nullptr) break;
    f.store.pin(*item);
    items.push_back(item);
  }
  CHECK(items.size() == 64);
  CHECK(f.count(Counter::Evictions) == 0);
  CHECK(f.set("small", "v") == nullptr);
  f.store.verify();
  for (Item* item : items) f.store.unpin(*item);
  CHECK(f.set("small", "v") != nullptr);
  CHECK(f.set("large", std::string(16'000, 'v')) != nullptr);
}

TEST_CASE("an append to a pinned item leaves its readers what they saw") {
  Fixture f;
  for (const uint32_t size : {5000u, 100'000u}) {
    const std::string value = pattern(size, 3);
    Item* item = f.set("key", value);
    f.store.pin(*item);
    const std::string more = pattern(200, 4);
    REQUIRE(f.store.append_in_place(*item, more));
    f.store.pin(*item);
    CHECK(bytes_of(*item, size) == value);
    CHECK(bytes_of(*item, size + 200) == value + more);
    f.store.unpin(*item);
    f.store.unpin(*item);
    CHECK(f.store.pinned_bytes() == 0);
  }
}

// ThreadSanitizer watches this one.
TEST_CASE("another core reads a pinned item while its owner appends, reads and replaces") {
  Fixture f(64u << 20);
  for (const uint32_t size : {5000u, 16'400u, 100'000u}) {
    const std::string value = pattern(size, 5);
    Item* item = f.set("key", value);
    f.store.pin(*item);
    std::atomic<bool> appended{false};
    std::atomic<uint32_t> mismatches{0};
    std::thread reader([&, item] {
      do {
        if (bytes_of(*item, size) != value) ++mismatches;
      } while (!appended.load(std::memory_order_relaxed));
    });
    for (uint32_t i = 0; i < 300; ++i) {
      f.store.append_in_place(*item, pattern(i * 7, i));
      f.store.mark_read(*f.find("key"));
      f.store.set_exptime(*item, 1000 + i);
    }
    f.set("key", "replaced");
    appended = true;
    reader.join();
    CHECK(mismatches == 0);
    f.store.unpin(*item);
  }
}

}  // namespace ringcached::store
