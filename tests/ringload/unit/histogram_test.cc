// Durations go in, percentiles come out within 0.8 %.
#include "ringload/histogram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "replay/random.h"

namespace ringload {
namespace {

void check_near(uint64_t value, uint64_t expected) {
  CAPTURE(expected);
  CHECK(std::abs(static_cast<double>(value) - static_cast<double>(expected)) <=
        0.008 * static_cast<double>(expected));
}

TEST_CASE("an empty one is all zero") {
  const Histogram none;
  CHECK(none.count() == 0);
  CHECK(none.mean() == 0);
  CHECK(none.at(0.5) == 0);
  CHECK(none.max() == 0);
}

TEST_CASE("one duration is every percentile") {
  for (const uint64_t ns : {uint64_t{0}, uint64_t{1}, uint64_t{63}, uint64_t{64}, uint64_t{12'345},
                            uint64_t{1'000'000'007}}) {
    Histogram histogram;
    histogram.add(ns, 3);
    CHECK(histogram.count() == 3);
    CHECK(histogram.max() == ns);
    CHECK(histogram.mean() == static_cast<double>(ns));
    for (const double share : {0.0, 0.5, 0.9999, 1.0}) check_near(histogram.at(share), ns);
  }
}

TEST_CASE("what is longer than it can tell counts as the longest") {
  Histogram histogram;
  histogram.add(UINT64_MAX);
  CHECK(histogram.max() == (uint64_t{1} << 40) - 1);
  check_near(histogram.at(1), histogram.max());
}

TEST_CASE("percentiles are those of the sorted durations") {
  replay::Random random(42);
  std::vector<uint64_t> all;
  Histogram one, other;
  for (int i = 0; i < 20'000; ++i) {
    const uint64_t ns = random.next() >> (24 + random.next() % 40);  // of every magnitude
    all.push_back(ns);
    (i % 2 == 0 ? one : other).add(ns);
  }
  one.add(other);
  std::sort(all.begin(), all.end());
  CHECK(one.count() == all.size());
  CHECK(one.max() == all.back());
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999, 0.9999}) {
    CAPTURE(share);
    const double rank = std::ceil(share * static_cast<double>(all.size()));
    check_near(one.at(share), all[static_cast<size_t>(rank) - 1]);
  }
  one.clear();
  CHECK(one.count() == 0);
  CHECK(one.at(0.99) == 0);
}

}  // namespace
}  // namespace ringload
