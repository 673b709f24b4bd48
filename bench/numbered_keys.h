// Hashed keys made of numbers, in blocks small enough to stay in the cache, as received bytes do.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/hash.h"
#include "ringcached/key.h"

namespace ringcached {

/// Random numbers, the same everywhere, for a nanosecond each (the generator splitmix64).
class NumberStream {
 public:
  explicit NumberStream(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t x = state_ += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }
  uint64_t below(uint64_t limit) { return next() % limit; }

 private:
  uint64_t state_;
};

/// Keys of 19 bytes, "memtier-" and eleven digits. They lie in the block: it does not move.
class NumberedKeys {
 public:
  static constexpr size_t capacity = 1024;
  static constexpr size_t key_size = 19;

  explicit NumberedKeys(const KeyHasher& hasher) : hasher_(hasher) {}
  NumberedKeys(const NumberedKeys&) = delete;
  NumberedKeys& operator=(const NumberedKeys&) = delete;

  /// All places anew: the key of the number that next() gives, one after the other.
  template <class Next>
  void fill(Next&& next) {
    for (size_t i = 0; i < capacity; ++i) put(i, next());
  }
  const Key& operator[](size_t i) const { return keys_[i]; }

 private:
  void put(size_t place, uint64_t number) {
    char* text = texts_[place].data();
    std::string_view("memtier-").copy(text, 8);
    for (size_t at = key_size; at-- > 8; number /= 10)
      text[at] = static_cast<char>('0' + number % 10);
    const std::string_view bytes(text, key_size);
    keys_[place] = Key{bytes, hasher_(bytes)};
  }

  KeyHasher hasher_;
  std::array<std::array<char, key_size>, capacity> texts_;
  std::array<Key, capacity> keys_;
};

}  // namespace ringcached
