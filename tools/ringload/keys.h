// How a key's number is spelled: as a decimal number with zeros in front, up to the key's size.
#pragma once

#include <cstring>

#include "replay/random.h"
#include "ringload/sizes.h"

namespace ringload {

/// The text of a key, and the size of its value. Both follow from the number alone.
class Keys {
 public:
  Keys(const Sizes& key_sizes, const Sizes& value_sizes)
      : key_sizes_(key_sizes), value_sizes_(value_sizes) {}

  uint32_t key_size_max() const { return key_sizes_.most(); }

  uint32_t key_size(uint64_t key) const {
    return key_sizes_.is_one() ? key_sizes_.least() : key_sizes_.of(replay::scramble(key ^ salt));
  }
  uint32_t value_size(uint64_t key) const {
    return value_sizes_.is_one() ? value_sizes_.least() : value_sizes_.of(replay::scramble(~key));
  }

  /// Writes key_size(key) bytes at `out`; returns their end.
  char* write(char* out, uint64_t key) const {
    char* const end = out + key_size(key);
    char* at = end;
    do {
      *--at = static_cast<char>('0' + key % 10);
      key /= 10;
    } while (key != 0);
    std::memset(out, '0', static_cast<size_t>(at - out));
    return end;
  }

 private:
  static constexpr uint64_t salt = 0x6b6579;

  Sizes key_sizes_, value_sizes_;
};

}  // namespace ringload
