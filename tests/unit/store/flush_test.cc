// Claims about flush_all and about the sweep that cleans up behind it.
#include <string>

#include <doctest/doctest.h>

#include "fixture.h"

namespace ringcached::store {
namespace {

void sweep_for_a_minute(Fixture& f, Seconds from) {
  for (Seconds second = 1; second <= 61; ++second) {
    f.at(from + second);
    while (f.store.sweep()) {
    }
  }
}

}  // namespace

TEST_CASE("set, flush, set within one second: only the first is dead") {
  Fixture f;
  f.set("a", "1");
  f.store.flush();
  f.set("b", "2");
  const Found dead = f.store.find(key_for("a"));
  CHECK(dead.item == nullptr);
  CHECK(dead.absence == Absence::Flushed);
  CHECK(f.get("b") == "2");
}

TEST_CASE("an item under way survives a flush and counts as stored after it") {
  Fixture f;
  Item* item = f.store.create(key_for("a"), 0, never, 1);
  f.store.write(*item, 0, "1");
  f.store.flush();
  f.store.publish(*item, nullptr);
  CHECK(f.get("a") == "1");
}

TEST_CASE("however many flushes: what came after the last one lives, all else is dead") {
  Fixture f;
  for (int i = 0; i < 50; ++i) {
    f.set("old" + std::to_string(i), "1");
    f.store.flush();
  }
  f.set("new", "2");
  for (int i = 0; i < 50; ++i) CHECK_FALSE(f.has("old" + std::to_string(i)));
  CHECK(f.get("new") == "2");
}

TEST_CASE("flushes of an empty cache cost no epoch") {
  Fixture f;
  for (int i = 0; i < 1000; ++i) f.store.flush();
  f.set("new", "2");
  CHECK(f.get("new") == "2");
  CHECK(f.count(Counter::CrawlerItemsChecked) == 0);
}

TEST_CASE("a delayed flush acts a second early, once, on all that was stored before") {
  Fixture f;
  f.set("a", "1");
  f.store.flush_at(110);
  f.at(108);
  CHECK(f.has("a"));
  f.set("b", "1");
  f.at(109);
  CHECK_FALSE(f.has("a"));
  CHECK_FALSE(f.has("b"));
  f.set("c", "1");
  f.at(110);
  f.at(111);
  CHECK(f.has("c"));
}

TEST_CASE("flush_all 1 acts at once") {
  Fixture f;
  f.set("a", "1");
  f.store.flush_at(101);
  CHECK_FALSE(f.has("a"));
}

TEST_CASE("a new flush replaces a delayed one") {
  Fixture f;
  f.store.flush_at(110);
  f.set("a", "1");
  SUBCASE("by one at once") {
    f.store.flush();
    f.set("a", "2");
    f.at(120);
    CHECK(f.get("a") == "2");
  }
  SUBCASE("by a later one") {
    f.store.flush_at(130);
    f.at(120);
    CHECK(f.get("a") == "1");
    f.at(129);
    CHECK_FALSE(f.has("a"));
  }
}

TEST_CASE("the sweep frees dead items within a minute, and only them") {
  Fixture f;
  for (int i = 0; i < 5000; ++i) f.set("dead" + std::to_string(i), "v", 0, 105);
  for (int i = 0; i < 500; ++i) f.set("alive" + std::to_string(i), std::string(3000, 'v'));
  sweep_for_a_minute(f, 105);
  CHECK(f.count(Counter::CurrItems) == 500);
  CHECK(f.count(Counter::CrawlerReclaimed) == 5000);
  CHECK(f.count(Counter::ExpiredUnfetched) == 5000);
  f.store.flush();
  sweep_for_a_minute(f, 200);
  CHECK(f.count(Counter::CurrItems) == 0);
  CHECK(f.count(Counter::ExpiredUnfetched) == 5000);
  CHECK(f.store.slab().pages_empty() == f.store.slab().pages_held());
}

TEST_CASE("one step of the sweep is bounded, and it paces itself") {
  Fixture f(64u << 20);
  for (int i = 0; i < 60'000; ++i) f.set("dead" + std::to_string(i), "v", 0, 105);
  f.at(106);
  uint64_t freed = 0;
  bool more = true;
  while (more) {
    const uint64_t before = f.count(Counter::CurrItems);
    more = f.store.sweep();
    CHECK(before - f.count(Counter::CurrItems) <= 64);
    freed += before - f.count(Counter::CurrItems);
  }
  CHECK(freed > 0);
  CHECK(freed < 30'000);  // a sixtieth for each second that passed
  CHECK_FALSE(f.store.sweep());
}

}  // namespace ringcached::store
