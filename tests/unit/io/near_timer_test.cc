// Claims about when a thread keeps a timer due soon. These threads do sleep, for some microseconds.
#include "io/near_timer.h"

#include <time.h>

#include <doctest/doctest.h>

namespace ringcached::io {
namespace {

constexpr int many = 1000;

/// Asks for so many sleeps, or fewer, until the timer is to be set; how many it asked for. 0:
/// never.
int sleeps_until_set(NearTimer& timer, int most, bool really) {
  constexpr timespec a_little{0, 20'000};
  for (int sleeps = 1; sleeps <= most; ++sleeps) {
    if (timer.on_sleep()) return sleeps;
    if (really) ::nanosleep(&a_little, nullptr);
  }
  return 0;
}

}  // namespace

TEST_CASE("a timer is set after many sleeps, once, and again when it has come") {
  NearTimer timer;
  CHECK(sleeps_until_set(timer, many, true) > 8);
  for (int round = 0; round < 3; ++round) {
    CHECK(sleeps_until_set(timer, many, true) == 0);
    timer.on_timer();
    CHECK(sleeps_until_set(timer, many, true) == 1);
  }
}

TEST_CASE("a timer that cheapened hardly a sleep is not set again until there are many") {
  NearTimer timer;
  const int sleeps = sleeps_until_set(timer, many, true);
  REQUIRE(sleeps > 0);
  CHECK(sleeps_until_set(timer, 3, true) == 0);
  timer.on_timer();
  CHECK(sleeps_until_set(timer, many, true) >= sleeps);
}

TEST_CASE("sleeps that were asked for but not needed count for nothing") {
  NearTimer timer;
  CHECK(sleeps_until_set(timer, many, false) == 0);
}

TEST_CASE("the timer is due within the kernel's tick") {
  timespec tick{};
  REQUIRE(::clock_getres(CLOCK_MONOTONIC_COARSE, &tick) == 0);
  CHECK(NearTimer().nanoseconds() > 0);
  CHECK(NearTimer().nanoseconds() < tick.tv_nsec);
}

}  // namespace ringcached::io
