// Claims about what reading verbs mean to a partition: get, gat, touch, copies and pins.
#include <doctest/doctest.h>

#include "fixture.h"

namespace ringcached::shard {

TEST_CASE("a get finds what was set, with its flags and cas id") {
  Partition p;
  const Operation stored = p.run(set("key", "value", 77));
  CHECK(stored.outcome == Outcome::Stored);
  const Operation found = p.run(get("key"));
  CHECK(found.outcome == Outcome::Hit);
  CHECK(bytes_of(found.found) == "value");
  CHECK(found.client_flags == 77);
  CHECK(found.cas == stored.cas);
  CHECK(found.cas != 0);
  CHECK(p.outcome_of(get("other")) == Outcome::Miss);
  CHECK(p.counted(Counter::CmdGet) == 2);
  CHECK(p.counted(Counter::GetHits) == 1);
  CHECK(p.counted(Counter::GetMisses) == 1);
}

TEST_CASE("an empty value is found, and is a value") {
  Partition p;
  CHECK(p.outcome_of(set("key", "")) == Outcome::Stored);
  const Operation found = p.run(get("key"));
  CHECK(found.outcome == Outcome::Hit);
  CHECK(found.found.size == 0);
}

TEST_CASE("misses say why: expired and flushed are counted apart") {
  Partition p;
  p.run(set("brief", "v", 0, 5));
  p.run(set("flushed", "v"));
  p.at(104);
  CHECK(p.value_of("brief") == "v");
  p.at(105);
  CHECK(p.outcome_of(get("brief")) == Outcome::Miss);
  CHECK(p.counted(Counter::GetExpired) == 1);
  p.owner.flush(0);
  CHECK(p.outcome_of(get("flushed")) == Outcome::Miss);
  CHECK(p.counted(Counter::GetFlushed) == 1);
  CHECK(p.counted(Counter::GetMisses) == 2);
}

TEST_CASE("a set with a negative exptime is stored and never found") {
  Partition p;
  CHECK(p.outcome_of(set("key", "v", 0, -1)) == Outcome::Stored);
  CHECK(p.outcome_of(get("key")) == Outcome::Miss);
}

TEST_CASE("an exptime beyond 30 days is a unix time") {
  Partition p;
  p.run(set("soon", "v", 0, test_now.unix_seconds + 10));
  p.run(set("past", "v", 0, test_now.unix_seconds - 10));
  CHECK(p.value_of("past") == "(absent)");
  p.at(109);
  CHECK(p.value_of("soon") == "v");
  p.at(110);
  CHECK(p.value_of("soon") == "(absent)");
}

TEST_CASE("touch sets a new exptime and leaves value and cas id") {
  Partition p;
  p.run(set("key", "v", 0, 5));
  const uint64_t cas = p.cas_of("key");
  CHECK(p.outcome_of(touch(Verb::Touch, "key", 50)) == Outcome::Touched);
  CHECK(p.outcome_of(touch(Verb::Touch, "none", 50)) == Outcome::NotFound);
  p.at(120);
  CHECK(p.value_of("key") == "v");
  CHECK(p.cas_of("key") == cas);
  p.at(150);
  CHECK(p.value_of("key") == "(absent)");
  CHECK(p.counted(Counter::CmdTouch) == 2);
  CHECK(p.counted(Counter::TouchHits) == 1);
  CHECK(p.counted(Counter::TouchMisses) == 1);
}

TEST_CASE("gat reads and touches, and counts as a touch only") {
  Partition p;
  p.run(set("key", "v", 3, 5));
  const Operation found = p.run(touch(Verb::GetAndTouch, "key", 50));
  CHECK(found.outcome == Outcome::Hit);
  CHECK(bytes_of(found.found) == "v");
  CHECK(found.client_flags == 3);
  CHECK(p.outcome_of(touch(Verb::GetAndTouch, "none", 50)) == Outcome::Miss);
  CHECK(p.counted(Counter::CmdTouch) == 2);
  CHECK(p.counted(Counter::TouchHits) == 1);
  CHECK(p.counted(Counter::TouchMisses) == 1);
  CHECK(p.counted(Counter::CmdGet) == 0);
  CHECK(p.counted(Counter::GetHits) == 0);
  CHECK(p.counted(Counter::GetMisses) == 0);
  p.at(149);
  CHECK(p.value_of("key") == "v");
}

TEST_CASE("touch with a negative exptime kills, with 0 it makes immortal") {
  Partition p;
  p.run(set("a", "v"));
  p.run(set("b", "v", 0, 5));
  CHECK(p.outcome_of(touch(Verb::Touch, "a", -1)) == Outcome::Touched);
  CHECK(p.outcome_of(touch(Verb::Touch, "b", 0)) == Outcome::Touched);
  p.at(100'000);
  CHECK(p.value_of("a") == "(absent)");
  CHECK(p.value_of("b") == "v");
}

TEST_CASE("values below 4 KiB are copied, larger ones pinned until they are given back") {
  Partition p;
  for (const uint32_t size : {0u, 1u, 4095u, 4096u, 16'000u, 200'000u}) {
    CAPTURE(size);
    const std::string value = pattern(size, size);
    REQUIRE(p.outcome_of(set("key", value)) == Outcome::Stored);
    const Operation found = p.run(get("key"));
    REQUIRE(found.outcome == Outcome::Hit);
    CHECK(found.found.size == size);
    CHECK((found.found.holder != nullptr) == (size >= Owner::copied_below));
    CHECK((p.store.pinned_bytes() > 0) == (size >= Owner::copied_below));
    CHECK(bytes_of(found.found) == value);
    if (found.found.holder == nullptr) continue;
    p.run(set("key", "replaced"));
    CHECK(bytes_of(found.found) == value);
    p.owner.unpin(found.found.holder);
    CHECK(p.store.pinned_bytes() == 0);
  }
}

TEST_CASE("a copy does not change when its item does") {
  Partition p;
  p.run(set("key", "before"));
  Operation first = get("key");
  Operation second = set("key", "after!");
  Operation third = get("key");
  first.next = &second;
  second.next = &third;
  p.owner.run(&first, p.replies);
  CHECK(bytes_of(first.found) == "before");
  CHECK(bytes_of(third.found) == "after!");
}

TEST_CASE("beyond the bytes that may be held, values are copied, and very large ones refused") {
  PartitionConfig config;
  config.rules.pin_bytes_max = 50'000;
  Partition p(config);
  const std::string value = pattern(20'000, 1);
  for (const char* key : {"a", "b", "c", "d"}) p.run(set(key, value));
  Operation gets[4] = {get("a"), get("b"), get("c"), get("d")};
  for (int i = 0; i < 3; ++i) gets[i].next = &gets[i + 1];
  p.owner.run(&gets[0], p.replies);
  int pinned = 0;
  for (Operation& operation : gets) {
    CHECK(operation.outcome == Outcome::Hit);
    CHECK(bytes_of(operation.found) == value);
    pinned += operation.found.holder != nullptr;
    if (operation.found.holder != nullptr) p.owner.unpin(operation.found.holder);
  }
  CHECK(pinned == 2);
  p.run(set("giant", pattern(Owner::copied_at_most + 1, 3)));
  const Operation refused = p.run(get("giant"));
  CHECK(refused.outcome == Outcome::NoMemory);
  CHECK(refused.found.holder == nullptr);
  CHECK(p.store.pinned_bytes() == 0);
}

TEST_CASE("replies of a chain stop at 256 KiB, and what was not run stays Pending") {
  Partition p;
  for (const uint32_t size : {1000u, 4000u, 50'000u}) {
    CAPTURE(size);
    const std::string value = pattern(size, 2);
    p.run(set("key", value));
    std::vector<Operation> gets(400, get("key"));
    for (size_t i = 0; i + 1 < gets.size(); ++i) gets[i].next = &gets[i + 1];
    p.replies.clear();
    p.owner.run(&gets[0], p.replies);
    const size_t wanted = (Owner::reply_bytes_max + size - 1) / size;
    const size_t expected = std::min(wanted, gets.size());
    for (size_t i = 0; i < gets.size(); ++i) {
      CHECK(gets[i].outcome == (i < expected ? Outcome::Hit : Outcome::Pending));
      if (gets[i].found.holder != nullptr) p.owner.unpin(gets[i].found.holder);
    }
    // The next run begins a new count.
    if (expected < gets.size()) {
      p.owner.run(&gets[expected], p.replies);
      CHECK(gets[expected].outcome == Outcome::Hit);
      for (size_t i = expected; i < gets.size(); ++i) {
        if (gets[i].found.holder != nullptr) p.owner.unpin(gets[i].found.holder);
      }
    }
    CHECK(p.store.pinned_bytes() == 0);
  }
}

TEST_CASE("a delayed flush comes in the second before its time, as memcached's does") {
  Partition p;
  p.run(set("before", "v"));
  p.owner.flush(10);
  p.at(108);
  CHECK(p.value_of("before") == "v");
  p.at(109);
  CHECK(p.value_of("before") == "(absent)");
  p.run(set("after", "v"));
  p.at(111);
  CHECK(p.value_of("after") == "v");
}

}  // namespace ringcached::shard
