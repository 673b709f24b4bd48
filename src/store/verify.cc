// Store: checks every invariant that ties its parts together.
#include <unordered_set>

#include "base/assert.h"
#include "store/store.h"

namespace ringcached::store {

/// What a walk over all chunks counted.
struct Store::Census {
  uint64_t linked = 0;
  uint64_t linked_size = 0;
  uint64_t under_way = 0;
  uint64_t under_way_footprint = 0;
  uint64_t pinned_footprint = 0;
  uint64_t segments = 0;  // chunks that are one
  uint64_t chained = 0;   // segments that some item's chain leads to
  std::array<uint64_t, epochs_max> epochs{};
  std::unordered_set<const Item*> dying;
};

void Store::verify() const {
  slab_.verify();
  table_.verify();
  eviction_.verify();
  Census census;
  verify_dying(census);
  verify_items(census);
  RC_ASSERT(census.linked == table_.size() && census.linked == counters_[Counter::CurrItems]);
  RC_ASSERT(census.linked_size == counters_[Counter::Bytes]);
  RC_ASSERT(census.under_way == under_way_);
  RC_ASSERT(census.under_way_footprint == uncommitted_bytes_);
  RC_ASSERT(census.pinned_footprint == pinned_bytes_);
  RC_ASSERT(census.segments == census.chained);
  uint64_t queued = 0, requested = 0;
  for (uint8_t i = 0; i < sizes_.count(); ++i) {
    queued += eviction_.queues(i).size();
    requested += classes_[i].bytes_requested;
  }
  RC_ASSERT(queued == census.linked && requested == census.linked_size);
  for (uint8_t i = 0; i < epochs_max; ++i) RC_ASSERT(census.epochs[i] == epochs_.alive(i));
  RC_ASSERT(keep_ == nullptr);
}

void Store::verify_near(const Key& key) const {
  table_.verify_bucket(key.hash);
  const Item* item = table_.find(key);
  if (item != nullptr) verify_near(*item);
}

void Store::verify_near(const Item& item) const {
  slab_.verify_page(page_of(&item).number);
  if (item.is_linked()) eviction_.verify_place(item);
  Census census;
  verify_item(item, census);
  if (!item.is_segmented()) return;
  for (const Segment* s = item.chain().first; s != nullptr; s = s->next) {
    slab_.verify_page(page_of(s).number);
  }
}

void Store::verify_dying(Census& census) const {
  for (Ref ref = dying_; ref != no_ref; ref = slab_.item_at(ref).next()) {
    RC_ASSERT(census.dying.insert(&slab_.item_at(ref)).second);
  }
}

void Store::verify_items(Census& census) const {
  for (uint32_t number = 1; number < slab_.page_numbers(); ++number) {
    RC_ASSERT(!slab_.page(number).closed || number == move_.page);
    for (uint32_t i = 0; i < slab_.page(number).carved; ++i) {
      const void* chunk = slab_.chunk_at((number << chunk_index_bits) | i);
      const ChunkKind kind = kind_of(Slab::shape_at(chunk));
      if (kind == ChunkKind::Segment) ++census.segments;
      if (kind == ChunkKind::Item) verify_item(*static_cast<const Item*>(chunk), census);
    }
  }
}

void Store::verify_item(const Item& item, Census& census) const {
  RC_ASSERT(item.class_number() == page_of(&item).class_number && !item.key().empty());
  const bool dying = census.dying.count(&item) != 0;
  if (item.is_segmented()) {
    uint32_t count = 0, room = item.head_capacity();
    const Segment* last = nullptr;
    for (const Segment* s = item.chain().first; s != nullptr; s = s->next) {
      RC_ASSERT(kind_of(s->shape) == ChunkKind::Segment && s->owner == ref_of(&item));
      RC_ASSERT(s->class_number == page_of(s).class_number);
      room += s->capacity();
      last = s;
      ++count;
    }
    census.chained += count;
    RC_ASSERT(count == item.chain().count);
    RC_ASSERT(dying || (room == item.chain().room && last == item.chain().last));
  }
  if (dying) {
    RC_ASSERT(!item.is_linked() && item.pins() == 0);
    return;
  }
  if (item.pins() != 0) census.pinned_footprint += item.footprint();
  if (item.is_linked()) {
    RC_ASSERT(item.value_size() <= item.room());
    RC_ASSERT(table_.find(Key{item.key(), hash_of(item)}) == &item);
    ++census.linked;
    ++census.epochs[item.epoch()];
    census.linked_size += item.size();
  } else if (item.pins() == 0) {
    RC_ASSERT(item.granted() <= item.value_size() && item.granted() <= item.room());
    ++census.under_way;
    census.under_way_footprint += item.footprint();
  }
}

}  // namespace ringcached::store
