#include "ringload/value.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/assert.h"
#include "replay/random.h"

namespace ringload {

namespace {

using replay::scramble;

constexpr uint64_t key_factor = 0x9e3779b97f4a7c15;   // odd, as random as can be: the golden ratio
constexpr uint64_t hash_factor = 0xd6e8feb86659fd93;  // odd, random

using Head = std::array<char, value_head_size>;

/// The stream's period: a prime, so that bytes which lie a page or a segment too far differ.
constexpr uint32_t noise_size = 61'001;
/// Places where the noise of a value may begin: few, so that small values stay in the L1 cache.
constexpr uint32_t starts = 4096;
/// Noise from here on is sent from where it lies. Guess: a copy within the caches costs less than a
/// further slice of a send.
constexpr size_t borrowed_from = 8192;

struct Noise {
  std::array<char, noise_size> bytes;
  Noise() {
    replay::Random random(0x6e6f697365);
    for (char& byte : bytes) byte = static_cast<char>(random.next());
  }
};

const Noise noise;

/// The longest piece of noise in one place for byte `at` of a value and those behind it.
std::string_view noise_for(uint32_t number, uint32_t at) {
  const uint32_t from = (number % starts + (at - value_head_size)) % noise_size;
  return {noise.bytes.data() + from, noise_size - from};
}

Head short_value(uint64_t key, uint32_t size) {
  const uint64_t hash = scramble(key + scramble(size)), more = scramble(hash);
  Head head;
  std::memcpy(head.data(), &hash, 8);
  std::memcpy(head.data() + 8, &more, 8);
  return head;
}

/// One multiplication by an odd number: the upper half depends on every bit of all three.
uint32_t check_of(uint64_t key, uint32_t number, uint32_t size) {
  return static_cast<uint32_t>(
      (((uint64_t{number} << 32 | size) ^ key * key_factor) * hash_factor) >> 32);
}

Head head_of(uint64_t key, uint32_t number, uint32_t size) {
  if (size < value_head_size) return short_value(key, size);
  const uint32_t check = check_of(key, number, size);
  Head head;
  std::memcpy(head.data(), &key, 8);
  std::memcpy(head.data() + 8, &number, 4);
  std::memcpy(head.data() + 12, &check, 4);
  return head;
}

size_t first_difference(const char* a, const char* b, size_t size) {
  return static_cast<size_t>(std::mismatch(a, a + size, b).first - a);
}

}  // namespace

void append_value(Outgoing& out, uint64_t key, uint32_t number, uint32_t size) {
  const Head head = head_of(key, number, size);
  char* text = out.room(value_head_size);
  std::memcpy(text, head.data(), value_head_size);
  out.end_at(text + std::min(size, value_head_size));
  for (uint32_t at = value_head_size; at < size;) {
    const std::string_view piece = noise_for(number, at).substr(0, size - at);
    if (piece.size() < borrowed_from || !out.borrow(piece)) {
      text = out.room(piece.size());
      std::memcpy(text, piece.data(), piece.size());
      out.end_at(text + piece.size());
    }
    at += static_cast<uint32_t>(piece.size());
  }
}

bool is_value_of(uint64_t key, std::string_view value) {
  const uint32_t size = static_cast<uint32_t>(value.size());
  if (size < value_head_size) {
    return std::memcmp(value.data(), short_value(key, size).data(), size) == 0;
  }
  uint64_t stated_key = 0;
  uint32_t number = 0, check = 0;
  std::memcpy(&stated_key, value.data(), 8);
  std::memcpy(&number, value.data() + 8, 4);
  std::memcpy(&check, value.data() + 12, 4);
  if (stated_key != key || check != check_of(key, number, size)) return false;
  const char* at = value.data() + value_head_size;
  for (uint32_t left = size - value_head_size, from = number % starts; left > 0; from = 0) {
    const uint32_t piece = std::min(left, noise_size - from);
    if (std::memcmp(at, noise.bytes.data() + from, piece) != 0) return false;
    at += piece;
    left -= piece;
  }
  return true;
}

void ValueCheck::feed(std::string_view bytes) {
  RC_ASSERT(bytes.size() <= left());
  if (bytes.empty()) return;  // the head may be judged already
  if (at_ < value_head_size) {
    const size_t part = std::min<size_t>(bytes.size(), value_head_size - at_);
    feed_head(bytes.substr(0, part));
    bytes.remove_prefix(part);
  }
  while (!bytes.empty()) {
    const std::string_view piece = noise_for(number_, at_).substr(0, bytes.size());
    if (std::memcmp(piece.data(), bytes.data(), piece.size()) != 0) {
      const size_t at = first_difference(piece.data(), bytes.data(), piece.size());
      note_wrong(at_ + static_cast<uint32_t>(at), bytes[at]);
    }
    at_ += static_cast<uint32_t>(piece.size());
    bytes.remove_prefix(piece.size());
  }
}

void ValueCheck::feed_head(std::string_view bytes) {
  const uint32_t size = std::min(size_, value_head_size);
  if (bytes.size() == size) {
    judge_head(bytes.data(), size);
    at_ = size;
    return;
  }
  std::memcpy(head_.data() + at_, bytes.data(), bytes.size());
  at_ += static_cast<uint32_t>(bytes.size());
  if (at_ == size) judge_head(head_.data(), size);
}

void ValueCheck::judge_head(const char* head, uint32_t size) {
  number_ = 0;
  if (size == value_head_size) std::memcpy(&number_, head + 8, 4);
  const Head expected = head_of(key_, number_, size_);
  if (std::memcmp(head, expected.data(), size) == 0) return;
  const size_t at = first_difference(head, expected.data(), size);
  note_wrong(static_cast<uint32_t>(at), head[at]);
}

void ValueCheck::note_wrong(uint32_t at, char is) {
  if (wrong_at_) return;
  wrong_at_ = at;
  wrong_byte_ = is;
}

std::string ValueCheck::complaint() const {
  RC_ASSERT(wrong_at_);
  char text[120];
  std::snprintf(text, sizeof text, "byte %u of the %u bytes of key %llu is 0x%02x", *wrong_at_,
                size_, static_cast<unsigned long long>(key_),
                static_cast<unsigned>(static_cast<unsigned char>(wrong_byte_)));
  return text;
}

}  // namespace ringload
