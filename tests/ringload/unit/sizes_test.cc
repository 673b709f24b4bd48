// Sizes as the command line spells them, and how often each comes.
#include "ringload/sizes.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "replay/random.h"

namespace ringload {
namespace {

/// How often each size comes, in a hundred thousand.
std::map<uint32_t, int> counts_of(const Sizes& sizes) {
  replay::Random random(7);
  std::map<uint32_t, int> counts;
  for (int i = 0; i < 100'000; ++i) ++counts[sizes.of(random.next())];
  return counts;
}

TEST_CASE("one size is always the same") {
  const auto sizes = Sizes::parse("100");
  REQUIRE(sizes);
  CHECK(sizes->is_one());
  CHECK(sizes->of(0) == 100);
  CHECK(sizes->of(UINT64_MAX) == 100);
  CHECK(sizes->mean() == doctest::Approx(100));
}

TEST_CASE("a range has all of its sizes alike") {
  const auto sizes = Sizes::parse("10-13");
  REQUIRE(sizes);
  CHECK_FALSE(sizes->is_one());
  CHECK(sizes->least() == 10);
  CHECK(sizes->most() == 13);
  CHECK(sizes->mean() == doctest::Approx(11.5));
  const auto counts = counts_of(*sizes);
  CHECK(counts.size() == 4);
  for (const auto& [size, count] : counts) CHECK(std::abs(count - 25'000) < 1000);
}

TEST_CASE("weights are shares") {
  const auto sizes = Sizes::parse("5:2,100-101:6,7");
  REQUIRE(sizes);
  CHECK(sizes->least() == 5);
  CHECK(sizes->most() == 101);
  CHECK(sizes->mean() == doctest::Approx((5 * 2 + 100.5 * 6 + 7) / 9).epsilon(1e-6));
  auto counts = counts_of(*sizes);
  CHECK(counts.size() == 4);
  CHECK(std::abs(counts[5] - 22'222) < 1000);
  CHECK(std::abs(counts[100] - 33'333) < 1000);
  CHECK(std::abs(counts[101] - 33'333) < 1000);
  CHECK(std::abs(counts[7] - 11'111) < 1000);
}

TEST_CASE("the ends of a range are reached") {
  const auto sizes = Sizes::parse("0-4294967295");
  REQUIRE(sizes);
  CHECK(sizes->of(0) == 0);
  CHECK(sizes->of(UINT32_MAX) == UINT32_MAX);
}

TEST_CASE("anything else is refused") {
  for (const char* text : {"", "x", "-1", "1-", "-", "5-4", "1:", "1:0", ":1", "1,", ",1", "1,,2",
                           "1 ", "4294967296", "1:1000000001", "1-2-3", "1:2:3", "1.5"}) {
    CAPTURE(text);
    CHECK_FALSE(Sizes::parse(text));
  }
}

}  // namespace
}  // namespace ringload
