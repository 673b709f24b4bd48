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

/// A key of 19 bytes, "memtier-" and eleven digits. It does not move: the key is a view into it.
class NumberedKey {
 public:
  NumberedKey() = default;
  NumberedKey(const NumberedKey&) = delete;
  NumberedKey& operator=(const NumberedKey&) = delete;

  void make(const KeyHasher& hasher, uint64_t number) {
    std::string_view("memtier-").copy(text_.data(), digits_at);
    for (size_t at = text_.size(); at-- > digits_at; number /= 10) {
      text_[at] = static_cast<char>('0' + number % 10);
    }
    const std::string_view bytes(text_.data(), text_.size());
    key_ = Key{bytes, hasher(bytes)};
  }
  const Key& key() const { return key_; }

 private:
  static constexpr size_t digits_at = 8;

  std::array<char, 19> text_;
  Key key_;
};

/// A block of them.
class NumberedKeys {
 public:
  static constexpr size_t capacity = 1024;

  explicit NumberedKeys(const KeyHasher& hasher) : hasher_(hasher) {}

  /// All anew: the key of the number that next() gives, one after the other.
  template <class Next>
  void fill(Next&& next) {
    for (NumberedKey& each : keys_) each.make(hasher_, next());
  }
  const Key& operator[](size_t i) const { return keys_[i].key(); }

 private:
  KeyHasher hasher_;
  std::array<NumberedKey, capacity> keys_;
};

}  // namespace ringcached
