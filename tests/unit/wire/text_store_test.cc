// Claims about the storage commands: their line, their value, and what is wrong with either.
#include <doctest/doctest.h>

#include <string>

#include "ringcached/limits.h"
#include "transcript.h"

using namespace ringcached;
using namespace ringcached::wire;
using namespace ringcached::wire::testing;

namespace {

const std::string bad_line = "say CLIENT_ERROR bad command line format";
const std::string bad_chunk = "say CLIENT_ERROR bad data chunk";
const std::string stored_a = "set k flags=0 exptime=0 value=a";

}  // namespace

TEST_CASE("every storage command carries its mode, numbers and value") {
  check_reads("set k 1 2 3\r\nabc\r\n", {"set k flags=1 exptime=2 value=abc"});
  check_reads("add k 1 2 3\r\nabc\r\n", {"add k flags=1 exptime=2 value=abc"});
  check_reads("replace k 1 2 3\r\nabc\r\n", {"replace k flags=1 exptime=2 value=abc"});
  check_reads("append k 1 2 3\r\nabc\r\n", {"append k flags=1 exptime=2 value=abc"});
  check_reads("prepend k 1 2 3\r\nabc\r\n", {"prepend k flags=1 exptime=2 value=abc"});
  check_reads("cas k 1 2 3 4\r\nabc\r\n", {"cas k flags=1 exptime=2 cas=4 value=abc"});
}

TEST_CASE("a value may hold any bytes, line ends and commands among them") {
  check_reads("set k 0 0 8\r\n\r\nget k\n\r\nget k\r\n",
              {"set k flags=0 exptime=0 value=\r\nget k", "get k end"});
  const std::string nul("set k 0 0 1\r\n\0\r\n", 16);
  check_reads(nul, {"set k flags=0 exptime=0 value=" + std::string(1, '\0')});
}

TEST_CASE("an empty value is a value") {
  check_reads("set k 0 0 0\r\n\r\n", {"set k flags=0 exptime=0 value="});
}

TEST_CASE("a line may end without a carriage return, a value may not") {
  check_reads("set k 0 0 1\na\r\n", {stored_a});
  check_reads("set k 0 0 1\na\nxget k\r\n", {bad_chunk, "get k end"});
}

TEST_CASE("spaces around words are of no account") {
  check_reads("set  k   0 0  1  \r\na\r\n", {stored_a});
}

TEST_CASE("commands follow each other without a gap") {
  check_reads("set k 0 0 1\r\na\r\nset k 0 0 1\r\na\r\nget k\r\n",
              {stored_a, stored_a, "get k end"});
}

TEST_CASE("noreply is the last word, whatever stands before it") {
  check_reads("set k 0 0 1 noreply\r\na\r\n", {stored_a + " quiet"});
  check_reads("set k 0 0 1 x y noreply \r\na\r\n", {stored_a + " quiet"});
  check_reads("set k 0 0 1 noreply x\r\na\r\n", {stored_a});
  check_reads("cas k 0 0 1 5 noreply\r\na\r\n", {"cas k flags=0 exptime=0 cas=5 value=a quiet"});
}

TEST_CASE("noreply beyond the words that count is not seen") {
  std::string line = "set k 0 0 1";
  for (int i = 0; i < 18; ++i) line += " w";
  check_reads(line + " noreply\r\na\r\n", {stored_a});
}

TEST_CASE("flags and exptime keep the low 32 bits of a larger number") {
  check_reads("set k 4294967297 0 1\r\na\r\n", {"set k flags=1 exptime=0 value=a"});
  check_reads("set k 18446744073709551615 0 1\r\na\r\n",
              {"set k flags=4294967295 exptime=0 value=a"});
  check_reads("set k 0 4294967297 1\r\na\r\n", {"set k flags=0 exptime=1 value=a"});
  check_reads("set k 0 2147483648 1\r\na\r\n", {"set k flags=0 exptime=-2147483648 value=a"});
  check_reads("set k 0 9223372036854775807 1\r\na\r\n", {"set k flags=0 exptime=-1 value=a"});
  check_reads("set k 0 -1 1\r\na\r\n", {"set k flags=0 exptime=-1 value=a"});
}

TEST_CASE("numbers may have more digits than they need, lines more spaces") {
  check_reads("set k 000000001 000000002 000000003\r\nabc\r\n",
              {"set k flags=1 exptime=2 value=abc"});
  check_reads("set k 0000000001 2 3\r\nabc\r\n", {"set k flags=1 exptime=2 value=abc"});
  check_reads("set k 1 0000000002 3\r\nabc\r\n", {"set k flags=1 exptime=2 value=abc"});
  check_reads("set k 1 2 0000000003\r\nabc\r\n", {"set k flags=1 exptime=2 value=abc"});
  check_reads("set k 999999999 999999999 1\r\na\r\n",
              {"set k flags=999999999 exptime=999999999 value=a"});
  check_reads("set k 1 2 3 \r\nabc\r\n", {"set k flags=1 exptime=2 value=abc"});
  check_reads("set k 1  2 3\r\nabc\r\n", {"set k flags=1 exptime=2 value=abc"});
  check_reads(" set k 1 2 3\r\nabc\r\n", {"say ERROR", "say ERROR"});
  check_reads("set  1 2 3\r\nget k\r\n", {bad_line, "get k end"});
}

TEST_CASE("a storage command takes plus signs before its numbers") {
  check_reads("cas k +1 +2 1 +3\r\na\r\n", {"cas k flags=1 exptime=2 cas=3 value=a"});
  check_reads("set k + 0 1\r\na\r\n", {bad_line});
  check_reads("set k 0 +-1 1\r\na\r\n", {bad_line});
}

TEST_CASE("a bad number is told once and its value is dropped") {
  for (const char* line : {
           "set k x 0 1",
           "set k -1 0 1",
           "set k 1x 0 1",
           "set k 18446744073709551616 0 1",
           "set k 0 x 1",
           "set k 0 1.5 1",
           "set k 0 9223372036854775808 1",
           "set k 0 -9223372036854775809 1",
           "cas k 0 0 1",
           "cas k 0 0 1 x",
           "cas k 0 0 1 -1",
           "cas k 0 0 1 18446744073709551616",
       }) {
    check_reads(std::string(line) + "\r\na\r\nget k\r\n", {bad_line, "get k end"});
    check_reads(std::string(line) + " noreply\r\na\r\nget k\r\n", {"get k end"});
  }
}

TEST_CASE("without a usable length what follows is read as commands, noreply or not") {
  for (const char* size : {"x", "-1", "1x", "+1", "2147483646", "99999999999999999999", ""}) {
    const std::string line = "set k 0 0 " + std::string(size);
    check_reads(line + "\r\nget k\r\n", {bad_line, "get k end"});
    check_reads(line + " noreply\r\nget k\r\n", {bad_line, "get k end"});
  }
}

TEST_CASE("the largest length there is is refused for its size only") {
  check_reads("set k 0 0 2147483645\r\n", {"refuse set k flags=0 exptime=0 size=2147483645"});
}

TEST_CASE("a line with too few words is malformed, noreply or not") {
  for (const char* line : {"set", "set k", "set k 0", "set k 0 0", "add k 0 0 noreply",
                           "append noreply", "cas k 0 0"}) {
    check_reads(std::string(line) + "\r\nget k\r\n", {bad_line, "get k end"});
  }
}

TEST_CASE("a key has at most 250 bytes") {
  const std::string longest(250, 'k');
  check_reads("set " + longest + " 0 0 1\r\na\r\n",
              {"set " + longest + " flags=0 exptime=0 value=a"});
  check_reads("set " + longest + "k 0 0 1\r\na\r\nget k\r\n", {bad_line, "get k end"});
  check_reads("set " + longest + "k 0 0 1 noreply\r\na\r\nget k\r\n", {"get k end"});
}

TEST_CASE("tabs and control bytes are key bytes") {
  check_reads("set a\tb\x01 0 0 1\r\na\r\n", {"set a\tb\x01 flags=0 exptime=0 value=a"});
}

TEST_CASE("a value without its end is eaten with two bytes more") {
  check_reads("set k 0 0 3\r\nabcdeget k\r\n", {bad_chunk, "get k end"});
  check_reads("set k 0 0 3\r\nabc\r\rget k\r\n", {bad_chunk, "get k end"});
  check_reads("set k 0 0 3\r\nabc\n\nget k\r\n", {bad_chunk, "get k end"});
  check_reads("set k 0 0 1\r\nabcdef\r\n", {bad_chunk, "say ERROR"});
  check_reads("set k 0 0 3 noreply\r\nabcdeget k\r\n", {"get k end"});
}

TEST_CASE("a value over the limit is refused at once and dropped") {
  const ParserRules rules{.item_size_max = 1024};
  const std::string value(1000, 'v');
  const std::string input = "set k 0 0 1000\r\n" + value + "\r\nget k\r\n";
  check_reads(input, {"refuse set k flags=0 exptime=0 size=1000", "get k end"}, rules);
  check_reads("append k 0 0 1000 noreply\r\n" + value + "\r\nget k\r\n",
              {"refuse append k flags=0 exptime=0 size=1000 quiet", "get k end"}, rules);
}

TEST_CASE("the limit of a value is memcached's to the byte") {
  const auto reads = [](const std::string& line, size_t size, const ParserRules& rules) {
    const std::string input =
        line + " " + std::to_string(size) + "\r\n" + std::string(size, 'v') + "\r\n";
    return transcript(input, 0, rules).at(0).substr(0, 3);
  };
  // 48 of header, 8 of cas, 1 + 1 of key, 2 behind the value; 4 where there are flags.
  const ParserRules rules{.item_size_max = 1024};
  CHECK(reads("set k 0 0", 964, rules) == "set");
  CHECK(reads("set k 0 0", 965, rules) == "ref");
  CHECK(reads("set k 1 0", 960, rules) == "set");
  CHECK(reads("set k 1 0", 961, rules) == "ref");
  const ParserRules without_cas{.item_size_max = 1024, .cas_enabled = false};
  CHECK(reads("set k 0 0", 972, without_cas) == "set");
  CHECK(reads("set k 0 0", 973, without_cas) == "ref");
}

TEST_CASE("a value that soon is whole is waited for, with the size that is needed") {
  const ParserRules rules;
  const KeyHasher hasher(hash_seed);
  TextParser parser(rules, hasher);
  Operation operation;
  const std::string line = "set k 0 0 100\r\n";
  const Step step = parser.next(line + "abc", operation);
  CHECK(step.what == Step::What::Incomplete);
  CHECK(step.need == line.size() + 100 + 2);
  const std::string whole = line + std::string(100, 'v') + "\r\n";
  CHECK(parser.next(whole.substr(0, whole.size() - 1), operation).need == whole.size());
  CHECK(parser.next(whole, operation).consumed == whole.size());
  CHECK(operation.value.size() == 100);
}

TEST_CASE("only a large value that is not here yet is left to the caller") {
  const ParserRules rules;
  const KeyHasher hasher(hash_seed);
  for (const size_t size : {whole_value_max - 2, whole_value_max - 1}) {
    const std::string line = "set k 0 0 " + std::to_string(size) + " noreply\r\n";
    const std::string whole = line + std::string(size, 'v') + "\r\n";
    Operation operation;
    TextParser eager(rules, hasher);
    CHECK(eager.next(whole, operation).what == Step::What::Operation);
    TextParser parser(rules, hasher);
    const Step step = parser.next(whole.substr(0, whole.size() - 1), operation);
    if (size + 2 <= whole_value_max) {
      CHECK(step.what == Step::What::Incomplete);
      continue;
    }
    CHECK(step.what == Step::What::Fill);
    CHECK(step.consumed == line.size());
    CHECK(operation.verb == Verb::Reserve);
    CHECK(operation.value_size == size);
    CHECK(operation.quiet);
    // The caller reads the value; the parser goes on behind it.
    CHECK(parser.next("get k\r\n", operation).what == Step::What::Operation);
    CHECK(operation.verb == Verb::Get);
  }
}

TEST_CASE("large values read alike however they come") {
  const std::string value(40000, 'v');
  check_reads("set k 0 0 40000\r\n" + value + "\r\nget k\r\n",
              {"set k flags=0 exptime=0 value=" + value, "get k end"});
  check_reads("set k 0 0 40000\r\n" + value + "xyget k\r\n", {bad_chunk, "get k end"});
}

TEST_CASE("the caller may have a value dropped") {
  const ParserRules rules;
  const KeyHasher hasher(hash_seed);
  TextParser parser(rules, hasher);
  Operation operation;
  parser.swallow(10);
  CHECK(parser.next("", operation).what == Step::What::Incomplete);
  Step step = parser.next("123456", operation);
  CHECK(step.what == Step::What::Nothing);
  CHECK(step.consumed == 6);
  step = parser.next("7890get k\r\n", operation);
  CHECK(step.what == Step::What::Nothing);
  CHECK(step.consumed == 4);
  CHECK(parser.next("get k\r\n", operation).what == Step::What::Operation);
}

TEST_CASE("while a value is not whole, its bytes are not read again") {
  const ParserRules rules;
  const KeyHasher hasher(hash_seed);
  TextParser parser(rules, hasher);
  Operation operation;
  const std::string whole = "set k 0 0 100\r\n" + std::string(100, 'v') + "\r\n";
  CHECK(parser.next(whole.substr(0, 20), operation).need == whole.size());
  GuardedBytes guarded(4096);
  for (size_t size = 0; size < whole.size(); ++size) {
    CHECK(parser.next(guarded.forbidden(size), operation).need == whole.size());
  }
  CHECK(parser.next(whole, operation).consumed == whole.size());
}

TEST_CASE("while a line has no end, what was seen of it is not read again") {
  const ParserRules rules;
  const KeyHasher hasher(hash_seed);
  TextParser parser(rules, hasher);
  Operation operation;
  CHECK(parser.next(std::string(1000, 'x'), operation).need == 1001);
  SplitBytes split(1000, "yyy");
  CHECK(parser.next(split.bytes(), operation).need == 1004);
}
