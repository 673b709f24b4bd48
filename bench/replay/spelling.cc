#include "replay/spelling.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "replay/random.h"

namespace replay {

namespace {

constexpr size_t piece_size = 16;
using Piece = std::array<char, piece_size>;

Piece digits_of(uint64_t number) {
  Piece digits;
  for (size_t i = piece_size; i-- > 0; number >>= 4) digits[i] = "0123456789abcdef"[number & 15];
  return digits;
}

/// The sixteen bytes of a value from 16 * `index` on.
Piece piece_of(uint64_t key, uint64_t size, uint64_t index) {
  if (index == 0) return digits_of(key);
  if (index == 1) return digits_of(scramble(key + scramble(size)));
  const uint64_t word = scramble(key + index);
  Piece piece;
  std::memcpy(piece.data(), &word, sizeof(word));
  std::memcpy(piece.data() + sizeof(word), &index, sizeof(index));
  return piece;
}

}  // namespace

void append_key(std::string& out, uint64_t key, uint32_t size) {
  const Piece digits = digits_of(key);
  out.append(size - key_size_min, '0');
  out.append(digits.data(), digits.size());
}

void append_value(std::string& out, uint64_t key, uint32_t size) {
  for (size_t at = 0; at < size; at += piece_size) {
    const Piece piece = piece_of(key, size, at / piece_size);
    out.append(piece.data(), std::min(piece_size, size - at));
  }
}

bool is_value_of(uint64_t key, std::string_view value) {
  for (size_t at = 0; at < value.size(); at += piece_size) {
    const Piece piece = piece_of(key, value.size(), at / piece_size);
    const size_t length = std::min(piece_size, value.size() - at);
    if (std::memcmp(piece.data(), value.data() + at, length) != 0) return false;
  }
  return true;
}

}  // namespace replay
