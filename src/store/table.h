// The index of a partition: from a hash to the items that may have it.
//
// Owner: one core. A bucket is one cache line of eight slots, each a 16-bit tag and a 48-bit
// pointer, so a miss costs one line and a hit two. A full bucket's last slot turns into a link to
// an overflow bucket (an item's address is even, a link has its lowest bit set). Invariants: slots
// are taken from the front without gaps, along the whole chain; an overflow bucket has at least two
// items.
//
// Linear hashing: the table grows by one bucket at a time, splitting the next in line, so that no
// insert pays for more than one bucket's items. Buckets lie in segments, the first as large as the
// table at its start, each next one as large as all before it together; a segment is only addresses
// until its buckets come into use.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/hash.h"
#include "ringcached/key.h"
#include "store/arena.h"
#include "store/item.h"

namespace ringcached::store {

inline constexpr uint32_t bucket_slots = 8;

class Table {
 public:
  Table(Arena&, const KeyHasher&, uint32_t initial_buckets);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  Item* find(const Key& key) const;
  void prefetch_bucket(uint64_t hash) const { __builtin_prefetch(&home_of(hash)); }
  /// After prefetch_bucket had time to work. false: it may lie in an overflow bucket; that is on
  /// its way, and then prefetch_overflown can go on.
  bool prefetch_item(uint64_t hash) const;
  void prefetch_overflown(uint64_t hash) const;

  /// Makes sure that so many inserts cannot fail; false: no memory for that.
  bool reserve(uint64_t inserts);
  void insert(uint64_t hash, Item& item);
  void replace(uint64_t hash, const Item& old, Item& item);
  void erase(uint64_t hash, const Item& item);

  uint64_t size() const { return size_; }
  uint64_t buckets() const { return count_; }
  /// Memory in use: buckets, overflow buckets.
  uint64_t bytes() const { return (count_ + overflow_total_) * sizeof(Bucket); }

  void verify() const;
  /// Of the bucket of this hash.
  void verify_bucket(uint64_t hash) const;

 private:
  struct alignas(64) Bucket {
    std::array<uint64_t, bucket_slots> slots;
  };
  static_assert(sizeof(Bucket) == 64);

  /// Where an entry is, and the bucket that links to its bucket (null for a home bucket).
  struct Place {
    Bucket* bucket = nullptr;
    Bucket* before = nullptr;
    uint32_t slot = 0;
  };

  static size_t alignment_of(size_t buckets);

  static constexpr uint64_t pointer_mask = (uint64_t{1} << 48) - 1;
  static constexpr uint32_t last_slot = bucket_slots - 1;

  static uint64_t entry_of(uint64_t hash, const Item& item) {
    return (uint64_t{tag_of(hash)} << 48) | reinterpret_cast<uintptr_t>(&item);
  }
  static Item* item_of(uint64_t entry) { return reinterpret_cast<Item*>(entry & pointer_mask); }
  static bool is_link(uint64_t entry) { return (entry & 1) != 0; }
  static Bucket* bucket_of(uint64_t link) { return reinterpret_cast<Bucket*>(link - 1); }
  static uint64_t link_to(const Bucket* bucket) { return reinterpret_cast<uintptr_t>(bucket) + 1; }

  uint32_t index_of(uint64_t hash) const {
    const uint32_t index = bucket_bits_of(hash) & mask_;
    return index < count_ ? index : index & (mask_ >> 1);
  }
  Bucket& bucket_at(uint32_t index) const;
  Bucket& home_of(uint64_t hash) const { return bucket_at(index_of(hash)); }
  static uint32_t slots_with(const Bucket& bucket, uint64_t tag);
  static bool prefetch_item_in(const Bucket& bucket, uint64_t tag);
  Place place_of(uint64_t hash, const Item& item) const;
  void append(Bucket& home, uint64_t entry);
  bool grow();
  bool add_segment();
  void redistribute(Bucket& home);
  uint32_t source_of(uint64_t split) const { return static_cast<uint32_t>(split) & (mask_ >> 1); }
  static void prefetch_keys(const Bucket& bucket);
  Bucket* take_overflow();
  void free_overflow(Bucket* bucket);
  bool add_overflow_block();
  uint64_t verify_chain(uint32_t index, uint64_t* overflow) const;

  Arena& arena_;
  const KeyHasher& hasher_;
  uint32_t count_ = 0;        // buckets in use
  uint32_t mask_ = 0;         // the next power of two above count_ - 1, less one
  uint32_t first_shift_ = 0;  // log2 of the first segment's buckets
  uint32_t segments_ = 0;
  uint64_t size_ = 0;
  uint64_t overflow_free_ = 0;
  uint64_t overflow_total_ = 0;
  Bucket* overflow_head_ = nullptr;  // free ones, linked by their first slot
  // Where bucket 0 would be if the segment began there: no subtraction on the way to a bucket.
  std::array<uintptr_t, 33> segment_base_{};
  Bucket* overflow_blocks_ = nullptr;  // all blocks, linked by the first slot of their first bucket
};

inline Table::Bucket& Table::bucket_at(uint32_t index) const {
  const uint32_t above = index >> first_shift_;
  const int segment = above == 0 ? 0 : 32 - __builtin_clz(above);
  return *reinterpret_cast<Bucket*>(segment_base_[static_cast<size_t>(segment)] +
                                    uintptr_t{index} * sizeof(Bucket));
}

/// A bit for each slot with this tag; empty slots and links have tag 0. Without a branch: which
/// slot it is cannot be predicted, and a wrong guess would wait for the bucket's line.
inline uint32_t Table::slots_with(const Bucket& bucket, uint64_t tag) {
  uint32_t found = 0;
  for (uint32_t i = 0; i < bucket_slots; ++i) {
    found |= static_cast<uint32_t>(bucket.slots[i] >> 48 == tag) << i;
  }
  return found;
}

inline Item* Table::find(const Key& key) const {
  const uint64_t tag = tag_of(key.hash);
  const Bucket* bucket = &home_of(key.hash);
  for (;;) {
    for (uint32_t found = slots_with(*bucket, tag); found != 0; found &= found - 1) {
      const uint64_t entry = bucket->slots[static_cast<size_t>(std::countr_zero(found))];
      if (entry == 0 || is_link(entry)) continue;
      Item* item = item_of(entry);
      if (item->key() == key.bytes) return item;
    }
    if (!is_link(bucket->slots[last_slot])) return nullptr;
    bucket = bucket_of(bucket->slots[last_slot]);
  }
}

}  // namespace ringcached::store
