// Claims about values that are filled as they arrive: reserve, extend, commit, abandon.
#include <cstring>

#include <doctest/doctest.h>

#include "fixture.h"

namespace ringcached::shard {
namespace {

/// What a session does with a value of several grants.
struct Filling {
  Filling(Partition& p, std::string_view k, std::string_view v, StoreMode mode = StoreMode::Set)
      : partition(p), key(k), value(v) {
    fill.hash = ask(Verb::Get, key).key.hash;
    fill.size = static_cast<uint32_t>(value.size());
    fill.mode = mode;
  }

  Outcome run(Verb verb) {
    Operation operation = ask(verb, verb == Verb::Reserve ? key : std::string_view());
    operation.key.hash = fill.hash;
    operation.mode = fill.mode;
    operation.value_size = fill.size;
    operation.client_flags = 5;
    operation.exptime = exptime;
    operation.fill = &fill;
    const Operation done = partition.run(operation);
    cas = done.cas;
    return done.outcome;
  }

  /// Writes into the whole grant.
  void write() {
    for (uint32_t i = 0; i < fill.span_count; ++i) {
      std::memcpy(fill.spans[i].iov_base, value.data() + fill.filled, fill.spans[i].iov_len);
      fill.filled += static_cast<uint32_t>(fill.spans[i].iov_len);
    }
  }

  /// Up to the commit. The outcome that was not Granted, if there was one.
  Outcome fill_up() {
    Outcome outcome = run(Verb::Reserve);
    while (outcome == Outcome::Granted) {
      write();
      if (fill.filled == fill.size) break;
      outcome = run(Verb::Extend);
    }
    return outcome;
  }

  Partition& partition;
  std::string_view key;
  std::string_view value;
  int64_t exptime = 0;
  uint64_t cas = 0;
  Fill fill;
};

}  // namespace

TEST_CASE("a filled value is found as it was written, with its flags, after the commit") {
  for (const uint32_t size : {20'000u, 262'144u, 262'145u, 1'000'000u}) {
    CAPTURE(size);
    Partition p;
    const std::string value = pattern(size, size);
    Filling f(p, "key", value);
    CHECK(f.fill_up() == Outcome::Granted);
    CHECK(p.value_of("key") == "(absent)");
    CHECK(f.run(Verb::Commit) == Outcome::Stored);
    CHECK(f.fill.item == nullptr);
    CHECK(p.value_of("key") == value);
    CHECK(p.cas_of("key") == f.cas);
    const Operation found = p.run(get("key"));
    CHECK(found.client_flags == 5);
    p.owner.unpin(found.found.holder);
    CHECK(p.store.uncommitted_bytes() == 0);
    CHECK(p.counted(Counter::CmdSet) == 1);
  }
}

TEST_CASE("a grant is at most 256 KiB, and grants follow each other without gaps") {
  Partition p;
  const std::string value = pattern(900'000, 1);
  Filling f(p, "key", value);
  CHECK(f.run(Verb::Reserve) == Outcome::Granted);
  uint32_t granted = 0;
  for (;;) {
    CHECK(f.fill.granted - granted <= Fill::credit);
    CHECK(f.fill.granted > granted);
    CHECK(f.fill.span_count <= Fill::spans_max);
    granted = f.fill.granted;
    f.write();
    CHECK(f.fill.filled == granted);
    if (granted == value.size()) break;
    CHECK(f.run(Verb::Extend) == Outcome::Granted);
  }
  CHECK(f.run(Verb::Commit) == Outcome::Stored);
  CHECK(p.value_of("key") == value);
}

TEST_CASE("the old value lives until the commit") {
  Partition p;
  p.run(set("key", "old"));
  const std::string value = pattern(300'000, 2);
  Filling f(p, "key", value);
  CHECK(f.fill_up() == Outcome::Granted);
  CHECK(p.value_of("key") == "old");
  CHECK(f.run(Verb::Commit) == Outcome::Stored);
  CHECK(p.value_of("key") == value);
}

TEST_CASE("an abandoned value leaves nothing and the old one as it was") {
  Partition p;
  p.run(set("key", "old"));
  const std::string value = pattern(600'000, 3);
  Filling f(p, "key", value);
  CHECK(f.run(Verb::Reserve) == Outcome::Granted);
  CHECK(p.store.uncommitted_bytes() > 0);
  CHECK(f.run(Verb::Abandon) == Outcome::Done);
  CHECK(f.run(Verb::Abandon) == Outcome::Done);  // once more is no harm
  CHECK(p.store.uncommitted_bytes() == 0);
  CHECK(p.value_of("key") == "old");
  CHECK(p.counted(Counter::CurrItems) == 1);
}

TEST_CASE("conditions are decided at the commit, not at the reserve") {
  const std::string value = pattern(20'000, 4);
  Partition p;
  SUBCASE("an add that finds a key now is refused") {
    Filling f(p, "key", value, StoreMode::Add);
    f.fill_up();
    p.run(set("key", "other"));
    CHECK(f.run(Verb::Commit) == Outcome::NotStored);
    CHECK(p.value_of("key") == "other");
  }
  SUBCASE("an add whose key has gone is stored") {
    p.run(set("key", "other"));
    Filling f(p, "key", value, StoreMode::Add);
    f.fill_up();
    p.run(ask(Verb::Delete, "key"));
    CHECK(f.run(Verb::Commit) == Outcome::Stored);
    CHECK(p.value_of("key") == value);
  }
  SUBCASE("a replace of what has gone is refused") {
    p.run(set("key", "other"));
    Filling f(p, "key", value, StoreMode::Replace);
    f.fill_up();
    p.run(ask(Verb::Delete, "key"));
    CHECK(f.run(Verb::Commit) == Outcome::NotStored);
  }
  SUBCASE("a cas whose value has changed meanwhile is refused") {
    Filling f(p, "key", value, StoreMode::Cas);
    f.fill.cas_wanted = p.run(set("key", "other")).cas;
    f.fill_up();
    p.run(set("key", "changed"));
    CHECK(f.run(Verb::Commit) == Outcome::Exists);
    CHECK(p.value_of("key") == "changed");
  }
  SUBCASE("a cas whose value is the same is stored") {
    Filling f(p, "key", value, StoreMode::Cas);
    f.fill.cas_wanted = p.run(set("key", "other")).cas;
    f.fill_up();
    CHECK(f.run(Verb::Commit) == Outcome::Stored);
    CHECK(p.value_of("key") == value);
  }
  CHECK(p.store.uncommitted_bytes() == 0);
}

TEST_CASE("a flush between reserve and commit does not hit what is committed after it") {
  Partition p;
  const std::string value = pattern(20'000, 5);
  Filling f(p, "key", value);
  f.fill_up();
  p.owner.flush(0);
  CHECK(f.run(Verb::Commit) == Outcome::Stored);
  CHECK(p.value_of("key") == value);
}

TEST_CASE("a filled value is appended and prepended") {
  for (const uint32_t old_size : {3u, 10'000u, 200'000u}) {
    for (const StoreMode mode : {StoreMode::Append, StoreMode::Prepend}) {
      CAPTURE(old_size);
      Partition p;
      const std::string old = pattern(old_size, 6);
      const std::string more = pattern(100'000, 7);
      p.run(set("key", old, 8));
      Filling f(p, "key", more, mode);
      CHECK(f.fill_up() == Outcome::Granted);
      CHECK(f.run(Verb::Commit) == Outcome::Stored);
      CHECK(p.value_of("key") == (mode == StoreMode::Append ? old + more : more + old));
      CHECK(p.cas_of("key") == f.cas);
      const Operation found = p.run(get("key"));
      CHECK(found.client_flags == 8);
      p.owner.unpin(found.found.holder);
      CHECK(p.store.uncommitted_bytes() == 0);
      CHECK(p.counted(Counter::CurrItems) == 1);
    }
  }
}

TEST_CASE("a filled append to nothing, or beyond -I, is not stored") {
  PartitionConfig config;
  config.rules.item_size_max = 150'000;
  Partition p(config);
  const std::string more = pattern(100'000, 8);
  Filling nothing(p, "none", more, StoreMode::Append);
  nothing.fill_up();
  CHECK(nothing.run(Verb::Commit) == Outcome::NotStored);
  const std::string old = pattern(60'000, 9);
  p.run(set("key", old));
  Filling large(p, "key", more, StoreMode::Append);
  large.fill_up();
  CHECK(large.run(Verb::Commit) == Outcome::NotStored);
  CHECK(p.value_of("key") == old);
  CHECK(p.counted(Counter::StoreTooLarge) == 1);
  CHECK(p.store.uncommitted_bytes() == 0);
}

TEST_CASE("bytes under way are held to their quota") {
  PartitionConfig config;
  config.rules.fill_bytes_max = 400'000;
  Partition p(config);
  const std::string value = pattern(300'000, 10);
  Filling first(p, "first", value);
  CHECK(first.run(Verb::Reserve) == Outcome::Granted);
  p.run(set("second", "old"));
  Filling second(p, "second", value);
  CHECK(second.run(Verb::Reserve) == Outcome::NoMemory);
  CHECK(second.fill.item == nullptr);
  CHECK(p.value_of("second") == "(absent)");
  CHECK(p.counted(Counter::StoreNoMemory) == 1);
  first.run(Verb::Abandon);
  CHECK(second.fill_up() == Outcome::Granted);
  CHECK(second.run(Verb::Commit) == Outcome::Stored);
}

TEST_CASE("no memory in the middle gives back what was filled, and leaves the old value") {
  for (const StoreMode mode : {StoreMode::Set, StoreMode::Add, StoreMode::Replace}) {
    PartitionConfig config;
    config.memory = 1u << 20;
    config.evict = false;
    Partition p(config);
    p.run(set("key", "old"));
    p.run(set("filler", pattern(400'000, 12)));
    const std::string value = pattern(900'000, 11);
    Filling f(p, "key", value, mode);
    REQUIRE(f.run(Verb::Reserve) == Outcome::Granted);
    Outcome outcome = Outcome::Granted;
    while (outcome == Outcome::Granted) {
      f.write();
      REQUIRE(f.fill.filled < f.fill.size);
      outcome = f.run(Verb::Extend);
    }
    CHECK(outcome == Outcome::NoMemory);
    CHECK(f.fill.item == nullptr);
    CHECK(p.store.uncommitted_bytes() == 0);
    CHECK(p.value_of("key") == "old");
    while (p.owner.sweep()) {
    }
    CHECK(p.outcome_of(set("other", pattern(400'000, 13))) == Outcome::Stored);
  }
}

}  // namespace ringcached::shard
