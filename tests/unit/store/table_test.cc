// Claims about the table of items.
#include "store/table.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "fixture.h"

namespace ringcached::store {
namespace {

/// Items without values in pages of their own; `faults` strikes the table alone.
struct TableFixture {
  explicit TableFixture(uint32_t buckets = 4)
      : slab(sizes, pages, budget, 0), table(arena, slab.directory(), hasher, buckets) {}

  Item& make(const std::string& key) {
    Item& item = Item::make(slab.allocate(0), 0, key, 0);
    item.set(status::linked);
    return item;
  }
  Item& add(const std::string& key) {
    Item& item = make(key);
    REQUIRE(table.reserve(1));
    table.insert(hasher(key), item);
    return item;
  }
  Item* find(const std::string& key) const { return table.find(Key{key, hasher(key)}); }

  FaultPlan faults, no_faults;
  Arena arena{faults}, pages{no_faults};
  SizeClasses sizes{80, 1.25};
  PageBudget budget{64u << 20, 1};
  Slab slab;
  KeyHasher hasher{test_seed};
  Table table;
};

}  // namespace

TEST_CASE("every key is found while the table grows a bucket at a time") {
  TableFixture f;
  uint64_t buckets = f.table.buckets();
  for (int i = 0; i < 2000; ++i) {
    f.add("key" + std::to_string(i));
    CHECK(f.table.buckets() - buckets <= 2);
    buckets = f.table.buckets();
    if (i % 100 == 0) f.table.verify();
  }
  for (int i = 0; i < 2000; ++i) {
    const std::string key = "key" + std::to_string(i);
    REQUIRE(f.find(key) != nullptr);
    REQUIRE(f.find(key)->key() == key);
  }
  CHECK(f.find("key2000") == nullptr);
  CHECK(f.find("") == nullptr);
  CHECK(f.table.size() == 2000);
  CHECK(f.table.buckets() > 200);
  f.table.verify();
}

TEST_CASE("overflow buckets come and go, the others stay findable") {
  TableFixture f;
  f.faults.fail_nth(2);  // the first segment to be added: the table cannot grow beyond 4 buckets
  std::vector<std::string> keys;
  std::vector<Item*> items;
  std::mt19937 random(7);
  for (int i = 0; i < 120; ++i) {
    if (i >= 20) f.faults.fail_nth(1);
    keys.push_back("k" + std::to_string(i));
    items.push_back(&f.add(keys.back()));
    f.table.verify();
  }
  f.faults.fail_nth(0);
  while (!keys.empty()) {
    const size_t at = random() % keys.size();
    f.table.erase(f.hasher(keys[at]), *items[at]);
    CHECK(f.find(keys[at]) == nullptr);
    keys.erase(keys.begin() + static_cast<long>(at));
    items.erase(items.begin() + static_cast<long>(at));
    f.table.verify();
    for (size_t i = 0; i < keys.size(); ++i) REQUIRE(f.find(keys[i]) == items[i]);
  }
  CHECK(f.table.size() == 0);
}

TEST_CASE("replace puts another item in the same place") {
  TableFixture f;
  Item& old = f.add("key");
  for (int i = 0; i < 100; ++i) f.add("other" + std::to_string(i));
  Item& item = f.make("key");
  f.table.replace(f.hasher("key"), old, item);
  CHECK(f.find("key") == &item);
  CHECK(f.table.size() == 101);
  f.table.verify();
}

TEST_CASE("a table without memory for growing keeps working and catches up later") {
  TableFixture f(2);
  REQUIRE(f.table.reserve(60));
  f.faults.fail_nth(1);
  for (int i = 0; i < 100; ++i) {
    f.faults.fail_nth(1);
    f.add("key" + std::to_string(i));
  }
  f.faults.fail_nth(0);
  const uint64_t stunted = f.table.buckets();
  CHECK(stunted <= 4);
  for (int i = 100; i < 200; ++i) f.add("key" + std::to_string(i));
  CHECK(f.table.buckets() * bucket_items >= f.table.size());
  for (int i = 0; i < 200; ++i) REQUIRE(f.find("key" + std::to_string(i)) != nullptr);
  f.table.verify();
}

TEST_CASE("an item costs the table at most ten and a half bytes, wherever between two doublings") {
  TableFixture f;
  for (int i = 0; i < 40'000; ++i) {
    f.add("key" + std::to_string(i));
    if (i < 4000 || i % 500 != 0) continue;
    CAPTURE(i);
    CHECK(static_cast<double>(f.table.bytes()) <= 10.5 * static_cast<double>(f.table.size()));
  }
}

TEST_CASE("keys with the same tag are told apart, and a tag of 0 is as good as any") {
  TableFixture f;
  const uint64_t tag_0 = 3, tag_1 = tag_0 | uint64_t{1} << 48;
  REQUIRE(entry_tag_of(tag_0) == entry_tag_of(tag_1));
  Item& one = f.make("one");
  Item& two = f.make("two");
  REQUIRE(f.table.reserve(2));
  f.table.insert(tag_0, one);
  f.table.insert(tag_1, two);
  CHECK(f.table.find(Key{"one", tag_0}) == &one);
  CHECK(f.table.find(Key{"two", tag_1}) == &two);
  CHECK(f.table.find(Key{"three", tag_0}) == nullptr);
  f.table.erase(tag_0, one);
  CHECK(f.table.find(Key{"one", tag_0}) == nullptr);
  CHECK(f.table.find(Key{"two", tag_1}) == &two);
}

TEST_CASE("a table that is asked to begin larger than memory allows begins smaller") {
  FaultPlan faults;
  Arena arena(faults);
  PageDirectory pages;
  KeyHasher hasher(test_seed);
  faults.fail_nth(1);
  Table table(arena, pages, hasher, 1024);
  CHECK(table.buckets() == 512);
  table.verify();
}

TEST_CASE("reserve says no when there is no memory for overflow buckets") {
  TableFixture f;
  f.faults.fail_nth(1);
  CHECK_FALSE(f.table.reserve(1));
  CHECK(f.table.reserve(1));
}

}  // namespace ringcached::store
