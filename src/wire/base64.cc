#include "wire/base64.h"

#include <array>
#include <cstdint>

namespace ringcached::wire {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static_assert(alphabet.size() == 64);
constexpr char padding = '=';
constexpr uint8_t not_of_it = 0xff;

/// The six bits that each byte stands for; padding counts as a zero.
constexpr auto values = [] {
  std::array<uint8_t, 256> made{};
  made.fill(not_of_it);
  for (size_t i = 0; i < alphabet.size(); ++i) {
    made[static_cast<uint8_t>(alphabet[i])] = static_cast<uint8_t>(i);
  }
  made[static_cast<uint8_t>(padding)] = 0;
  return made;
}();

size_t count_of_alphabet(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += values[static_cast<uint8_t>(c)] != not_of_it ? 1 : 0;
  return count;
}

}  // namespace

size_t decode_base64(std::string_view text, char* out) {
  if (count_of_alphabet(text) % 4 != 0) return 0;
  const char* const begin = out;
  uint32_t group = 0;
  size_t in_group = 0, padded = 0;
  for (const char c : text) {
    const uint8_t value = values[static_cast<uint8_t>(c)];
    if (value == not_of_it) continue;
    if (c == padding) ++padded;
    group = group << 6 | value;
    if (++in_group < 4) continue;
    if (padded > 2) return 0;
    *out++ = static_cast<char>(group >> 16);
    if (padded < 2) *out++ = static_cast<char>(group >> 8);
    if (padded < 1) *out++ = static_cast<char>(group);
    if (padded > 0) break;
    group = 0;
    in_group = 0;
  }
  return static_cast<size_t>(out - begin);
}

char* encode_base64(std::string_view bytes, char* out) {
  while (!bytes.empty()) {
    const size_t taken = bytes.size() < 3 ? bytes.size() : 3;
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i) {
      group = group << 8 | (i < taken ? static_cast<uint8_t>(bytes[i]) : 0u);
    }
    for (size_t i = 0; i < 4; ++i) {
      *out++ = i <= taken ? alphabet[group >> (18 - 6 * i) & 63] : padding;
    }
    bytes.remove_prefix(taken);
  }
  return out;
}

}  // namespace ringcached::wire
