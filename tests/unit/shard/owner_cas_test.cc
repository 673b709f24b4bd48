// Claims about a cas id beside another condition, and about numbers that are made: what only the
// binary protocol asks.
#include <doctest/doctest.h>

#include "fixture.h"

namespace ringcached::shard {
namespace {

Operation with_cas(Operation operation, uint64_t wanted) {
  operation.cas_wanted = wanted;
  return operation;
}

Operation count_or_make(std::string_view key, uint64_t delta, uint64_t initial, int64_t exptime) {
  Operation operation = count(key, delta);
  operation.mode = StoreMode::Add;
  operation.number = initial;
  operation.exptime = exptime;
  return operation;
}

}  // namespace

TEST_CASE("set, add and replace with a cas id are all a compare and swap") {
  for (const StoreMode mode : {StoreMode::Set, StoreMode::Add, StoreMode::Replace}) {
    Partition p;
    CHECK(p.outcome_of(with_cas(store(mode, "key", "new"), 1)) == Outcome::NotFound);
    const uint64_t cas = p.run(set("key", "old")).cas;
    CHECK(p.outcome_of(with_cas(store(mode, "key", "new"), cas + 1)) == Outcome::Exists);
    CHECK(p.value_of("key") == "old");
    const Operation stored = p.run(with_cas(store(mode, "key", "new"), cas));
    CHECK(stored.outcome == Outcome::Stored);
    CHECK(stored.cas == p.cas_of("key"));
    CHECK(p.value_of("key") == "new");
    CHECK(p.counted(Counter::CasMisses) == 1);
    CHECK(p.counted(Counter::CasBadval) == 1);
    CHECK(p.counted(Counter::CasHits) == 1);
  }
}

TEST_CASE("append and prepend with a cas id want the value and its id") {
  for (const StoreMode mode : {StoreMode::Append, StoreMode::Prepend}) {
    Partition p;
    CHECK(p.outcome_of(with_cas(store(mode, "key", "-"), 1)) == Outcome::NotStored);
    const uint64_t cas = p.run(set("key", "old")).cas;
    CHECK(p.outcome_of(with_cas(store(mode, "key", "-"), cas + 1)) == Outcome::Exists);
    CHECK(p.value_of("key") == "old");
    CHECK(p.outcome_of(with_cas(store(mode, "key", "-"), cas)) == Outcome::Stored);
    CHECK(p.value_of("key") == (mode == StoreMode::Append ? "old-" : "-old"));
    CHECK(p.counted(Counter::CasHits) == 0);
  }
}

TEST_CASE("delete with a cas id removes only what has it") {
  Partition p;
  CHECK(p.outcome_of(with_cas(ask(Verb::Delete, "key"), 1)) == Outcome::NotFound);
  const uint64_t cas = p.run(set("key", "old")).cas;
  CHECK(p.outcome_of(with_cas(ask(Verb::Delete, "key"), cas + 1)) == Outcome::Exists);
  CHECK(p.value_of("key") == "old");
  CHECK(p.outcome_of(with_cas(ask(Verb::Delete, "key"), cas)) == Outcome::Deleted);
  CHECK(p.counted(Counter::DeleteHits) == 1);
  CHECK(p.counted(Counter::DeleteMisses) == 1);
}

TEST_CASE("incr with a cas id counts only what has it; an empty value is no number first") {
  Partition p;
  const uint64_t cas = p.run(set("key", "5")).cas;
  CHECK(p.outcome_of(with_cas(count("key", 1), cas + 1)) == Outcome::Exists);
  CHECK(p.run(with_cas(count("key", 1), cas)).number == 6);
  p.run(set("key", "five"));
  CHECK(p.outcome_of(with_cas(count("key", 1), cas)) == Outcome::Exists);
  p.run(set("key", ""));
  CHECK(p.outcome_of(with_cas(count("key", 1), cas)) == Outcome::NotNumeric);
  CHECK(p.counted(Counter::IncrHits) == 1);
}

TEST_CASE("without cas ids no id fits a delete or an incr") {
  PartitionConfig config;
  config.rules.cas_enabled = false;
  Partition p(config);
  p.run(set("key", "5"));
  CHECK(p.outcome_of(with_cas(ask(Verb::Delete, "key"), 1)) == Outcome::Exists);
  CHECK(p.outcome_of(with_cas(count("key", 1), 1)) == Outcome::Exists);
  CHECK(p.run(count("key", 1)).number == 6);
}

TEST_CASE("a number that is not there is made of its initial value, with its exptime") {
  Partition p;
  const Operation made = p.run(count_or_make("key", 5, 10, 50));
  CHECK(made.outcome == Outcome::Number);
  CHECK(made.number == 10);
  CHECK(made.cas == p.cas_of("key"));
  CHECK(p.value_of("key") == "10");
  CHECK(p.run(get("key")).client_flags == 0);
  CHECK(p.run(count_or_make("key", 5, 77, 0)).number == 15);
  CHECK(p.counted(Counter::IncrMisses) == 0);
  CHECK(p.counted(Counter::IncrHits) == 1);
  p.at(150);
  CHECK(p.value_of("key") == "(absent)");
}

TEST_CASE("the largest number can be made, and a cas id does not hinder the making") {
  Partition p;
  CHECK(p.outcome_of(with_cas(count_or_make("key", 1, ~uint64_t{0}, 0), 9)) == Outcome::Number);
  CHECK(p.value_of("key") == "18446744073709551615");
}

TEST_CASE("without memory a number is not made, and the outcome says which failed") {
  PartitionConfig config;
  config.memory = 1u << 20;
  config.evict = false;
  Partition p(config);
  const std::string value = "9" + std::string(8000, ' ');
  p.run(set("key", value));
  const Operation found = p.run(get("key"));
  REQUIRE(found.found.holder != nullptr);
  for (const size_t size : {size_t{8001}, size_t{1}}) {
    for (int i = 0;; ++i) {
      const std::string filler = std::to_string(size) + " " + std::to_string(i);
      if (p.outcome_of(set(filler, std::string(size, 'f'))) == Outcome::NoMemory) break;
    }
  }
  const Operation made = p.run(count_or_make("other", 1, 1, 0));
  CHECK(made.outcome == Outcome::NoMemory);
  CHECK(made.mode == StoreMode::Add);
  const Operation counted = p.run(count_or_make("key", 1, 1, 0));
  CHECK(counted.outcome == Outcome::NoMemory);
  CHECK(counted.mode == StoreMode::Set);
  CHECK(p.value_of("other") == "(absent)");
  p.owner.unpin(found.found.holder);
}

TEST_CASE("touch shows flags and cas id") {
  Partition p;
  const uint64_t cas = p.run(set("key", "value", 7)).cas;
  const Operation touched = p.run(touch(Verb::Touch, "key", 50));
  CHECK(touched.outcome == Outcome::Touched);
  CHECK(touched.client_flags == 7);
  CHECK(touched.cas == cas);
}

}  // namespace ringcached::shard
