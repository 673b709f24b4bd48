// Decimal numbers as the protocols spell them, read and written without a locale or an allocation.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ringcached {

/// The most digits of an unsigned 64-bit number.
inline constexpr size_t digits_max = 20;

/// All of `text` is an unsigned decimal number; nothing else, not even a sign.
inline std::optional<uint64_t> parse_unsigned(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// All of `text` is a signed decimal number.
inline std::optional<int64_t> parse_signed(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Writes `number` at `out`, which has room for digits_max; returns the end.
inline char* write_digits(char* out, uint64_t number) {
  if (number < 10) {  // as client flags nearly always are
    *out = static_cast<char>('0' + number);
    return out + 1;
  }
  return std::to_chars(out, out + digits_max, number).ptr;
}

}  // namespace ringcached
