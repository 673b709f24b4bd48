// Claims about what an operator can ask of a store: another size, pages moved by hand, a round of
// the sweep, figures, a walk over everything.
#include <algorithm>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "fixture.h"
#include "store/dump.h"

namespace ringcached::store {
namespace {

using Asked = Store::Asked;

std::string numbered(const char* prefix, uint64_t n) {
  return prefix + std::to_string(n);
}

uint8_t class_of(Fixture& f, const std::string& key) {
  return f.find(key)->class_number();
}

void fill(Fixture& f, const char* prefix, uint32_t items, size_t value_size) {
  for (uint32_t i = 0; i < items; ++i) f.set(numbered(prefix, i), pattern(value_size, i));
}

uint64_t pages(const Fixture& f) {
  return f.store.slab().pages_held();
}

void sweep_until_done(Fixture& f) {
  for (int i = 0; f.store.sweep(); ++i) REQUIRE(i < 1'000'000);
}

ClassFigures sum_of_classes(const Fixture& f) {
  ClassFigures sum;
  for (uint8_t i = 0; i < f.store.sizes().count(); ++i) sum.add(f.store.figures(i));
  return sum;
}

}  // namespace

TEST_CASE("a smaller limit takes pages away, and what is left is whole") {
  Fixture f(16u << 20);
  fill(f, "a", 100'000, 100);
  fill(f, "b", 20, 300'000);
  CHECK(pages(f) == 256);
  f.budget.resize(4u << 20);
  CHECK(f.budget.owes(0));
  sweep_until_done(f);
  f.store.verify();
  CHECK(pages(f) <= 64);
  CHECK_FALSE(f.budget.owes(0));
  uint32_t found = 0;
  for (uint32_t i = 0; i < 100'000; ++i) {
    if (!f.has(numbered("a", i))) continue;
    ++found;
    REQUIRE(f.get(numbered("a", i)) == pattern(100, i));
  }
  CHECK(found > 1000);

  SUBCASE("and a larger one lets it grow again") {
    f.budget.resize(8u << 20);
    fill(f, "c", 60'000, 100);
    CHECK(pages(f) == 128);
  }
}

TEST_CASE("a smaller limit takes pages away from items of megabytes as well") {
  Fixture f(32u << 20);
  fill(f, "giant", 8, 3'500'000);  // more segments each than a page move would relocate
  fill(f, "giant", 1, 3'500'000);
  CHECK(pages(f) > 400);
  f.budget.resize(8u << 20);
  sweep_until_done(f);
  CHECK_FALSE(f.budget.owes(0));
  CHECK(pages(f) <= 128);
  f.store.verify();
  CHECK(f.count(Counter::CurrItems) > 0);  // nor does it take more than it must
}

TEST_CASE("while the limit falls every new item finds room, at the price of a page at most") {
  Fixture f(16u << 20);
  fill(f, "a", 150'000, 100);
  f.budget.resize(4u << 20);
  uint64_t most = 0;
  uint8_t class_number = 0;
  for (uint32_t i = 0; f.budget.owes(0); ++i) {
    REQUIRE(i < 100'000);
    f.store.sweep();
    const uint64_t before = f.count(Counter::Evictions);
    REQUIRE(f.set(numbered("b", i), pattern(100, i)) != nullptr);
    most = std::max(most, f.count(Counter::Evictions) - before);
    class_number = class_of(f, numbered("b", i));
    // Sizes that had no page so far.
    if (i % 64 == 0) REQUIRE(f.set(numbered("c", i), pattern(500 + i, i)) != nullptr);
  }
  CHECK(most <= f.store.sizes().chunks_per_page(class_number) + 4);
}

TEST_CASE("a smaller limit with all pages pinned waits until they are not") {
  Fixture f(4u << 20);
  fill(f, "big", 30, 100'000);
  std::vector<Item*> pinned;
  for (uint32_t i = 0; i < 30; ++i) {
    if (Item* item = f.find(numbered("big", i))) pinned.push_back(item);
  }
  for (Item* item : pinned) f.store.pin(*item);
  f.budget.resize(1u << 20);
  sweep_until_done(f);
  CHECK(f.budget.owes(0));
  f.store.verify();
  for (Item* item : pinned) f.store.unpin(*item);
  f.at(102);
  sweep_until_done(f);
  CHECK_FALSE(f.budget.owes(0));
  CHECK(pages(f) <= 16);
}

TEST_CASE("with -M a smaller limit evicts nobody") {
  StoreConfig config;
  config.evict = false;
  Fixture f(4u << 20, config);
  fill(f, "a", 10'000, 100);
  const uint64_t items = f.count(Counter::CurrItems);
  f.budget.resize(1u << 20);
  sweep_until_done(f);
  CHECK(f.count(Counter::CurrItems) == items);
  CHECK(f.budget.owes(0));
}

TEST_CASE("neighbours share a new size: the pool is paid back by those who drew on it") {
  StoreConfig config;
  config.partitions = 2;
  Fixture f(16u << 20, config);
  fill(f, "a", 90'000, 100);
  CHECK(f.budget.draws_on_pool(0));
  CHECK(pages(f) == f.budget.most());
  f.budget.resize(8u << 20);
  sweep_until_done(f);
  CHECK(pages(f) == f.budget.most());
  CHECK(f.budget.pool_left() == 0);
  uint64_t neighbour = 0;
  while (f.budget.take(1)) ++neighbour;
  CHECK(neighbour == f.budget.entitlement());
  while (neighbour-- > 0) f.budget.give_back(1);
}

TEST_CASE("a page moves by hand, one at a time") {
  Fixture f(4u << 20);
  fill(f, "small", 30'000, 100);
  f.set("large", pattern(1000, 1));
  f.set("small", pattern(100, 1));
  const uint8_t from = class_of(f, "small");
  const uint8_t to = class_of(f, "large");
  const uint64_t before = f.store.slab().class_at(to).pages;
  CHECK(f.store.reassign(from, to) == Asked::Started);
  CHECK(f.store.reassign(from, to) == Asked::Busy);
  sweep_until_done(f);
  CHECK(f.store.slab().class_at(to).pages == before + 1);
  CHECK(f.store.reassign(Store::any_class, to) == Asked::Started);
  sweep_until_done(f);
  CHECK(f.store.slab().class_at(to).pages == before + 2);
  CHECK(f.store.reassign(static_cast<int>(f.store.sizes().largest()), to) == Asked::NoSpare);
  CHECK(f.get("large") == pattern(1000, 1));
}

TEST_CASE("a crawl finds what has expired without waiting for its minute") {
  Fixture f(4u << 20);
  for (uint32_t i = 0; i < 10'000; ++i) f.set(numbered("k", i), "value", 0, 150);
  const uint64_t all = ~uint64_t{0};
  const uint64_t one = uint64_t{1} << class_of(f, "k1");
  sweep_until_done(f);
  f.at(200);
  CHECK(f.store.crawl(all & ~one, 0) == Asked::NothingThere);
  CHECK(f.store.crawl(one, 0) == Asked::Started);
  CHECK(f.store.crawl(all, 0) == Asked::Busy);
  f.store.set_sweeping(false);
  sweep_until_done(f);
  CHECK(f.count(Counter::CurrItems) == 0);
  CHECK(sum_of_classes(f).counters[ClassCounter::CrawlerReclaimed] == 10'000);
}

TEST_CASE("a sweep that is switched off frees nothing, and goes on when it is switched on") {
  Fixture f(4u << 20);
  for (uint32_t i = 0; i < 100; ++i) f.set(numbered("k", i), "value", 0, 150);
  f.store.set_sweeping(false);
  for (Seconds now = 200; now < 300; ++now) {
    f.at(now);
    sweep_until_done(f);
  }
  CHECK(f.count(Counter::CurrItems) == 100);
  f.store.set_sweeping(true);
  for (Seconds now = 300; now < 400; ++now) {
    f.at(now);
    sweep_until_done(f);
  }
  CHECK(f.count(Counter::CurrItems) == 0);
}

TEST_CASE("the figures of the classes add up to those of the store") {
  StoreConfig config;
  config.track_sizes = true;
  Fixture f(4u << 20, config);
  fill(f, "small", 40'000, 100);
  fill(f, "large", 30, 70'000);
  f.store.append_in_place(*f.find("large29"), pattern(5000, 3));
  f.set("read", "value");
  f.store.mark_read(*f.find("read"));
  f.set("gone", "value");
  f.store.remove(*f.find("gone"));
  const ClassFigures sum = sum_of_classes(f);
  CHECK(sum.items() == f.count(Counter::CurrItems));
  CHECK(sum.bytes_requested == f.count(Counter::Bytes));
  CHECK(sum.pages == pages(f) - f.store.slab().pages_empty());
  CHECK(sum.counters[ClassCounter::Evicted] == f.count(Counter::Evictions));
  CHECK(sum.counters[ClassCounter::EvictedUnfetched] == f.count(Counter::EvictedUnfetched));
  CHECK(sum.counters[ClassCounter::HitsInSmall] + sum.counters[ClassCounter::HitsInMain] == 1);
  int64_t sized = 0;
  for (const auto& [step, count] : f.store.sizes_seen()) sized += count;
  CHECK(sized == static_cast<int64_t>(sum.items()));
  f.store.reset_class_counters();
  CHECK(sum_of_classes(f).counters[ClassCounter::Evicted] == 0);
  CHECK(sum_of_classes(f).items() == sum.items());
}

TEST_CASE("a walk meets every item once, in pieces of any size") {
  Fixture f(4u << 20);
  fill(f, "small", 5000, 50);
  fill(f, "large", 10, 70'000);
  for (const uint32_t piece : {1u, 7u, 100u, 1'000'000u}) {
    std::set<std::string> met;
    WalkPlace place;
    bool patient = false;
    bool ended = false;
    for (int i = 0; !ended; ++i) {
      REQUIRE(i < 100'000);
      ended = walk_items(f.store.slab(), place, ~uint64_t{0}, piece, [&](const Item& item) {
        patient = !patient;  // every other time it is not wanted yet
        if (patient) CHECK(met.insert(std::string(item.key())).second);
        return patient;
      });
    }
    CHECK(met.size() == 5010);
  }
}

TEST_CASE("a walk keeps to the classes that it is asked for") {
  Fixture f(4u << 20);
  fill(f, "small", 10, 50);
  fill(f, "large", 10, 1000);
  uint32_t met = 0;
  WalkPlace place;
  const uint64_t wanted = uint64_t{1} << class_of(f, "large1");
  walk_items(f.store.slab(), place, wanted, 100'000, [&](const Item& item) {
    CHECK(item.key().starts_with("large"));
    ++met;
    return true;
  });
  CHECK(met == 10);
}

}  // namespace ringcached::store
