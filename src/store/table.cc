#include "store/table.h"

#include <bit>

#include "base/assert.h"

namespace ringcached::store {

namespace {

/// Grow when there are more items than so many per bucket. Measured (bench/store_bench.cc) with the
/// overflow buckets: 12.3 bytes an item in the mean, 12.7 at worst, and one item in seven lies in
/// an overflow bucket. At 5.5: 13.4 bytes and one in eleven; at 7: 12.0 bytes and one in six.
constexpr uint64_t load_numerator = 13;
constexpr uint64_t load_denominator = 2;
/// Splits per insert: two catch up after a time without memory.
constexpr uint32_t splits_per_insert = 2;
constexpr uint32_t overflow_block_buckets = 64;  // a page of the kernel
/// Segments from 8 MiB on ask for huge pages: a bucket is a random access. What is touched ahead of
/// need is then 2 MiB at the most, for a million items or more.
constexpr size_t huge_buckets_least = 128 * 1024;

}  // namespace

size_t Table::alignment_of(size_t buckets) {
  return buckets < huge_buckets_least ? alignof(Bucket) : block_size;
}

Table::Table(Arena& arena, const KeyHasher& hasher, uint32_t initial_buckets)
    : arena_(arena), hasher_(hasher) {
  const uint32_t first = std::bit_ceil(std::max<uint32_t>(initial_buckets, 2));
  first_shift_ = static_cast<uint32_t>(std::countr_zero(first));
  void* memory = arena_.allocate(first * sizeof(Bucket), alignment_of(first));
  RC_ASSERT(memory != nullptr);
  segment_base_[0] = reinterpret_cast<uintptr_t>(memory);
  segments_ = 1;
  count_ = first;
  mask_ = first - 1;
  for (uint32_t i = 0; i < first; ++i) bucket_at(i) = Bucket{};
}

Table::~Table() {
  for (Bucket* block = overflow_blocks_; block != nullptr;) {
    Bucket* next = reinterpret_cast<Bucket*>(block->slots[0]);
    arena_.release(block, (overflow_block_buckets + 1) * sizeof(Bucket), alignof(Bucket));
    block = next;
  }
  for (uint32_t i = segments_; i-- > 0;) {
    const uint32_t first = i == 0 ? 0 : 1u << (first_shift_ + i - 1);
    const size_t buckets = i == 0 ? size_t{1} << first_shift_ : first;
    arena_.release(&bucket_at(first), buckets * sizeof(Bucket), alignment_of(buckets));
  }
}

bool Table::prefetch_item(uint64_t hash) const {
  const Bucket& home = home_of(hash);
  const uint64_t link = home.slots[last_slot];
  if (prefetch_item_in(home, tag_of(hash)) || !is_link(link)) return true;
  __builtin_prefetch(bucket_of(link));
  return false;
}

void Table::prefetch_overflown(uint64_t hash) const {
  const uint64_t link = home_of(hash).slots[last_slot];
  if (is_link(link)) prefetch_item_in(*bucket_of(link), tag_of(hash));
}

bool Table::prefetch_item_in(const Bucket& bucket, uint64_t tag) {
  for (uint32_t found = slots_with(bucket, tag); found != 0; found &= found - 1) {
    const uint64_t entry = bucket.slots[static_cast<size_t>(std::countr_zero(found))];
    if (entry == 0 || is_link(entry)) continue;
    item_of(entry)->prefetch();
    return true;
  }
  return false;
}

bool Table::reserve(uint64_t inserts) {
  while (overflow_free_ < inserts) {
    if (!add_overflow_block()) return false;
  }
  return true;
}

void Table::insert(uint64_t hash, Item& item) {
  append(home_of(hash), entry_of(hash, item));
  ++size_;
  for (uint32_t i = 0; i < splits_per_insert; ++i) {
    if (size_ * load_denominator <= uint64_t{count_} * load_numerator || !grow()) break;
  }
}

void Table::replace(uint64_t hash, const Item& old, Item& item) {
  const Place place = place_of(hash, old);
  place.bucket->slots[place.slot] = entry_of(hash, item);
}

/// Fills the hole with the chain's last entry, and frees an overflow bucket that one item would
/// have.
void Table::erase(uint64_t hash, const Item& item) {
  const Place hole = place_of(hash, item);
  Place last = hole;
  while (is_link(last.bucket->slots[last_slot])) {
    last.before = last.bucket;
    last.bucket = bucket_of(last.bucket->slots[last_slot]);
  }
  last.slot = last_slot;
  while (last.bucket->slots[last.slot] == 0) --last.slot;

  hole.bucket->slots[hole.slot] = last.bucket->slots[last.slot];
  last.bucket->slots[last.slot] = 0;
  --size_;
  if (last.before != nullptr && last.slot == 1) {
    last.before->slots[last_slot] = last.bucket->slots[0];
    free_overflow(last.bucket);
  }
}

Table::Place Table::place_of(uint64_t hash, const Item& item) const {
  const uint64_t wanted = entry_of(hash, item);
  Place place{&home_of(hash), nullptr, 0};
  for (;;) {
    for (place.slot = 0; place.slot < bucket_slots; ++place.slot) {
      if (place.bucket->slots[place.slot] == wanted) return place;
    }
    const uint64_t link = place.bucket->slots[last_slot];
    RC_ASSERT(is_link(link));  // else the item is not in the table
    place.before = place.bucket;
    place.bucket = bucket_of(link);
  }
}

/// Takes at most one overflow bucket, which reserve() has seen to.
void Table::append(Bucket& home, uint64_t entry) {
  Bucket* bucket = &home;
  while (is_link(bucket->slots[last_slot])) bucket = bucket_of(bucket->slots[last_slot]);
  for (uint64_t& slot : bucket->slots) {
    if (slot != 0) continue;
    slot = entry;
    return;
  }
  Bucket* more = take_overflow();
  more->slots = {bucket->slots[last_slot], entry};
  bucket->slots[last_slot] = link_to(more);
}

/// Splits the next bucket in line. Without memory for it the table stays as it is, only slower.
bool Table::grow() {
  if (count_ == mask_ + 1 && !add_segment()) return false;
  const uint32_t source = source_of(count_);
  bucket_at(count_) = Bucket{};
  ++count_;
  redistribute(bucket_at(source));
  // The next two will be split a few inserts from now.
  prefetch_keys(bucket_at(source_of(count_)));
  __builtin_prefetch(&bucket_at(source_of(uint64_t{count_} + 1)));
  return true;
}

bool Table::add_segment() {
  if (count_ > UINT32_MAX / 2) return false;
  void* memory = arena_.allocate(size_t{count_} * sizeof(Bucket), alignment_of(count_));
  if (memory == nullptr) return false;
  segment_base_[segments_++] =
      reinterpret_cast<uintptr_t>(memory) - uintptr_t{count_} * sizeof(Bucket);
  mask_ = mask_ * 2 + 1;
  return true;
}

/// Deals a bucket's entries out to it and its new twin. Needs no overflow bucket that this chain
/// did not have: an overflow bucket holds seven (the first one eight) and both halves are packed.
void Table::redistribute(Bucket& home) {
  Bucket entries = home;
  home = Bucket{};
  for (;;) {
    prefetch_keys(entries);
    const uint64_t link = entries.slots[last_slot];
    for (const uint64_t entry : entries.slots) {
      if (entry == 0 || is_link(entry)) break;
      const uint64_t hash = hasher_(item_of(entry)->key());
      append(home_of(hash), entry);
    }
    if (!is_link(link)) return;
    entries = *bucket_of(link);
    free_overflow(bucket_of(link));
  }
}

void Table::prefetch_keys(const Bucket& bucket) {
  for (const uint64_t entry : bucket.slots) {
    if (entry != 0 && !is_link(entry)) item_of(entry)->prefetch();
  }
}

Table::Bucket* Table::take_overflow() {
  RC_ASSERT(overflow_head_ != nullptr);
  Bucket* bucket = overflow_head_;
  overflow_head_ = reinterpret_cast<Bucket*>(bucket->slots[0]);
  --overflow_free_;
  return bucket;
}

void Table::free_overflow(Bucket* bucket) {
  bucket->slots[0] = reinterpret_cast<uintptr_t>(overflow_head_);
  overflow_head_ = bucket;
  ++overflow_free_;
}

bool Table::add_overflow_block() {
  const size_t size = (overflow_block_buckets + 1) * sizeof(Bucket);
  auto* block = static_cast<Bucket*>(arena_.allocate(size, alignof(Bucket)));
  if (block == nullptr) return false;
  block->slots[0] = reinterpret_cast<uintptr_t>(overflow_blocks_);
  overflow_blocks_ = block;
  for (uint32_t i = 1; i <= overflow_block_buckets; ++i) free_overflow(block + i);
  overflow_total_ += overflow_block_buckets;
  return true;
}

void Table::verify() const {
  RC_ASSERT(mask_ >= count_ - 1 && (mask_ >> 1) < count_ && (mask_ & (mask_ + 1)) == 0);
  uint64_t items = 0, overflow = 0, free = 0;
  for (uint32_t i = 0; i < count_; ++i) items += verify_chain(i, &overflow);
  for (const Bucket* b = overflow_head_; b != nullptr;
       b = reinterpret_cast<const Bucket*>(b->slots[0])) {
    ++free;
  }
  RC_ASSERT(items == size_ && free == overflow_free_ && overflow + free == overflow_total_);
}

void Table::verify_bucket(uint64_t hash) const {
  uint64_t overflow = 0;
  verify_chain(index_of(hash), &overflow);
}

uint64_t Table::verify_chain(uint32_t index, uint64_t* overflow) const {
  uint64_t items = 0;
  for (const Bucket* bucket = &bucket_at(index);;) {
    bool ended = false;
    for (uint32_t slot = 0; slot < bucket_slots; ++slot) {
      const uint64_t entry = bucket->slots[slot];
      if (is_link(entry)) {
        RC_ASSERT(slot == last_slot && !ended);
        continue;
      }
      RC_ASSERT(entry == 0 || !ended);
      ended = ended || entry == 0;
      if (entry == 0) continue;
      const Item& item = *item_of(entry);
      const uint64_t hash = hasher_(item.key());
      RC_ASSERT(index_of(hash) == index && entry == entry_of(hash, item) && item.is_linked());
      ++items;
    }
    const uint64_t link = bucket->slots[last_slot];
    if (!is_link(link)) return items;
    bucket = bucket_of(link);
    ++*overflow;
    RC_ASSERT(bucket->slots[1] != 0);
  }
}

}  // namespace ringcached::store
