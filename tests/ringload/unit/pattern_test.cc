// Which keys are asked for, and how often.
#include "ringload/pattern.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace ringload {
namespace {

constexpr uint64_t keys = 1000;
constexpr int draws = 200'000;

std::vector<int> counts_of(const char* pattern, double hot_share = 0) {
  KeyChoice choice(*Pattern::parse(pattern), keys, hot_share, Lane{});
  replay::Random random(11);
  std::vector<int> counts(keys);
  for (int i = 0; i < draws; ++i) {
    const uint64_t key = choice.next(random);
    REQUIRE(key < keys);
    ++counts[key];
  }
  return counts;
}

TEST_CASE("uniform: every key is alike") {
  for (const int count : counts_of("uniform")) CHECK(std::abs(count - draws / 1000) < 100);
}

TEST_CASE("Zipf: the rank decides, and popular keys are no neighbours") {
  std::vector<int> counts = counts_of("zipf:1");
  const auto hottest = std::max_element(counts.begin(), counts.end()) - counts.begin();
  CHECK(hottest == 0);
  CHECK(counts[1] < counts[0] / 10);
  std::sort(counts.rbegin(), counts.rend());
  double harmonic = 0;
  for (uint64_t k = 1; k <= keys; ++k) harmonic += 1 / static_cast<double>(k);
  for (const int rank : {1, 2, 5, 20}) {
    CAPTURE(rank);
    CHECK(counts[static_cast<size_t>(rank) - 1] ==
          doctest::Approx(draws / harmonic / rank).epsilon(0.1));
  }
}

TEST_CASE("Zipf reaches every key, whatever their number") {
  for (const uint64_t count : {1u, 2u, 3u, 10u, 97u}) {
    CAPTURE(count);
    KeyChoice choice(*Pattern::parse("zipf:0.5"), count, 0, Lane{});
    replay::Random random(3);
    std::vector<bool> seen(count);
    for (int i = 0; i < 20'000; ++i) seen.at(choice.next(random)) = true;
    CHECK(std::count(seen.begin(), seen.end(), true) == static_cast<long>(count));
  }
}

TEST_CASE("Zipf stays within very many keys") {
  const uint64_t many = (uint64_t{1} << 48) - 59;
  KeyChoice choice(*Pattern::parse("zipf:0.2"), many, 0, Lane{});
  replay::Random random(3);
  for (int i = 0; i < 10'000; ++i) CHECK(choice.next(random) < many);
}

TEST_CASE("Gaussian: most around the middle") {
  const std::vector<int> counts = counts_of("gaussian:0.1");
  double mean = 0, square = 0;
  for (uint64_t key = 0; key < keys; ++key) {
    const double share = static_cast<double>(counts[key]) / draws;
    mean += share * static_cast<double>(key);
    square += share * static_cast<double>(key * key);
  }
  CHECK(mean == doctest::Approx(500).epsilon(0.01));
  CHECK(std::sqrt(square - mean * mean) == doctest::Approx(100).epsilon(0.02));
}

TEST_CASE("sequential: the lanes of all threads together are all keys, round after round") {
  std::vector<int> counts(10);
  replay::Random random(1);
  for (uint64_t thread = 0; thread < 3; ++thread) {
    KeyChoice choice(*Pattern::parse("sequential"), 10, 0, Lane{thread, 3});
    const int in_lane = thread == 0 ? 4 : 3;
    uint64_t last = 0;
    for (int i = 0; i < in_lane * 2; ++i) {
      const uint64_t key = choice.next(random);
      CHECK((i % in_lane == 0 || key == last + 3));
      last = key;
      ++counts.at(key);
    }
  }
  CHECK(counts == std::vector<int>(10, 2));
}

TEST_CASE("more threads than keys: some walk the same lane") {
  KeyChoice choice(*Pattern::parse("sequential"), 2, 0, Lane{5, 8});
  replay::Random random(1);
  for (int i = 0; i < 4; ++i) CHECK(choice.next(random) == 1);
}

TEST_CASE("the hot key has its share") {
  CHECK(counts_of("uniform", 1)[0] == draws);
  CHECK(counts_of("uniform", 0.25)[0] == doctest::Approx(draws * 0.25).epsilon(0.02));
  CHECK(counts_of("zipf", 0)[0] < draws / 2);
}

TEST_CASE("a pattern is spelled as it is read") {
  for (const char* text : {"uniform", "sequential", "zipf:0.5", "gaussian:0.25"}) {
    CHECK(Pattern::parse(text)->spelled() == text);
  }
  CHECK(Pattern::parse("zipf")->spelled() == "zipf:0.99");
  for (const char* text :
       {"", "Zipf", "zipf:", "zipf:x", "zipf:11", "zipf:-1", "uniform:1", "zipf:1x"}) {
    CAPTURE(text);
    CHECK_FALSE(Pattern::parse(text));
  }
}

}  // namespace
}  // namespace ringload
