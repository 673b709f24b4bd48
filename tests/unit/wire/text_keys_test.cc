// Claims about get, gets, gat and gats: many keys, one reply.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "ringcached/limits.h"
#include "transcript.h"

using namespace ringcached;
using namespace ringcached::wire;
using namespace ringcached::wire::testing;

namespace {

const std::string bad_line = "say CLIENT_ERROR bad command line format";
const std::string too_long(key_size_max + 1, 'k');

/// "get" and so many keys "key0 key1 ...", without the end of the line.
std::string get_line(size_t keys, const std::string& separator = " ") {
  std::string line = "get";
  for (size_t i = 0; i < keys; ++i) line += separator + "key" + std::to_string(i);
  return line;
}

/// What the replies of a get line say, whichever way its END came.
std::vector<std::string> keys_of(std::vector<std::string> operations) {
  for (std::string& operation : operations) {
    if (operation.ends_with(" end")) operation.resize(operation.size() - 4);
  }
  std::erase(operations, "say END");
  return operations;
}

size_t ends_of(const std::vector<std::string>& operations) {
  return static_cast<size_t>(std::count_if(
      operations.begin(), operations.end(),
      [](const std::string& text) { return text.ends_with(" end") || text == "say END"; }));
}

}  // namespace

TEST_CASE("each key is an operation and the last one ends the reply") {
  check_reads("get a\r\n", {"get a end"});
  check_reads("get a b c\r\n", {"get a", "get b", "get c end"});
  check_reads("gets a b\r\n", {"gets a", "gets b end"});
  check_reads("gat 10 a b\r\n", {"gat exptime=10 a", "gat exptime=10 b end"});
  check_reads("gats -1 a b\r\n", {"gats exptime=-1 a", "gats exptime=-1 b end"});
  check_reads("get a a a\r\n", {"get a", "get a", "get a end"});
}

TEST_CASE("a get line may end without a carriage return and have spaces to spare") {
  check_reads("get a b\n", {"get a", "get b end"});
  check_reads("get   a  b   \r\n", {"get a", "get b end"});
  check_reads("get   a  b   \n", {"get a", "get b end"});
  check_reads("gat  5  a  b \r\n", {"gat exptime=5 a", "gat exptime=5 b end"});
}

TEST_CASE("only one carriage return is part of the end") {
  check_reads("get a\r\r\n", {"get a\r end"});
  check_reads("get \r\r\n", {"get \r end"});
  check_reads("get a \rb\r\n", {"get a", "get \rb end"});
}

TEST_CASE("a get has a key") {
  for (const char* line : {"get", "get ", "get     ", "gets", "gats", "gat", "gat 5", "gat 5  ",
                           "gat key", "gats  "}) {
    check_reads(std::string(line) + "\r\nget k\r\n", {bad_line, "get k end"});
  }
}

TEST_CASE("the exptime of gat is a signed 32-bit number") {
  const std::string bad_exptime = "say CLIENT_ERROR invalid exptime argument";
  for (const char* exptime : {"x", "2147483648", "-2147483649", "4294967297", "1x", "+1"}) {
    check_reads("gat " + std::string(exptime) + " a b\r\nget k\r\n", {bad_exptime, "get k end"});
    check_reads("gats " + std::string(exptime) + " a noreply\r\nget k\r\n", {"get k end"});
  }
  check_reads("gat 2147483647 a\r\n", {"gat exptime=2147483647 a end"});
  check_reads("gat -2147483648 a\r\n", {"gat exptime=-2147483648 a end"});
}

TEST_CASE("noreply is a key like any other") {
  check_reads("get noreply\r\n", {"get noreply end"});
  check_reads("get a noreply\r\n", {"get a", "get noreply end"});
}

TEST_CASE("a key too long gives the one error and nothing else of its line") {
  check_reads("get " + too_long + "\r\nget k\r\n", {bad_line, "get k end"});
  check_reads("get a b " + too_long + " c\r\nget k\r\n", {bad_line, "get k end"});
  check_reads("gats 5 a " + too_long + "\r\nget k\r\n", {bad_line, "get k end"});
  check_reads("get a " + too_long + " noreply\r\nget k\r\n", {"get k end"});
  const std::string longest(key_size_max, 'k');
  check_reads("get " + longest + " " + longest + "\r\n",
              {"get " + longest, "get " + longest + " end"});
}

TEST_CASE("a batch that is full comes back for the rest, at another address") {
  const ParserRules rules;
  const KeyHasher hasher(hash_seed);
  TextParser parser(rules, hasher);
  std::string input = get_line(100) + "\r\nset";
  for (size_t i = 0; i < 100; ++i) {
    Operation operation;
    const std::string moved = input;
    const Step step = parser.next(moved, operation);
    REQUIRE(step.what == Step::What::Operation);
    CHECK(operation.key.bytes == "key" + std::to_string(i));
    CHECK(operation.ends_reply == (i == 99));
    input.erase(0, step.consumed);
  }
  CHECK(input == "set");
}

TEST_CASE("a line that is here to its end is checked whole, however long it is") {
  const std::string line = get_line(5000);
  REQUIRE(line.size() > 10 * line_size_max);
  const auto good = transcript(line + "\r\n", 0);
  REQUIRE(good.size() == 5000);
  CHECK(good.back() == "get key4999 end");
  CHECK(transcript(line + " " + too_long + "\r\nget k\r\n", 0) ==
        std::vector<std::string>{bad_line, "get k end"});
}

TEST_CASE("a get line without an end in sight is given out key by key") {
  for (const char* separator : {" ", "   "}) {
    for (const char* end : {"\r\n", "\n", "  \r\n", " \n"}) {
      const std::string input = get_line(1000, separator) + end + "get k\r\n";
      const auto expected = keys_of(transcript(input, 0));
      REQUIRE(expected.size() == 1001);
      for (const size_t fragment_size : fragment_sizes) {
        const auto actual = transcript(input, fragment_size);
        CHECK(keys_of(actual) == expected);
        CHECK(ends_of(actual) == 2);
        CHECK(actual.back() == "get k end");
      }
    }
  }
}

TEST_CASE("a long gets streams too, and every key asks for its cas id") {
  std::string input = "gets";
  for (int i = 0; i < 1000; ++i) input += " key" + std::to_string(i);
  const auto actual = transcript(input + "\r\n", 100);
  REQUIRE(actual.size() >= 1000);
  CHECK(actual[0] == "gets key0");
  CHECK(actual[999].starts_with("gets key999"));
}

TEST_CASE("the late error of a streamed line follows its keys and ends the reply") {
  const std::string line = get_line(1000);
  for (const char* after : {"\r\n", "\n", " a b c\r\n", "kkkkkkkkkk a\r\n"}) {
    for (const size_t fragment_size : {size_t{100}, size_t{10}, size_t{1}}) {
      const auto actual = transcript(line + " " + too_long + after + "get k\r\n", fragment_size);
      REQUIRE(actual.size() == 1002);
      CHECK(actual[999] == "get key999");
      CHECK(actual[1000] == bad_line);
      CHECK(actual[1001] == "get k end");
    }
  }
}

TEST_CASE("a streamed line takes the longest key, and a carriage return behind it") {
  const std::string longest(key_size_max, 'k');
  for (const char* end : {"\r\n", "\n", " \r\n", " x\r\n"}) {
    for (const size_t fragment_size : {size_t{100}, size_t{1}}) {
      const auto actual = transcript(get_line(1000) + " " + longest + end, fragment_size);
      CHECK(actual[1000].starts_with("get " + longest));
      CHECK(ends_of(actual) == 1);
    }
  }
}

TEST_CASE("a streamed line of spaces has no key") {
  const std::string input = "get" + std::string(3000, ' ') + "\r\nget k\r\n";
  for (const size_t fragment_size : {size_t{0}, size_t{100}, size_t{1}}) {
    CHECK(transcript(input, fragment_size) == std::vector<std::string>{bad_line, "get k end"});
  }
}

TEST_CASE("what one streamed line had is not the next one's") {
  const std::string input =
      get_line(1000) + "\r\nget" + std::string(3000, ' ') + "\r\ngets " + get_line(1000) + "\r\n";
  const auto actual = transcript(input, 100);
  REQUIRE(actual.size() >= 2002);
  CHECK(keys_of(actual).at(1000) == bad_line);
  CHECK(keys_of(actual).at(1001) == "gets get");
}

TEST_CASE("a key of a streamed line is told too long as soon as it is") {
  const ParserRules rules;
  const KeyHasher hasher(hash_seed);
  TextParser parser(rules, hasher);
  Operation operation;
  CHECK(parser.next("get" + std::string(3000, ' '), operation).consumed == 3);
  CHECK(parser.next(std::string(10, ' '), operation).consumed == 10);
  // Its 251st byte may be the carriage return of the end, the next one may not be.
  CHECK(parser.next(std::string(251, 'k'), operation).need == 252);
  CHECK(parser.next(std::string(252, 'k'), operation).what == Step::What::Operation);
  CHECK(operation.verb == Verb::Say);
}

TEST_CASE("no other line may grow: the connection dies beyond the limit") {
  for (const char* begin : {"gat 0 ", "gats 0 ", "set ", "delete ", "getx ", "xyz", "get\t"}) {
    const std::string at_limit = begin + std::string(line_size_max - std::strlen(begin), 'x');
    CHECK(transcript(at_limit, 100).empty());
    CHECK(transcript(at_limit + "\n", 100) == transcript(at_limit + "\n", 0));
    CHECK(transcript(at_limit + "x", 100) == std::vector<std::string>{"die"});
    CHECK(transcript(at_limit + "x", 1) == std::vector<std::string>{"die"});
  }
}

TEST_CASE("behind spaces a get may grow, but is no command") {
  const std::string input = std::string(100, ' ') + get_line(1000) + "\r\nget k\r\n";
  for (const size_t fragment_size : {size_t{0}, size_t{100}, size_t{1}}) {
    CHECK(transcript(input, fragment_size) == std::vector<std::string>{"say ERROR", "get k end"});
  }
  CHECK(transcript(" " + input, 100) == std::vector<std::string>{"die"});
}
