// Claims about the table of items.
#include "store/table.h"

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "fixture.h"

namespace ringcached::store {
namespace {

/// Items that live outside any slab: the table only wants their keys.
struct TableFixture {
  explicit TableFixture(uint32_t buckets = 4) : table(arena, hasher, buckets) {}

  Item& add(const std::string& key) {
    memory.emplace_back();
    // Item::make asks the page for the class: there is one in front.
    Item& item = Item::make(memory.back().item, 0, key, 0);
    item.set(status::linked);
    REQUIRE(table.reserve(1));
    table.insert(hasher(key), item);
    return item;
  }
  Item* find(const std::string& key) const { return table.find(Key{key, hasher(key)}); }

  struct alignas(page_size) OnPage {
    char header[page_header_size] = {};
    char item[256] = {};
  };

  FaultPlan faults;
  Arena arena{faults};
  KeyHasher hasher{test_seed};
  Table table;
  std::deque<OnPage> memory;
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
  CHECK(f.table.buckets() > 300);
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
  f.memory.emplace_back();
  Item& item = Item::make(f.memory.back().item, 0, "key", 0);
  item.set(status::linked);
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
  CHECK(f.table.buckets() * 7 > f.table.size());
  for (int i = 0; i < 200; ++i) REQUIRE(f.find("key" + std::to_string(i)) != nullptr);
  f.table.verify();
}

TEST_CASE("reserve says no when there is no memory for overflow buckets") {
  TableFixture f;
  f.faults.fail_nth(1);
  CHECK_FALSE(f.table.reserve(1));
  CHECK(f.table.reserve(1));
}

}  // namespace ringcached::store
