// The ghost of a class: fingerprints of what was evicted lately, to know it when it comes back.
//
// Owner: one core. A bucket is one 64-bit word of four 16-bit fingerprints, the newest lowest; what
// is shifted out is forgotten. A false hit (4 in 65,536) costs one item a place in main. It follows
// the size of its class by a few buckets at a time, as a linear hash.
#pragma once

#include <cstdint>

#include "base/prefetch.h"
#include "ringcached/key.h"
#include "store/linear_buckets.h"

namespace ringcached::store {

class Ghost {
 public:
  static constexpr int bytes_per_place = 2;

  explicit Ghost(Arena& arena) : words_(arena, Allocation::Ghost) {}

  /// Called before each add: a few steps towards room for about `objects` fingerprints. Growing is
  /// faster than any adding; it shrinks when a fifth of the room is left over. Without memory it
  /// stays as it is.
  void fit(uint64_t objects);
  void add(uint64_t hash);
  void prefetch(uint64_t hash) const {
    if (words_.count() != 0) prefetch_line(&word_of(hash));
  }
  /// Was it here? It is forgotten by asking.
  bool take(uint64_t hash);
  uint64_t bytes() const { return words_.count() * sizeof(uint64_t); }

 private:
  static constexpr uint32_t words_min = 16;

  bool grow();
  void shrink();
  uint64_t& word_of(uint64_t hash) const { return words_[words_.index_of(bucket_bits_of(hash))]; }

  LinearBuckets<uint64_t> words_;
};

}  // namespace ringcached::store
