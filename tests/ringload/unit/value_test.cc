// A value is recognised whole and in pieces, and so is every byte of it that is wrong.
#include "ringload/value.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <string>

#include "joined.h"
#include "ringload/keys.h"

namespace ringload {
namespace {

constexpr uint64_t key = 123'456'789'012;

std::string value_of(uint64_t of, uint32_t number, uint32_t size) {
  Outgoing out;
  append_value(out, of, number, size);
  return joined(out.slices());
}

/// Fed in pieces of this size.
bool is_right(const std::string& value, size_t piece) {
  ValueCheck check;
  check.begin(key, static_cast<uint32_t>(value.size()));
  for (size_t at = 0; at < value.size(); at += piece) {
    check.feed(std::string_view(value).substr(at, piece));
    check.feed("");
  }
  CHECK(check.left() == 0);
  CHECK(check.is_right() == is_value_of(key, value));
  return check.is_right();
}

TEST_CASE("a value is right, in pieces of any size") {
  for (const uint32_t size :
       {0u, 1u, 7u, 15u, 16u, 17u, 100u, 4096u, 61'000u, 61'001u, 61'017u, 200'000u}) {
    CAPTURE(size);
    const std::string value = value_of(key, 4'000'000'000u + size, size);
    for (const size_t piece : {1u, 2u, 5u, 16u, 100u, 16'384u, 1'000'000u})
      CHECK(is_right(value, piece));
  }
}

TEST_CASE("each wrong bit is seen") {
  for (const uint32_t size : {1u, 15u, 16u, 17u, 40u}) {
    const std::string value = value_of(key, 77, size);
    for (uint32_t at = 0; at < size; ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string wrong = value;
        wrong[at] = static_cast<char>(wrong[at] ^ (1 << bit));
        CHECK_FALSE(is_right(wrong, 1000));
        CHECK_FALSE(is_right(wrong, 3));
      }
    }
  }
}

TEST_CASE("a wrong byte deep inside is named") {
  std::string value = value_of(key, 5, 150'000);
  value[123'456] = static_cast<char>(value[123'456] ^ 0x40);
  ValueCheck check;
  check.begin(key, 150'000);
  check.feed(value);
  CHECK_FALSE(check.is_right());
  CHECK(check.complaint().find("byte 123456 of the 150000 bytes of key 123456789012") == 0);
}

TEST_CASE("values of another key, of another size, of two sets, or shifted are wrong") {
  CHECK_FALSE(is_right(value_of(key + 1, 5, 100), 1000));
  CHECK_FALSE(is_right(value_of(key + 1, 5, 10), 1000));
  CHECK_FALSE(is_right(value_of(key, 5, 101).substr(0, 100), 1000));
  CHECK_FALSE(is_right(value_of(key, 5, 60).substr(0, 50) + value_of(key, 6, 60).substr(50), 1000));
  const std::string large = value_of(key, 5, 300'000);
  for (const size_t page : {4096u, 16'384u, 65'536u}) {
    CAPTURE(page);
    std::string shifted = large;
    std::copy(large.begin() + static_cast<long>(2 * page),
              large.begin() + static_cast<long>(3 * page),
              shifted.begin() + static_cast<long>(page));
    CHECK_FALSE(is_right(shifted, 1'000'000));
  }
}

TEST_CASE("two sets of a key differ, even in the few bytes of a head") {
  CHECK(value_of(key, 1, 16) != value_of(key, 2, 16));
  CHECK(value_of(key, 1, 15) == value_of(key, 2, 15));
}

TEST_CASE("keys are decimal numbers of their size") {
  for (const uint32_t size : {15u, 16u, 17u, 20u, 24u, 25u, 250u}) {
    const Keys keys{Sizes(size), Sizes(1)};
    for (uint64_t number = 1; number < uint64_t{1} << 48; number = number * 3 + 7) {
      std::string text(keys.room(), '#');
      const char* const end = keys.write(text.data(), number);
      CHECK(end == text.data() + size);
      const std::string digits = std::to_string(number);
      CHECK(text.substr(0, size) == std::string(size - digits.size(), '0') + digits);
    }
  }
}

TEST_CASE("short keys are decimal numbers too") {
  for (const uint32_t size : {1u, 2u, 7u, 8u, 9u}) {
    const Keys keys{Sizes(size), Sizes(1)};
    for (const uint64_t number : {0u, 1u, 9u}) {
      std::string text(keys.room(), '#');
      keys.write(text.data(), number);
      CHECK(text.substr(0, size) == std::string(size - 1, '0') + std::to_string(number));
    }
  }
}

TEST_CASE("a key keeps its sizes") {
  const Keys keys{*Sizes::parse("10-20"), *Sizes::parse("0-1000")};
  bool differ = false;
  for (uint64_t number = 0; number < 100; ++number) {
    CHECK(keys.key_size(number) == keys.key_size(number));
    CHECK(keys.value_size(number) == keys.value_size(number));
    differ |= keys.value_size(number) != keys.value_size(0);
  }
  CHECK(differ);
}

}  // namespace
}  // namespace ringload
