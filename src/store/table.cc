#include "store/table.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"
#include "base/prefetch.h"

namespace ringcached::store {

namespace {

/// Splits per insert: two catch up after a time without memory.
constexpr uint32_t splits_per_insert = 2;
constexpr uint32_t overflow_first = 64;  // buckets, a page of the kernel

}  // namespace

Table::Table(Arena& arena, const PageDirectory& pages, const KeyHasher& hasher,
             uint32_t initial_buckets)
    : pages_(pages),
      hasher_(hasher),
      homes_(arena, Allocation::Buckets),
      overflow_(arena, Allocation::Buckets) {
  uint32_t first = std::bit_ceil(std::max<uint32_t>(initial_buckets, 2));
  while (!homes_.start(first)) {
    RC_ASSERT(first > 2);
    first /= 2;
  }
}

void Table::prefetch_overflown(uint64_t hash) const {
  const uint32_t more = home_of(hash).more;
  if (more != 0) prefetch_item_in(overflow_.at(more), entry_tag_of(hash));
}

bool Table::reserve(uint64_t inserts) {
  while (overflow_.room() + overflow_free_ < overflow_used_ + inserts) {
    if (!(overflow_.room() == 0 ? overflow_.start(overflow_first) : overflow_.grow())) return false;
  }
  return true;
}

void Table::insert(uint64_t hash, const Item& item) {
  append(home_of(hash), entry_tag_of(hash), ref_of(&item));
  ++size_;
  for (uint32_t i = 0; i < splits_per_insert; ++i) {
    if (size_ <= homes_.count() * bucket_items || !grow()) break;
  }
}

void Table::replace(uint64_t hash, const Item& old, const Item& item) {
  const Place place = place_of(hash, old);
  place.bucket->refs[place.slot] = ref_of(&item);
}

/// Fills the hole with the chain's last entry, and frees an overflow bucket that has none left.
void Table::erase(uint64_t hash, const Item& item) {
  const Place hole = place_of(hash, item);
  Place last = hole;
  while (last.bucket->more != 0) {
    last.before = last.bucket;
    last.bucket = &overflow_.at(last.bucket->more);
  }
  last.slot = last.bucket->used() - 1;
  hole.bucket->tags[hole.slot] = last.bucket->tags[last.slot];
  hole.bucket->refs[hole.slot] = last.bucket->refs[last.slot];
  last.bucket->tags[last.slot] = 0;
  --size_;
  if (last.before == nullptr || last.slot != 0) return;
  free_overflow(last.before->more);
  last.before->more = 0;
}

Table::Place Table::place_of(uint64_t hash, const Item& item) const {
  const Ref wanted = ref_of(&item);
  const uint16_t tag = entry_tag_of(hash);
  for (Place place{&home_of(hash), nullptr, 0};;) {
    for (uint32_t left = place.bucket->matches(tag); left != 0; left &= left - 1) {
      place.slot = first_of(left);
      if (place.bucket->refs[place.slot] == wanted) return place;
    }
    RC_ASSERT(place.bucket->more != 0);  // else the item is not in the table
    place.before = place.bucket;
    place.bucket = &overflow_.at(place.bucket->more);
  }
}

/// Takes at most one overflow bucket, which reserve() has seen to.
void Table::append(Bucket& home, uint16_t tag, Ref ref) {
  Bucket* bucket = &home;
  while (bucket->more != 0) bucket = &overflow_.at(bucket->more);
  uint32_t slot = bucket->used();
  if (slot == bucket_slots) {
    bucket->more = take_overflow();
    bucket = &overflow_.at(bucket->more);
    slot = 0;
  }
  bucket->tags[slot] = tag;
  bucket->refs[slot] = ref;
}

/// Splits the next bucket in line. Without memory for it the table stays as it is, only slower.
bool Table::grow() {
  if (!homes_.add()) return false;
  const uint32_t count = homes_.count();
  homes_[count - 1] = Bucket{};
  redistribute(homes_[homes_.source_of(count - 1)]);
  // The next two will be split a few inserts from now.
  prefetch_keys(homes_[homes_.source_of(count)]);
  prefetch_line(&homes_[homes_.source_of(uint64_t{count} + 1)]);
  return true;
}

/// Deals a bucket's entries out to it and its new twin. Needs no overflow bucket that this chain
/// did not have, since both halves are packed.
void Table::redistribute(Bucket& home) {
  Bucket entries = home;
  home = Bucket{};
  for (;;) {
    prefetch_keys(entries);
    const uint32_t used = entries.used();
    for (uint32_t i = 0; i < used; ++i) {
      const uint64_t hash = hasher_(item_at(entries.refs[i]).key());
      append(home_of(hash), entries.tags[i], entries.refs[i]);
    }
    if (entries.more == 0) return;
    const uint32_t number = entries.more;
    entries = overflow_.at(number);
    free_overflow(number);
  }
}

void Table::prefetch_keys(const Bucket& bucket) const {
  const uint32_t used = bucket.used();
  for (uint32_t i = 0; i < used; ++i) item_at(bucket.refs[i]).prefetch();
}

uint32_t Table::take_overflow() {
  uint32_t number = overflow_head_;
  if (number != 0) {
    overflow_head_ = overflow_.at(number).more;
    --overflow_free_;
  } else {
    RC_ASSERT(overflow_used_ < overflow_.room());
    number = overflow_used_++;
    overflow_.touch_behind(number);
  }
  overflow_.at(number) = Bucket{};
  return number;
}

void Table::free_overflow(uint32_t number) {
  overflow_.at(number).more = overflow_head_;
  overflow_head_ = number;
  ++overflow_free_;
}

void Table::verify() const {
  homes_.verify();
  uint64_t items = 0, overflow = 0, free = 0;
  for (uint32_t i = 0; i < homes_.count(); ++i) items += verify_chain(i, &overflow);
  for (uint32_t number = overflow_head_; number != 0; number = overflow_.at(number).more) ++free;
  RC_ASSERT(items == size_ && free == overflow_free_ && overflow + free + 1 == overflow_used_);
}

void Table::verify_bucket(uint64_t hash) const {
  uint64_t overflow = 0;
  verify_chain(index_of(hash), &overflow);
}

uint64_t Table::verify_chain(uint32_t index, uint64_t* overflow) const {
  uint64_t items = 0;
  for (const Bucket* bucket = &homes_[index];;) {
    const uint32_t used = bucket->used();
    for (uint32_t slot = 0; slot < bucket_slots; ++slot) {
      RC_ASSERT((bucket->tags[slot] != 0) == (slot < used));
      if (slot >= used) continue;
      const Item& item = item_at(bucket->refs[slot]);
      const uint64_t hash = hasher_(item.key());
      RC_ASSERT(index_of(hash) == index && bucket->tags[slot] == entry_tag_of(hash));
      RC_ASSERT(ref_of(&item) == bucket->refs[slot] && item.is_linked());
    }
    items += used;
    if (bucket->more == 0) return items;
    RC_ASSERT(used == bucket_slots);
    bucket = &overflow_.at(bucket->more);
    ++*overflow;
    RC_ASSERT(bucket->used() > 0);
  }
}

}  // namespace ringcached::store
