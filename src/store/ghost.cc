#include "store/ghost.h"

#include <algorithm>

namespace ringcached::store {

namespace {

constexpr uint64_t places = 4;  // per word
/// Words per call of fit(): one line of the cache.
constexpr uint32_t steps = 8;
/// Shrinks when it has so many places per object, as a fraction.
constexpr uint64_t slack_numerator = 5, slack_denominator = 4;

/// Never 0, which is an empty place.
uint64_t fingerprint_of(uint64_t hash) {
  return std::max<uint64_t>(tag_of(hash), 1);
}

}  // namespace

void Ghost::fit(uint64_t objects) {
  const uint64_t wanted = std::max<uint64_t>(objects / places, words_min);
  for (uint32_t i = 0; i < steps; ++i) {
    if (words_.count() < wanted) {
      if (!grow()) return;
    } else if (words_.count() * slack_denominator > wanted * slack_numerator) {
      shrink();
    } else {
      return;
    }
  }
}

/// A new word begins as a copy of the one it is split from: which of the two a fingerprint belongs
/// to is not known any more.
bool Ghost::grow() {
  if (words_.count() == 0) return words_.start(words_min);
  if (!words_.add()) return false;
  const uint32_t last = words_.count() - 1;
  words_[last] = words_[words_.source_of(last)];
  return true;
}

/// The two newest of each stay.
void Ghost::shrink() {
  constexpr uint64_t newest = 0xffffffff;
  const uint32_t last = words_.count() - 1;
  uint64_t& word = words_[words_.source_of(last)];
  word = (word & newest) | (words_[last] & newest) << 32;
  words_.remove_last();
}

void Ghost::add(uint64_t hash) {
  if (words_.count() == 0) return;
  uint64_t& word = word_of(hash);
  word = (word << 16) | fingerprint_of(hash);
}

bool Ghost::take(uint64_t hash) {
  if (words_.count() == 0) return false;
  uint64_t& word = word_of(hash);
  const uint64_t wanted = fingerprint_of(hash);
  for (int shift = 0; shift < 64; shift += 16) {
    if (((word >> shift) & 0xffff) != wanted) continue;
    const uint64_t newer = word & ((uint64_t{1} << shift) - 1);
    const uint64_t older = shift == 48 ? 0 : word >> (shift + 16) << shift;
    word = older | newer;
    return true;
  }
  return false;
}

}  // namespace ringcached::store
