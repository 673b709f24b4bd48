#include "store/ghost.h"

#include <algorithm>

#include "ringcached/key.h"
#include "store/room.h"

namespace ringcached::store {

namespace {

/// Beyond this many words a resized ghost starts empty: copying would hold the core up for longer
/// than about 50 us.
constexpr size_t copied_words_max = 32 * 1024;

/// Never 0, which is an empty slot.
uint64_t fingerprint_of(uint64_t hash) {
  return std::max<uint64_t>(tag_of(hash), 1);
}

}  // namespace

void Ghost::add(uint64_t hash) {
  if (words_.empty()) return;
  uint64_t& word = words_[place_of(hash)];
  word = (word << 16) | fingerprint_of(hash);
}

bool Ghost::take(uint64_t hash) {
  if (words_.empty()) return false;
  uint64_t& word = words_[place_of(hash)];
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

/// Buckets are chosen by the hash's share of the whole, so that a bucket of the new size finds what
/// it knew about where the old one of the same share was.
void Ghost::resize(uint64_t objects, FaultPlan& faults) {
  const uint64_t count = std::max(objects, slots_min) / 4;
  std::vector<uint64_t> resized;
  if (!make_room(resized, count, faults, Allocation::Ghost)) return;
  resized.resize(count);
  if (!words_.empty() && count <= copied_words_max && words_.size() <= copied_words_max) {
    for (uint64_t i = 0; i < count; ++i) resized[i] = words_[i * words_.size() / count];
  }
  words_ = std::move(resized);
}

}  // namespace ringcached::store
