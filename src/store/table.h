// The index of a partition: from a hash to the items that may have it.
//
// Owner: one core. A bucket is one cache line of ten entries (bucket.h), so a miss costs one line
// and a hit two. A full bucket leads to an overflow bucket. Invariants: entries are taken from the
// front without gaps, along the whole chain; an overflow bucket has at least one.
//
// Linear hashing: the table grows by one bucket at a time, splitting the next in line, so that no
// insert pays for more than one bucket's items.
#pragma once

#include <cstdint>

#include "base/hash.h"
#include "base/prefetch.h"
#include "ringcached/key.h"
#include "store/arena.h"
#include "store/bucket.h"
#include "store/bucket_space.h"
#include "store/item.h"
#include "store/linear_buckets.h"
#include "store/page_directory.h"

namespace ringcached::store {

/// The table grows when there are more items than so many per bucket. With the overflow buckets
/// (Poisson; bench/store_bench.cc agrees) that is 9.8 bytes an item in the mean of a doubling, 10.1
/// at worst, and one item in eleven lies in an overflow bucket. At 7: 10.5 bytes and one in
/// seventeen; at 10: 9.1 bytes and one in six, which makes misses half as dear again.
inline constexpr uint64_t bucket_items = 8;
class Table {
 public:
  /// Items are those of `pages`, which must outlive the table. It begins with fewer buckets where
  /// there is no memory for so many.
  Table(Arena&, const PageDirectory& pages, const KeyHasher&, uint32_t initial_buckets);
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  Item* find(const Key& key) const;
  void prefetch_bucket(uint64_t hash) const { prefetch_line(&home_of(hash)); }
  /// After prefetch_bucket had time to work. false: it may lie in an overflow bucket; that is on
  /// its way, and then prefetch_overflown can go on.
  bool prefetch_item(uint64_t hash) const;
  void prefetch_overflown(uint64_t hash) const;

  /// Makes sure that so many inserts cannot fail; false: no memory for that.
  bool reserve(uint64_t inserts);
  void insert(uint64_t hash, const Item& item);
  void replace(uint64_t hash, const Item& old, const Item& item);
  void erase(uint64_t hash, const Item& item);

  uint64_t size() const { return size_; }
  uint64_t buckets() const { return homes_.count(); }
  /// Memory in use: buckets, overflow buckets.
  uint64_t bytes() const { return (homes_.count() + overflow_used_) * sizeof(Bucket); }

  void verify() const;
  /// Of the bucket of this hash.
  void verify_bucket(uint64_t hash) const;

 private:
  /// Where an entry is, and the bucket that leads to its bucket (null for a home bucket).
  struct Place {
    Bucket* bucket = nullptr;
    Bucket* before = nullptr;
    uint32_t slot = 0;
  };

  uint32_t index_of(uint64_t hash) const { return homes_.index_of(bucket_bits_of(hash)); }
  Bucket& home_of(uint64_t hash) const { return homes_[index_of(hash)]; }
  Item& item_at(Ref ref) const { return *static_cast<Item*>(pages_.chunk_at(ref)); }
  bool prefetch_item_in(const Bucket& bucket, uint16_t tag) const;
  void prefetch_keys(const Bucket& bucket) const;
  Place place_of(uint64_t hash, const Item& item) const;
  void append(Bucket& home, uint16_t tag, Ref ref);
  bool grow();
  void redistribute(Bucket& home);
  uint32_t take_overflow();
  void free_overflow(uint32_t number);
  uint64_t verify_chain(uint32_t index, uint64_t* overflow) const;

  const PageDirectory& pages_;
  const KeyHasher& hasher_;
  LinearBuckets<Bucket> homes_;
  BucketSpace<Bucket> overflow_;
  uint64_t size_ = 0;
  uint32_t overflow_used_ = 1;  // numbers below this were taken at least once; 0 never is
  uint32_t overflow_free_ = 0;  // of those, how many are free
  uint32_t overflow_head_ = 0;  // the free ones, linked by `more`
};

inline Item* Table::find(const Key& key) const {
  const uint16_t tag = entry_tag_of(key.hash);
  for (const Bucket* bucket = &home_of(key.hash);;) {
    for (uint32_t left = bucket->matches(tag); left != 0; left &= left - 1) {
      Item& item = item_at(bucket->refs[first_of(left)]);
      if (item.key() == key.bytes) return &item;
    }
    if (bucket->more == 0) return nullptr;
    bucket = &overflow_.at(bucket->more);
  }
}

inline bool Table::prefetch_item_in(const Bucket& bucket, uint16_t tag) const {
  const uint32_t found = bucket.matches(tag);
  if (found == 0) return false;
  item_at(bucket.refs[first_of(found)]).prefetch();
  return true;
}

inline bool Table::prefetch_item(uint64_t hash) const {
  const Bucket& home = home_of(hash);
  if (prefetch_item_in(home, entry_tag_of(hash)) || home.more == 0) return true;
  prefetch_line(&overflow_.at(home.more));
  return false;
}

}  // namespace ringcached::store
