// Reads a stored value as the number that incr and decr work on, as leniently as memcached does.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ringcached::shard {

/// A number is looked for in so many bytes at the front of a value. Guess: leading white space and
/// zeros beyond that are not worth a longer read.
inline constexpr size_t numeric_text_max = 512;

constexpr bool is_white(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// White space, an optional +, at least one digit; then the end, white space or a zero byte, and
/// anything behind those (probed: `5 6` counts as 5). Nothing above 64 bits.
inline std::optional<uint64_t> parse_stored_number(std::string_view text) {
  size_t at = 0;
  while (at < text.size() && is_white(text[at])) ++at;
  if (at < text.size() && text[at] == '+') ++at;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  if (end == text.data() + text.size() || is_white(*end) || *end == '\0') return number;
  return std::nullopt;
}

}  // namespace ringcached::shard
