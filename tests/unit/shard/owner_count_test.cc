// Claims about incr and decr.
#include <doctest/doctest.h>

#include "fixture.h"

namespace ringcached::shard {

TEST_CASE("incr adds and decr subtracts, and both say the new number") {
  Partition p;
  p.run(set("key", "10", 4, 50));
  const Operation up = p.run(count("key", 5));
  CHECK(up.outcome == Outcome::Number);
  CHECK(up.number == 15);
  CHECK(p.run(count("key", 3, true)).number == 12);
  CHECK(p.value_of("key") == "12");
  CHECK(p.run(get("key")).client_flags == 4);
  p.at(150);
  CHECK(p.outcome_of(count("key", 1)) == Outcome::NotFound);
  CHECK(p.counted(Counter::IncrHits) == 1);
  CHECK(p.counted(Counter::IncrMisses) == 1);
  CHECK(p.counted(Counter::DecrHits) == 1);
}

TEST_CASE("incr wraps at 64 bits, decr stops at 0") {
  Partition p;
  p.run(set("key", "18446744073709551615"));
  CHECK(p.run(count("key", 1)).number == 0);
  p.run(set("key", "18446744073709551615"));
  CHECK(p.run(count("key", 18446744073709551615ull)).number == 18446744073709551614ull);
  p.run(set("key", "5"));
  CHECK(p.run(count("key", 6, true)).number == 0);
  CHECK(p.run(count("key", 18446744073709551615ull)).number == 18446744073709551615ull);
  CHECK(p.run(count("key", 18446744073709551615ull, true)).number == 0);
}

TEST_CASE("a shorter number is padded with spaces, a longer one makes the value longer") {
  Partition p;
  p.run(set("key", "10"));
  CHECK(p.run(count("key", 1, true)).number == 9);
  CHECK(p.value_of("key") == "9 ");
  CHECK(p.run(count("key", 91)).number == 100);
  CHECK(p.value_of("key") == "100");
  CHECK(p.run(count("key", 99, true)).number == 1);
  CHECK(p.value_of("key") == "1  ");
}

TEST_CASE("text behind the number goes with the first change") {
  Partition p;
  p.run(set("key", "5 and more"));
  CHECK(p.run(count("key", 1)).number == 6);
  CHECK(p.value_of("key") == "6         ");
}

TEST_CASE("a value that is not a number is left alone, and counts as neither hit nor miss") {
  Partition p;
  p.run(set("key", "five"));
  const uint64_t cas = p.cas_of("key");
  CHECK(p.outcome_of(count("key", 1)) == Outcome::NotNumeric);
  CHECK(p.outcome_of(count("key", 1, true)) == Outcome::NotNumeric);
  CHECK(p.value_of("key") == "five");
  CHECK(p.cas_of("key") == cas);
  for (const Counter counter :
       {Counter::IncrHits, Counter::IncrMisses, Counter::DecrHits, Counter::DecrMisses}) {
    CHECK(p.counted(counter) == 0);
  }
  CHECK(p.outcome_of(count("none", 1, true)) == Outcome::NotFound);
  CHECK(p.counted(Counter::DecrMisses) == 1);
}

TEST_CASE("counting gives a new cas id and says it") {
  Partition p;
  const uint64_t before = p.run(set("key", "9")).cas;
  const Operation in_place = p.run(count("key", 0));
  CHECK(in_place.cas > before);
  CHECK(p.cas_of("key") == in_place.cas);
  const Operation moved = p.run(count("key", 1));
  CHECK(moved.cas > in_place.cas);
  CHECK(p.cas_of("key") == moved.cas);
}

TEST_CASE("a pinned number is counted in a copy: its reader sees what it saw") {
  Partition p;
  const std::string value = "7" + std::string(5000, ' ');
  p.run(set("key", value));
  const Operation found = p.run(get("key"));
  REQUIRE(found.found.holder != nullptr);
  CHECK(p.run(count("key", 1)).number == 8);
  CHECK(bytes_of(found.found) == value);
  CHECK(p.value_of("key") == "8" + std::string(5000, ' '));
  p.owner.unpin(found.found.holder);
  CHECK(p.store.pinned_bytes() == 0);
}

TEST_CASE("without memory for a longer number the outcome says so, and the value stays") {
  PartitionConfig config;
  config.memory = 1u << 20;
  config.evict = false;
  Partition p(config);
  const std::string value = "9" + std::string(8000, ' ');
  p.run(set("key", value));
  // A pinned value cannot be changed in place, and there is no room for another.
  const Operation found = p.run(get("key"));
  REQUIRE(found.found.holder != nullptr);
  for (int i = 0; p.run(set("filler" + std::to_string(i), value)).outcome == Outcome::Stored; ++i) {
  }
  CHECK(p.outcome_of(count("key", 1)) == Outcome::NoMemory);
  CHECK(bytes_of(found.found) == value);
  p.owner.unpin(found.found.holder);
  CHECK(p.value_of("key") == value);
}

}  // namespace ringcached::shard
