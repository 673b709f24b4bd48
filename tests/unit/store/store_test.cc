// Claims about finding, publishing, changing and removing items.
#include "store/store.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

#include "fixture.h"

namespace ringcached::store {

TEST_CASE("what was published is found, with its value") {
  Fixture f;
  CHECK(f.get("key") == "(absent)");
  f.set("key", "value", 5, 1000);
  CHECK(f.get("key") == "value");
  f.set("key", "another");
  CHECK(f.get("key") == "another");
  CHECK(f.get("kez") == "(absent)");
  CHECK(f.count(Counter::CurrItems) == 1);
  CHECK(f.count(Counter::TotalItems) == 2);
}

TEST_CASE("a new item is invisible until published, and gone when discarded") {
  Fixture f;
  f.set("key", "old");
  Item* item = f.store.create(key_for("key"), 0, never, 3);
  f.store.write(*item, 0, "new");
  CHECK(f.get("key") == "old");
  CHECK(f.store.uncommitted_bytes() > 0);
  f.store.discard(*item);
  CHECK(f.store.uncommitted_bytes() == 0);
  CHECK(f.get("key") == "old");
}

TEST_CASE("cas ids grow, are never 0 and never met in another partition") {
  StoreConfig first, second;
  first.partitions = second.partitions = 3;
  second.partition = 2;
  Fixture a(16u << 20, first), b(16u << 20, second);
  std::set<uint64_t> seen;
  uint64_t last_a = 0, last_b = 0;
  for (int i = 0; i < 100; ++i) {
    const uint64_t id_a = a.set("key" + std::to_string(i % 7), "v")->cas();
    const uint64_t id_b = b.set("key" + std::to_string(i % 7), "v")->cas();
    CHECK(id_a > last_a);
    CHECK(id_b > last_b);
    CHECK(seen.insert(id_a).second);
    CHECK(seen.insert(id_b).second);
    last_a = id_a;
    last_b = id_b;
  }
}

TEST_CASE("without cas every id is 0 and an item is eight bytes smaller") {
  StoreConfig config;
  config.cas_enabled = false;
  Fixture with, without(16u << 20, config);
  with.set("key", "value");
  CHECK(without.set("key", "value")->cas() == 0);
  CHECK(with.count(Counter::Bytes) == without.count(Counter::Bytes) + 8);
}

TEST_CASE("an expired item is found dead, once, and its memory comes back") {
  Fixture f;
  f.set("key", "value", 0, 110);
  f.at(109);
  CHECK(f.has("key"));
  f.at(110);
  const Found dead = f.store.find(key_for("key"));
  CHECK(dead.item == nullptr);
  CHECK(dead.absence == Absence::Expired);
  CHECK(f.store.find(key_for("key")).absence == Absence::Absent);
  CHECK(f.count(Counter::CurrItems) == 0);
  CHECK(f.count(Counter::Bytes) == 0);
}

TEST_CASE("an item may be published with its expiry already past") {
  Fixture f;
  f.set("key", "value", 0, long_past);
  CHECK(f.count(Counter::CurrItems) == 1);
  CHECK(f.store.find(key_for("key")).absence == Absence::Expired);
}

TEST_CASE("removing forgets the key and gives the memory back") {
  Fixture f;
  f.set("other", "stays");
  f.set("key", std::string(5000, 'v'));
  f.store.remove(*f.find("key"));
  CHECK_FALSE(f.has("key"));
  CHECK(f.get("other") == "stays");
  CHECK(f.count(Counter::CurrItems) == 1);
}

TEST_CASE("text is overwritten in place, padded, with a new cas id") {
  Fixture f;
  Item* item = f.set("n", "1000");
  const uint64_t cas = item->cas();
  CHECK(f.store.overwrite_in_place(*item, "999"));
  CHECK(f.get("n") == "999 ");
  CHECK(item->cas() > cas);
  CHECK_FALSE(f.store.overwrite_in_place(*item, "10000"));
  CHECK(f.get("n") == "999 ");
  Item* giant = f.set("giant", std::string(100'000, '1'));
  CHECK_FALSE(f.store.overwrite_in_place(*giant, "1"));
}

TEST_CASE("a value of another is written over where chunk and parts stay the same") {
  Fixture f;
  Item* item = f.set("key", std::string(100, 'a'), 7, 5000);
  const uint64_t cas = item->cas();
  f.store.mark_read(*item);
  f.store.mark_stale(*item, true);
  const uint64_t bytes = f.count(Counter::Bytes);
  f.at(200);
  REQUIRE(f.store.replace_in_place(*item, 8, 6000, std::string(98, 'b')));
  CHECK(f.find("key") == item);
  CHECK(f.get("key") == std::string(98, 'b'));
  CHECK(item->client_flags() == 8);
  CHECK(item->exptime() == 6000);
  CHECK(item->last_access() == 200);
  CHECK(item->cas() > cas);
  CHECK_FALSE(item->fetched());
  CHECK_FALSE(item->stale());
  CHECK_FALSE(item->won());
  CHECK(f.count(Counter::Bytes) == bytes - 2);
  CHECK(f.count(Counter::CurrItems) == 1);
  CHECK(f.count(Counter::TotalItems) == 2);
}

TEST_CASE("a value is not written over where the new item would be another") {
  Fixture f;
  Item* item = f.set("key", std::string(100, 'a'), 7, 5000);
  const uint64_t cas = item->cas();
  CHECK_FALSE(f.store.replace_in_place(*item, 7, 6000, std::string(1000, 'b')));  // its class
  CHECK_FALSE(f.store.replace_in_place(*item, 7, 6000, "b"));
  CHECK_FALSE(f.store.replace_in_place(*item, 0, 6000, std::string(100, 'b')));  // no flags
  CHECK(f.get("key") == std::string(100, 'a'));
  CHECK(item->exptime() == 5000);
  CHECK(item->cas() == cas);
  Item* giant = f.set("giant", std::string(100'000, '1'));
  CHECK_FALSE(f.store.replace_in_place(*giant, 0, never, std::string(100'000, '2')));
  Item* pinned = f.set("pinned", std::string(9000, '1'));
  f.store.pin(*pinned);
  CHECK_FALSE(f.store.replace_in_place(*pinned, 0, never, std::string(9000, '2')));
  f.store.unpin(*pinned);
  CHECK(f.store.replace_in_place(*pinned, 0, never, std::string(9000, '2')));
  CHECK(f.get("pinned") == std::string(9000, '2'));
  Item* encoded = f.set("encoded", std::string(100, '1'));
  f.store.mark_base64_key(*encoded);
  CHECK_FALSE(f.store.replace_in_place(*encoded, 0, never, std::string(100, '2')));
}

TEST_CASE("append works in place as far as the chunk goes") {
  Fixture f;
  Item* item = f.set("key", "abc");
  const uint64_t cas = item->cas();
  const uint32_t room = item->head_capacity() - 3;
  CHECK_FALSE(f.store.append_in_place(*item, std::string(room + 1, 'x')));
  CHECK(f.get("key") == "abc");
  CHECK(item->cas() == cas);
  CHECK(f.store.append_in_place(*item, std::string(room, 'x')));
  CHECK(f.get("key") == "abc" + std::string(room, 'x'));
  CHECK(item->cas() > cas);
  CHECK(f.store.append_in_place(*item, ""));
  CHECK_FALSE(f.store.append_in_place(*item, "x"));
}

TEST_CASE("a value can be built from an old one that create must keep") {
  Fixture f;
  Item* old = f.set("key", pattern(50'000, 1));
  Item* item = f.store.create(key_for("key"), 0, never, 50'003, old);
  f.store.write(*item, 0, "abc");
  f.store.copy_value(*old, *item, 3);
  f.store.publish(*item, old);
  CHECK(f.get("key") == "abc" + pattern(50'000, 1));
  CHECK(f.count(Counter::CurrItems) == 1);
}

TEST_CASE("a read leaves its traces on the item") {
  Fixture f;
  Item* item = f.set("key", "value");
  f.at(130);
  f.store.mark_read(*item);
  CHECK(item->last_access() == 130);
  CHECK(item->fetched());
  for (int i = 0; i < 10; ++i) f.store.mark_read(*item);
  CHECK(item->frequency() == frequency_max);
  CHECK(f.get("key") == "value");
}

TEST_CASE("hints may be given for any hash") {
  Fixture f;
  for (int i = 0; i < 1000; ++i) f.set("key " + std::to_string(i), "value");
  uint64_t behind = 0;
  const auto hint = [&](uint64_t hash) {
    f.store.prefetch_bucket(hash);
    if (!f.store.prefetch_item(hash)) ++behind;
    f.store.prefetch_overflown(hash);
  };
  for (uint64_t hash = 1; hash != 0; hash <<= 1) hint(hash);
  for (int i = 0; i < 1000; ++i) hint(key_for("key " + std::to_string(i)).hash);
  CHECK(behind > 0);  // some lie in overflow buckets
  for (int i = 0; i < 1000; ++i) CHECK(f.get("key " + std::to_string(i)) == "value");
}

}  // namespace ringcached::store
