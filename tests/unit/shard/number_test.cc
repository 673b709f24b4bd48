// Claims about which stored values count as numbers.
#include "shard/number.h"

#include <string>

#include <doctest/doctest.h>

namespace ringcached::shard {
namespace {

struct Case {
  std::string_view text;
  std::optional<uint64_t> number;
};

using namespace std::string_view_literals;

constexpr uint64_t largest = ~uint64_t{0};

const Case cases[] = {
    {"0", 0},
    {"5", 5},
    {"18446744073709551615", largest},
    {"00000000000000000000000000000007", 7},
    {"  12", 12},
    {"\t\n\v\f\r 12", 12},
    {"+3", 3},
    {" +3", 3},
    {"9 ", 9},
    {"5 6", 5},
    {"5 x", 5},
    {"5\r\n", 5},
    {"5\0x"sv, 5},
    {"", std::nullopt},
    {" ", std::nullopt},
    {"+", std::nullopt},
    {"+ 3", std::nullopt},
    {"++3", std::nullopt},
    {"-1", std::nullopt},
    {"+-1", std::nullopt},
    {"x", std::nullopt},
    {"5x", std::nullopt},
    {"5.0", std::nullopt},
    {"0x10", std::nullopt},
    {"1e3", std::nullopt},
    {"\0005"sv, std::nullopt},
    {"18446744073709551616", std::nullopt},
    {"99999999999999999999999", std::nullopt},
};

}  // namespace

TEST_CASE("stored values are numbers as leniently as memcached has it, and no more") {
  for (const Case& c : cases) {
    CAPTURE(std::string(c.text));
    const auto number = parse_stored_number(c.text);
    CHECK(number.has_value() == c.number.has_value());
    CHECK(number.value_or(0) == c.number.value_or(0));
  }
}

}  // namespace ringcached::shard
