// Claims about buckets and the space they lie in.
#include "store/bucket.h"

#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "store/bucket_space.h"

namespace ringcached::store {

TEST_CASE("a bucket names exactly the entries that have a tag") {
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    Bucket bucket{};
    const auto used = static_cast<uint32_t>(random() % (bucket_slots + 1));
    for (uint32_t slot = 0; slot < used; ++slot) {
      bucket.tags[slot] = static_cast<uint16_t>(1 + random() % 3);
      bucket.refs[slot] = 1;  // bytes that a comparison must not look at
    }
    bucket.more = static_cast<uint32_t>(random() % 4 * 0x10001);
    CHECK(bucket.used() == used);
    for (uint16_t tag = 1; tag <= 4; ++tag) {
      uint32_t expected = 0;
      for (uint32_t slot = 0; slot < used; ++slot) {
        if (bucket.tags[slot] == tag) expected |= 1u << slot;
      }
      CHECK(bucket.matches(tag) == expected);
    }
  }
}

TEST_CASE("buckets stay where they are while their space doubles") {
  FaultPlan faults;
  Arena arena(faults);
  BucketSpace<Bucket> space(arena, Allocation::Buckets);
  CHECK(space.room() == 0);
  REQUIRE(space.start(4));
  CHECK(space.room() == 4);
  for (uint32_t i = 0; i < 4; ++i) CHECK(space.at(i).used() == 0);
  std::vector<Bucket*> places;
  for (uint32_t i = 0; i < 1024; ++i) {
    if (i == space.room()) REQUIRE(space.grow());
    places.push_back(&space.at(i));
    places.back()->more = i;
  }
  CHECK(space.room() == 1024);
  for (uint32_t i = 0; i < 1024; ++i) {
    REQUIRE(&space.at(i) == places[i]);
    REQUIRE(space.at(i).more == i);
  }
  faults.fail_nth(1);
  CHECK_FALSE(space.grow());
  CHECK(space.room() == 1024);
}

}  // namespace ringcached::store
