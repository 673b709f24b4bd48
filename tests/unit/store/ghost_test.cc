// Claims about the memory of what was evicted.
#include "store/ghost.h"

#include <random>
#include <vector>

#include <doctest/doctest.h>

namespace ringcached::store {
namespace {

struct Fixture {
  /// As adding does it, so often that nothing is left to do.
  void fit(uint64_t objects) {
    for (uint64_t i = 0; i < 10'000; ++i) ghost.fit(objects);
  }
  FaultPlan faults;
  Arena arena{faults};
  Ghost ghost{arena};
};

}  // namespace

TEST_CASE("a ghost without room knows nothing") {
  Fixture f;
  f.ghost.add(0x1234567812345678);
  CHECK_FALSE(f.ghost.take(0x1234567812345678));
  CHECK(f.ghost.bytes() == 0);
  f.faults.fail_nth(1);
  f.ghost.fit(1000);
  CHECK(f.ghost.bytes() == 0);
}

TEST_CASE("what was added is known once") {
  Fixture f;
  f.fit(1000);
  f.ghost.add(0x1234567812345678);
  CHECK_FALSE(f.ghost.take(0x9999567812345678));
  CHECK(f.ghost.take(0x1234567812345678));
  CHECK_FALSE(f.ghost.take(0x1234567812345678));
}

TEST_CASE("a bucket keeps the four newest, whatever is taken from between") {
  Fixture f;
  Ghost& ghost = f.ghost;
  f.fit(64);
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

TEST_CASE("a ghost follows the size of its class, and keeps most of what it knows") {
  Fixture f;
  std::mt19937_64 random(3);
  std::vector<uint64_t> hashes(2000);
  for (uint64_t& hash : hashes) hash = random();
  const auto known = [&] {
    std::vector<uint64_t> taken;
    for (const uint64_t hash : hashes) {
      if (f.ghost.take(hash)) taken.push_back(hash);
    }
    for (const uint64_t hash : taken) f.ghost.add(hash);
    return taken.size();
  };
  f.fit(20'000);
  CHECK(f.ghost.bytes() == 40'000);
  for (const uint64_t hash : hashes) f.ghost.add(hash);
  CHECK(known() == 2000);
  f.fit(30'000);
  CHECK(f.ghost.bytes() == 60'000);
  CHECK(known() > 1990);  // some meet a copy of another
  f.fit(25'000);
  CHECK(f.ghost.bytes() == 60'000);
  f.fit(8000);
  CHECK(f.ghost.bytes() <= 20'000);
  CHECK(known() > 1500);
  f.fit(40);
  CHECK(f.ghost.bytes() <= 160);
  CHECK(known() < 100);
}

TEST_CASE("however large the class, a call does little") {
  Fixture f;
  for (uint64_t before = 0, i = 0; i < 1000; ++i, before = f.ghost.bytes()) {
    f.ghost.fit(10'000'000);
    REQUIRE(f.ghost.bytes() > before);
    REQUIRE(f.ghost.bytes() <= before + 256);
  }
}

}  // namespace ringcached::store
