// Claims about pages that move between classes.
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "fixture.h"

namespace ringcached::store {
namespace {

std::string numbered(const char* prefix, uint64_t n) {
  return prefix + std::to_string(n);
}

uint64_t pages_for(const Fixture& f, uint32_t value_size) {
  return f.store.slab().class_at(f.store.sizes().class_for(value_size + 40)).pages;
}

/// Reads a key and, as a cache's client does, sets it when it is not there. true: a hit.
bool ask(Fixture& f, const std::string& key, const std::string& value) {
  if (Item* item = f.find(key); item != nullptr) {
    REQUIRE(item->value_size() == value.size());
    f.store.mark_read(*item);
    return true;
  }
  REQUIRE(f.set(key, value) != nullptr);
  return false;
}

}  // namespace

TEST_CASE("pages go to the class whose evicted items come back, and its items are found again") {
  Fixture f(4u << 20);
  for (int i = 0; f.count(Counter::Evictions) == 0; ++i) {
    f.set(numbered("small", static_cast<uint64_t>(i)), pattern(100, 1));
  }
  const uint64_t small_before = pages_for(f, 100);
  std::mt19937_64 random(11);
  int hits = 0;
  for (int i = 0; i < 200'000; ++i) {
    const uint64_t n = random() % 1500;
    hits += ask(f, numbered("large", n), pattern(990, static_cast<uint32_t>(n))) && i >= 150'000;
    if (i % 10 == 0) ask(f, numbered("passing", random()), pattern(100, 2));
    if (i % 20 == 0) f.store.sweep();
    if (i % 10'000 == 0) f.store.verify();
  }
  CHECK(pages_for(f, 100) < small_before / 2);
  CHECK(pages_for(f, 990) > 24);
  CHECK(hits > 49'000);
  CHECK(f.count(Counter::SlabsMoved) > 20);
  for (uint32_t n = 0; n < 1500; ++n) {
    if (f.has(numbered("large", n))) REQUIRE(f.get(numbered("large", n)) == pattern(990, n));
  }
}

TEST_CASE(
    "what is read survives the move of its page, and a giant's chunks find each other again") {
  Fixture f(4u << 20);
  for (uint32_t i = 0; i < 20; ++i) f.set(numbered("giant", i), pattern(100'000, i));
  std::mt19937_64 random(12);
  for (int i = 0; i < 150'000; ++i) {
    const uint64_t n = random() % 3000;
    ask(f, numbered("small", n), pattern(990, static_cast<uint32_t>(n)));
    if (i % 4 == 0 && f.has("giant3")) f.store.mark_read(*f.find("giant3"));
    if (i % 20 == 0) f.store.sweep();
    if (i % 5000 == 0) f.store.verify();
  }
  CHECK(f.count(Counter::SlabsMoved) > 5);
  for (uint32_t i = 0; i < 20; ++i) {
    if (f.has(numbered("giant", i))) REQUIRE(f.get(numbered("giant", i)) == pattern(100'000, i));
  }
  CHECK(f.has("giant3"));
}

TEST_CASE("a page with a pinned item stays where it is, and opens again") {
  Fixture f(2u << 20);
  f.set("first", pattern(500, 1));  // no page could be taken for it later
  std::vector<Item*> pinned;
  for (uint32_t i = 0; f.count(Counter::Evictions) == 0; ++i) {
    Item* item = f.set(numbered("large", i), pattern(5000, i));
    if (i % 4 != 0) continue;
    f.store.pin(*item);
    pinned.push_back(item);
  }
  std::mt19937_64 random(13);
  for (int i = 0; i < 50'000; ++i) {
    const uint64_t n = random() % 3000;
    ask(f, numbered("small", n), pattern(500, 1));
    if (i % 20 == 0) f.store.sweep();
  }
  for (Item* item : pinned) {
    CHECK(f.find(item->key()) == item);
    f.store.unpin(*item);
  }
}

TEST_CASE("without ghost hits no page moves") {
  Fixture f(2u << 20);
  for (uint64_t i = 0; i < 30'000; ++i) {
    f.set(numbered("small", i), pattern(100, 1));
    if (i % 3 == 0) f.set(numbered("large", i), pattern(1000, 1));
    f.store.sweep();
  }
  CHECK(f.count(Counter::Evictions) > 10'000);
  CHECK(f.count(Counter::SlabsMoved) <= 2);  // the first page of a class
}

}  // namespace ringcached::store
