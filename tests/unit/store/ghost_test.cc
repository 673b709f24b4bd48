// Claims about the memory of what was evicted.
#include "store/ghost.h"

#include <random>
#include <vector>

#include <doctest/doctest.h>

namespace ringcached::store {
namespace {

FaultPlan no_faults;

}  // namespace

TEST_CASE("a ghost without room knows nothing") {
  Ghost ghost;
  ghost.add(0x1234567812345678);
  CHECK_FALSE(ghost.take(0x1234567812345678));
  CHECK(ghost.bytes() == 0);
}

TEST_CASE("what was added is known once") {
  Ghost ghost;
  ghost.fit(1000, no_faults);
  ghost.add(0x1234567812345678);
  CHECK_FALSE(ghost.take(0x9999567812345678));
  CHECK(ghost.take(0x1234567812345678));
  CHECK_FALSE(ghost.take(0x1234567812345678));
}

TEST_CASE("a bucket keeps the four newest, whatever is taken from between") {
  Ghost ghost;
  ghost.fit(64, no_faults);
  const auto hash = [](uint64_t tag) { return tag << 48; };
  for (uint64_t tag = 0; tag <= 5; ++tag) ghost.add(hash(tag));
  CHECK_FALSE(ghost.take(hash(0)));
  CHECK_FALSE(ghost.take(hash(1)));
  CHECK(ghost.take(hash(3)));
  CHECK(ghost.take(hash(2)));
  CHECK(ghost.take(hash(5)));
  CHECK(ghost.take(hash(4)));
  ghost.add(hash(0));  // a tag of 0 is not an empty slot
  CHECK(ghost.take(hash(0)));
  CHECK_FALSE(ghost.take(hash(0)));
}

TEST_CASE("growing keeps what is known, in two bytes an object") {
  Ghost ghost;
  std::mt19937_64 random(3);
  std::vector<uint64_t> hashes(2000);
  for (uint64_t& hash : hashes) hash = random();
  ghost.fit(20'000, no_faults);
  CHECK(ghost.bytes() == 40'000);
  for (const uint64_t hash : hashes) ghost.add(hash);
  ghost.fit(24'000, no_faults);
  CHECK(ghost.bytes() == 40'000);  // within a quarter nothing moves
  ghost.fit(30'000, no_faults);
  CHECK(ghost.bytes() == 60'000);
  int known = 0;
  for (const uint64_t hash : hashes) known += ghost.take(hash) ? 1 : 0;
  CHECK(known > 1000);  // not all: a bucket may lie one beside where it was
  ghost.fit(100, no_faults);
  CHECK(ghost.bytes() == 200);
}

}  // namespace ringcached::store
