// The command line; tests/ringload/options.py has what is refused.
#include "ringload/options.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "ringload/failure.h"

namespace ringload {
namespace {

Options parsed(std::vector<std::string> words) {
  words.insert(words.begin(), {"ringload", "--server", "a:1"});
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return parse_options(static_cast<int>(words.size()), pointers.data());
}

TEST_CASE("what is not said has its default") {
  const Options options = parsed({});
  CHECK(options.server == "a:1");
  CHECK(options.duration == 10);
  CHECK(options.requests == 0);
  CHECK(options.populate);
  CHECK(options.verify);
  CHECK(options.rate == 0);
  CHECK(options.pattern.kind == PatternKind::Uniform);
}

TEST_CASE("a number of requests needs no duration, but may have one") {
  CHECK(parsed({"--requests", "5"}).duration == 0);
  CHECK(parsed({"--requests", "5", "--duration", "0.5"}).duration == 0.5);
}

TEST_CASE("sets alone need no populating, unless it is asked for") {
  CHECK_FALSE(parsed({"--set-ratio", "1"}).populate);
  CHECK(parsed({"--set-ratio", "1", "--populate"}).populate);
  CHECK_FALSE(parsed({"--set-ratio", "0.5", "--no-populate"}).populate);
}

TEST_CASE("values stand behind a blank or an equals sign") {
  CHECK(parsed({"--depth=7", "--keys", "8"}).depth == 7);
  CHECK(parsed({"--hot-key"}).hot_share == 1);
  CHECK(parsed({"--hot-key=0.25"}).hot_share == 0.25);
  CHECK(parsed({"--value-size=5-6"}).value_size_text == "5-6");
}

TEST_CASE("lists of CPUs") {
  using Cpus = std::vector<uint32_t>;
  CHECK(parse_cpus("0") == Cpus{0});
  CHECK(parse_cpus("0,2-4,7") == Cpus{0, 2, 3, 4, 7});
  for (const char* text : {"", ",", "1,", "3-2", "-1", "1-", "x", "1024", "1 2"}) {
    CAPTURE(text);
    CHECK(parse_cpus(text).empty());
  }
}

TEST_CASE("keys need digits enough") {
  CHECK(parsed({"--keys", "1000", "--key-size", "3"}).key_size.least() == 3);
  CHECK_THROWS_AS(parsed({"--keys", "1001", "--key-size", "3"}), Failure);
}

}  // namespace
}  // namespace ringload
