// What a thread asks for: shares, ratios, budgets; and when.
#include "ringload/load.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <vector>

#include "joined.h"
#include "ringload/schedule.h"
#include "ringload/text.h"

namespace ringload {
namespace {

struct Fixture {
  Options options;
  Keys keys{Sizes(10), Sizes(1)};
  std::unique_ptr<Conversation> talk = make_text_conversation(keys, true);

  /// The commands that a thread asks for in a phase of so many requests.
  std::vector<Conversation::Command> commands(uint32_t thread, const Phase& phase) {
    Load load(options, thread);
    load.begin(phase);
    talk = make_text_conversation(keys, true);
    talk->begin_batch();
    while (load.ask(*talk, 0) > 0) {
    }
    CHECK(load.is_spent());
    return {talk->commands().begin(), talk->commands().end()};
  }

  static Phase of_requests(uint64_t requests) {
    Phase phase;
    phase.requests = requests;
    return phase;
  }
};

uint64_t requests_in(const std::vector<Conversation::Command>& commands) {
  uint64_t requests = 0;
  for (const auto& command : commands) requests += command.requests;
  return requests;
}

TEST_CASE_FIXTURE(Fixture, "the threads together ask for as many requests as are wanted") {
  options.threads = 3;
  options.multiget = 7;
  uint64_t requests = 0;
  for (uint32_t thread = 0; thread < 3; ++thread) {
    requests += requests_in(commands(thread, of_requests(1000)));
  }
  CHECK(requests == 1000);
}

TEST_CASE_FIXTURE(Fixture, "the ratio of sets is one of requests, not of commands") {
  for (const uint32_t multiget : {1u, 10u}) {
    CAPTURE(multiget);
    options.multiget = multiget;
    options.set_ratio = 0.3;
    const auto all = commands(0, of_requests(100'000));
    const auto sets = std::count_if(all.begin(), all.end(), [](auto& each) { return each.is_set; });
    CHECK(static_cast<double>(sets) == doctest::Approx(30'000).epsilon(0.03));
  }
}

TEST_CASE_FIXTURE(Fixture, "all or none are sets") {
  options.set_ratio = 1;
  for (const auto& command : commands(0, of_requests(1000))) CHECK(command.is_set);
  options.set_ratio = 0;
  for (const auto& command : commands(0, of_requests(1000))) CHECK_FALSE(command.is_set);
}

TEST_CASE_FIXTURE(Fixture, "populating sets every key once") {
  options.threads = 4;
  options.keys = 103;
  std::vector<int> counts(103);
  Phase phase;
  phase.kind = Phase::Kind::Populate;
  for (uint32_t thread = 0; thread < 4; ++thread) {
    for (const auto& command : commands(thread, phase)) CHECK(command.is_set);
    const std::string text = joined(talk->slices());
    for (size_t at = text.find("set "); at != std::string::npos; at = text.find("set ", at + 1)) {
      size_t key = 0;
      std::from_chars(text.data() + at + 4, text.data() + at + 14, key);
      ++counts.at(key);
    }
  }
  CHECK(counts == std::vector<int>(103, 1));
}

TEST_CASE_FIXTURE(Fixture, "a seed asks for the same, a thread for something else") {
  const auto text = [this](uint64_t seed, uint32_t thread) {
    options.seed = seed;
    options.threads = 2;
    commands(thread, of_requests(100));
    return joined(talk->slices());
  };
  CHECK(text(1, 0) == text(1, 0));
  CHECK(text(1, 0) != text(2, 0));
  CHECK(text(1, 0) != text(1, 1));
}

/// The times of all threads before `end_ns`.
std::vector<uint64_t> times_of(const Options& options, uint64_t start_ns, uint64_t end_ns) {
  std::vector<uint64_t> times;
  for (uint32_t thread = 0; thread < options.threads; ++thread) {
    Schedule schedule(options, thread, start_ns);
    for (; schedule.next_ns() < end_ns; schedule.advance(1)) times.push_back(schedule.next_ns());
  }
  std::sort(times.begin(), times.end());
  return times;
}

TEST_CASE("the threads' requests are evenly spaced together") {
  Options options;
  options.threads = 4;
  options.rate = 1000;
  const auto times = times_of(options, 500, 500 + 1'000'000'000);
  CHECK(times.size() == 1000);
  for (size_t i = 0; i < times.size(); ++i) CHECK(times[i] == 500 + i * 1'000'000);
}

TEST_CASE("a Poisson process has the rate and exponential gaps") {
  Options options;
  options.threads = 2;
  options.rate = 10'000;
  options.poisson = true;
  const auto times = times_of(options, 0, 10'000'000'000);
  CHECK(static_cast<double>(times.size()) == doctest::Approx(100'000).epsilon(0.02));
  // The share of gaps longer than the mean is 1 / e.
  long longer = 0;
  for (size_t i = 1; i < times.size(); ++i) longer += times[i] - times[i - 1] > 100'000;
  CHECK(static_cast<double>(longer) == doctest::Approx(36'788).epsilon(0.03));
}

TEST_CASE("what is left of a schedule can be dropped") {
  Options options;
  options.rate = 100;
  Schedule schedule(options, 0, 0);
  schedule.advance(30);
  CHECK(schedule.drop_until(1'000'000'000) == 70);
  CHECK(schedule.drop_until(1'000'000'000) == 0);
}

}  // namespace
}  // namespace ringload
