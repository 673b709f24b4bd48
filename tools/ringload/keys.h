// How a key's number is spelled: as a decimal number with zeros in front, up to the key's size.
#pragma once

#include <cstdint>
#include <cstring>

#include "replay/random.h"
#include "ringload/sizes.h"

namespace ringload {

/// Eight digits of a number below 10^8 as they lie in memory, the first one lowest. Halves are
/// split with multiplications, all at once: a third of the time of a division per digit.
constexpr uint64_t eight_digits(uint32_t number) {
  const uint64_t fours = number / 10000 | uint64_t{number % 10000} << 32;
  const uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007f0000007f;  // 10486 / 2^20: 1 / 100
  const uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
  const uint64_t tens = (twos * 103 >> 10) & 0x000f000f000f000f;  // 103 / 2^10: 1 / 10
  return (tens | (twos - tens * 10) << 8) + 0x3030303030303030;
}

/// The text of a key, and the size of its value. Both follow from the number alone.
class Keys {
 public:
  Keys(const Sizes& key_sizes, const Sizes& value_sizes)
      : key_sizes_(key_sizes), value_sizes_(value_sizes) {}

  uint32_t key_size(uint64_t key) const {
    return key_sizes_.is_one() ? key_sizes_.least() : key_sizes_.of(replay::scramble(key ^ salt));
  }
  uint32_t value_size(uint64_t key) const {
    return value_sizes_.is_one() ? value_sizes_.least() : value_sizes_.of(replay::scramble(~key));
  }

  /// Bytes that write() may touch.
  uint32_t room() const { return key_sizes_.most() + 8; }

  /// Writes key_size(key) bytes at `out`; returns their end. What lies up to room() is lost.
  char* write(char* out, uint64_t key) const {
    char* const end = out + key_size(key);
    char* at = out;
    do {
      std::memcpy(at, "00000000", 8);
      at += 8;
    } while (at < end);
    at = end;
    if (key < eight && at - out >= 8) {  // nearly always, and quicker without divisions
      const uint64_t digits = eight_digits(static_cast<uint32_t>(key));
      std::memcpy(at - 8, &digits, 8);
      return end;
    }
    for (; at - out >= 8 && key != 0; key /= eight) {
      const uint64_t digits = eight_digits(static_cast<uint32_t>(key % eight));
      at -= 8;
      std::memcpy(at, &digits, 8);
    }
    for (; key != 0; key /= 10) *--at = static_cast<char>('0' + key % 10);
    return end;
  }

 private:
  static constexpr uint64_t salt = 0x6b6579;
  static constexpr uint64_t eight = 100'000'000;

  Sizes key_sizes_, value_sizes_;
};

}  // namespace ringload
