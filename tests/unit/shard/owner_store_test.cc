// Claims about what storing verbs mean to a partition.
#include <doctest/doctest.h>

#include "fixture.h"

namespace ringcached::shard {

TEST_CASE("set replaces value, flags and exptime, and gives a new cas id") {
  Partition p;
  const Operation first = p.run(set("key", "a", 1, 5));
  const Operation second = p.run(set("key", "b", 2));
  CHECK(second.outcome == Outcome::Stored);
  CHECK(second.cas > first.cas);
  p.at(200);
  const Operation found = p.run(get("key"));
  CHECK(bytes_of(found.found) == "b");
  CHECK(found.client_flags == 2);
  CHECK(p.counted(Counter::CmdSet) == 2);
  CHECK(p.counted(Counter::CurrItems) == 1);
  CHECK(p.counted(Counter::TotalItems) == 2);
}

TEST_CASE("add stores only what is not there, replace only what is") {
  Partition p;
  CHECK(p.outcome_of(store(StoreMode::Replace, "key", "r")) == Outcome::NotStored);
  CHECK(p.outcome_of(store(StoreMode::Add, "key", "a")) == Outcome::Stored);
  CHECK(p.outcome_of(store(StoreMode::Add, "key", "b")) == Outcome::NotStored);
  CHECK(p.value_of("key") == "a");
  CHECK(p.outcome_of(store(StoreMode::Replace, "key", "r", 5)) == Outcome::Stored);
  CHECK(p.value_of("key") == "r");
  CHECK(p.counted(Counter::CmdSet) == 4);
}

TEST_CASE("what has expired is not there: add stores, replace, append and cas do not") {
  Partition p;
  for (const char* key : {"a", "r", "p", "c"}) p.run(set(key, "old", 0, 5));
  const uint64_t wanted = p.cas_of("c");
  p.at(105);
  CHECK(p.outcome_of(store(StoreMode::Add, "a", "new")) == Outcome::Stored);
  CHECK(p.outcome_of(store(StoreMode::Replace, "r", "new")) == Outcome::NotStored);
  CHECK(p.outcome_of(store(StoreMode::Append, "p", "new")) == Outcome::NotStored);
  CHECK(p.outcome_of(cas("c", "new", wanted)) == Outcome::NotFound);
  CHECK(p.value_of("a") == "new");
}

TEST_CASE("cas stores with the id of the value it saw, once") {
  Partition p;
  CHECK(p.outcome_of(cas("key", "v", 1)) == Outcome::NotFound);
  p.run(set("key", "a"));
  const uint64_t seen = p.cas_of("key");
  CHECK(p.outcome_of(cas("key", "x", seen + 1)) == Outcome::Exists);
  CHECK(p.outcome_of(cas("key", "x", 0)) == Outcome::Exists);
  const Operation stored = p.run(cas("key", "b", seen));
  CHECK(stored.outcome == Outcome::Stored);
  CHECK(p.outcome_of(cas("key", "x", seen)) == Outcome::Exists);
  CHECK(p.value_of("key") == "b");
  CHECK(p.cas_of("key") == stored.cas);
  CHECK(p.counted(Counter::CasMisses) == 1);
  CHECK(p.counted(Counter::CasHits) == 1);
  CHECK(p.counted(Counter::CasBadval) == 3);
}

TEST_CASE("every change gives a new cas id, touch does not") {
  Partition p;
  uint64_t last = p.run(set("key", "1")).cas;
  const auto changed = [&] {
    const uint64_t now = p.cas_of("key");
    const bool is_new = now > last;
    last = now;
    return is_new;
  };
  p.run(store(StoreMode::Append, "key", "2"));
  CHECK(changed());
  p.run(store(StoreMode::Prepend, "key", "3"));
  CHECK(changed());
  p.run(count("key", 1));
  CHECK(changed());
  p.run(touch(Verb::Touch, "key", 10));
  CHECK_FALSE(changed());
  p.run(store(StoreMode::Add, "key", "refused"));
  CHECK_FALSE(changed());
}

TEST_CASE("append and prepend join values of all sizes, keep flags and exptime") {
  for (const uint32_t size : {1u, 90u, 5000u, 16'000u, 100'000u}) {
    for (const uint32_t more : {0u, 1u, 200u, 15'000u, 60'000u}) {
      CAPTURE(size);
      CAPTURE(more);
      Partition p;
      const std::string middle = pattern(size, 1);
      const std::string back = pattern(more, 2);
      const std::string front = pattern(more, 3);
      p.run(set("key", middle, 9, 50));
      // The words of append and prepend for flags and exptime mean nothing.
      CHECK(p.outcome_of(store(StoreMode::Append, "key", back, 1, 1)) == Outcome::Stored);
      CHECK(p.value_of("key") == middle + back);
      CHECK(p.outcome_of(store(StoreMode::Prepend, "key", front, 1, 1)) == Outcome::Stored);
      CHECK(p.value_of("key") == front + middle + back);
      p.at(149);
      const Operation found = p.run(get("key"));
      CHECK(found.outcome == Outcome::Hit);
      CHECK(found.client_flags == 9);
      if (found.found.holder != nullptr) p.owner.unpin(found.found.holder);
      p.at(150);
      CHECK(p.value_of("key") == "(absent)");
    }
  }
}

TEST_CASE("append and prepend want a value to be there") {
  Partition p;
  CHECK(p.outcome_of(store(StoreMode::Append, "key", "v")) == Outcome::NotStored);
  CHECK(p.outcome_of(store(StoreMode::Prepend, "key", "v")) == Outcome::NotStored);
  CHECK(p.value_of("key") == "(absent)");
  CHECK(p.counted(Counter::CmdSet) == 2);
}

TEST_CASE("append and prepend leave a reader of a pinned value what it saw") {
  Partition p;
  const std::string value = pattern(10'000, 4);
  p.run(set("key", value));
  const Operation found = p.run(get("key"));
  REQUIRE(found.found.holder != nullptr);
  p.run(store(StoreMode::Append, "key", "behind"));
  p.run(store(StoreMode::Prepend, "key", "before"));
  CHECK(bytes_of(found.found) == value);
  CHECK(p.value_of("key") == "before" + value + "behind");
  p.owner.unpin(found.found.holder);
  CHECK(p.store.pinned_bytes() == 0);
}

TEST_CASE("an append beyond -I is not stored, and the value stays") {
  PartitionConfig config;
  config.rules.item_size_max = 1024;
  Partition p(config);
  p.run(set("key", std::string(900, 'a')));
  CHECK(p.outcome_of(store(StoreMode::Append, "key", std::string(200, 'b'))) == Outcome::NotStored);
  CHECK(p.counted(Counter::StoreTooLarge) == 1);
  CHECK(p.value_of("key") == std::string(900, 'a'));
}

TEST_CASE(
    "the limit of an append is memcached's: 59 bytes more than key and value, 63 with flags") {
  PartitionConfig config;
  config.rules.item_size_max = 1024;
  for (const uint32_t flags : {0u, 1u}) {
    const size_t most = 1024 - 3 - (flags == 0 ? 59 : 63);
    Partition p(config);
    p.run(set("key", std::string(most - 1, 'a'), flags));
    CHECK(p.outcome_of(store(StoreMode::Append, "key", "b")) == Outcome::Stored);
    CHECK(p.outcome_of(store(StoreMode::Append, "key", "b")) == Outcome::NotStored);
    CHECK(p.value_of("key").size() == most);
  }
}

TEST_CASE("a refused set deletes the old value, any other refused store leaves it") {
  for (const StoreMode mode : {StoreMode::Set, StoreMode::Add, StoreMode::Replace,
                               StoreMode::Append, StoreMode::Prepend, StoreMode::Cas}) {
    Partition p;
    p.run(set("key", "old"));
    Operation refused = ask(Verb::Refuse, "key");
    refused.mode = mode;
    CHECK(p.outcome_of(refused) == Outcome::TooLarge);
    CHECK(p.value_of("key") == (mode == StoreMode::Set ? "(absent)" : "old"));
    CHECK(p.counted(Counter::StoreTooLarge) == 1);
  }
}

TEST_CASE("without memory set fails and deletes the old value, others fail and leave it") {
  const std::string large(9000, 'n');
  for (const StoreMode mode : {StoreMode::Set, StoreMode::Replace, StoreMode::Cas}) {
    FullPartition p;
    p.run(set("key", "old"));
    const uint64_t wanted = p.cas_of("key");
    p.fill_up(9000);
    const uint64_t failed = p.counted(Counter::StoreNoMemory);
    Operation operation = store(mode, "key", large);
    operation.cas_wanted = wanted;
    CHECK(p.outcome_of(operation) == Outcome::NoMemory);
    CHECK(p.value_of("key") == (mode == StoreMode::Set ? "(absent)" : "old"));
    CHECK(p.counted(Counter::StoreNoMemory) == failed + 1);
    CHECK(p.counted(Counter::Evictions) == 0);
  }
}

TEST_CASE("without memory an add fails and nothing is there") {
  FullPartition p;
  p.fill_up(9000);
  const std::string large(9000, 'n');
  CHECK(p.outcome_of(store(StoreMode::Add, "key", large)) == Outcome::NoMemory);
  CHECK(p.value_of("key") == "(absent)");
}

TEST_CASE("without memory append and prepend say not stored, and the value stays") {
  const std::string large(9000, 'n');
  for (const StoreMode mode : {StoreMode::Append, StoreMode::Prepend}) {
    FullPartition p;
    p.run(set("key", "old"));
    p.fill_up(9000);
    CHECK(p.outcome_of(store(mode, "key", large)) == Outcome::NotStored);
    CHECK(p.value_of("key") == "old");
  }
}

TEST_CASE("delete removes what is there") {
  Partition p;
  p.run(set("key", "v"));
  p.run(set("brief", "v", 0, 5));
  CHECK(p.outcome_of(ask(Verb::Delete, "key")) == Outcome::Deleted);
  CHECK(p.outcome_of(ask(Verb::Delete, "key")) == Outcome::NotFound);
  p.at(105);
  CHECK(p.outcome_of(ask(Verb::Delete, "brief")) == Outcome::NotFound);
  CHECK(p.counted(Counter::DeleteHits) == 1);
  CHECK(p.counted(Counter::DeleteMisses) == 2);
  CHECK(p.counted(Counter::CurrItems) == 0);
}

TEST_CASE("without cas ids nothing matches a cas, and all else works") {
  PartitionConfig config;
  config.rules.cas_enabled = false;
  Partition p(config);
  CHECK(p.run(set("key", "a")).cas == 0);
  CHECK(p.outcome_of(cas("key", "b", 0)) == Outcome::Exists);
  CHECK(p.outcome_of(cas("key", "b", 1)) == Outcome::Exists);
  CHECK(p.outcome_of(store(StoreMode::Append, "key", "b")) == Outcome::Stored);
  CHECK(p.value_of("key") == "ab");
}

}  // namespace ringcached::shard
