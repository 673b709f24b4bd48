// Store: finds a chunk when memory is short. First what is dead anyway, then one item of the class,
// then a whole page of the richest class; each step is bounded.
#include <algorithm>

#include "base/assert.h"
#include "base/prefetch.h"
#include "store/store.h"

namespace ringcached::store {

namespace {

/// Chunks of dying giants freed in one go: about 10 us.
constexpr uint32_t reaped_at_once = 64;
/// Rounds of that before somebody else's memory is taken.
constexpr uint32_t reap_rounds_max = 16;
/// Evictions in the class for one chunk; one suffices but for giants. Those from a page that is
/// being emptied bring no chunk and do not count: they are due anyway, and there are a page's
/// worth.
constexpr uint32_t evictions_max = 4;
/// Old items whose pages are looked at, per queue, and pages beyond those, to find one to empty.
constexpr uint32_t page_candidates_max = 8;
constexpr uint32_t pages_scanned_max = 256;

}  // namespace

void* Store::obtain(uint8_t class_number) {
  if (faults_.strikes(Allocation::Chunk)) return nullptr;
  void* chunk = slab_.allocate(class_number);
  return chunk != nullptr ? chunk : reclaim(class_number);
}

/// A tail takes a chunk of a larger class before anybody has to go for it.
void* Store::obtain_tail(uint8_t class_number) {
  if (faults_.strikes(Allocation::Chunk)) return nullptr;
  if (void* chunk = slab_.allocate(class_number); chunk != nullptr) return chunk;
  for (uint8_t larger = class_number; larger < sizes_.count(); ++larger) {
    if (void* chunk = slab_.allocate_from_pages(larger); chunk != nullptr) return chunk;
  }
  return reclaim(class_number);
}

void* Store::reclaim(uint8_t class_number) {
  void* chunk = make_way(class_number);
  if (chunk == nullptr) ++counters_of(class_number)[ClassCounter::OutOfMemory];
  return chunk;
}

void* Store::make_way(uint8_t class_number) {
  ++counters_[Counter::DirectReclaims];
  ++counters_of(class_number)[ClassCounter::DirectReclaims];
  for (uint32_t round = 0; dying_ != no_ref && round < reap_rounds_max; ++round) {
    reap(reaped_at_once);
    if (void* chunk = slab_.allocate(class_number); chunk != nullptr) return chunk;
  }
  if (!config_.evict) return reclaim_dead(class_number);
  for (uint32_t i = 0; i < evictions_max;) {
    const Eviction::Victim victim = eviction_.choose(class_number, life_, keep_);
    if (victim.item == nullptr) break;
    if (page_of(victim.item).number != move_.page) ++i;
    prefetch_next_victims(*victim.item);
    evict(*victim.item, victim.dead);
    if (void* chunk = slab_.allocate(class_number); chunk != nullptr) return chunk;
  }
  return take_page_from_others(class_number) ? slab_.allocate(class_number) : nullptr;
}

/// -M: nobody who lives has to go.
void* Store::reclaim_dead(uint8_t class_number) {
  if (slab_.let_go_of_one(class_number)) return slab_.allocate(class_number);
  const Eviction::Victim victim = eviction_.choose_dead(class_number, life_, keep_);
  if (victim.item == nullptr) return nullptr;
  evict(*victim.item, true);
  return slab_.allocate(class_number);
}

/// Who is evicted has not been touched for long: each of its lines would be waited for. So they are
/// fetched while its two predecessors go: first its own lines, then all that its hash leads to.
void Store::prefetch_next_victims(const Item& victim) const {
  if (victim.prev() == no_ref) return;
  const Item& next = slab_.item_at(victim.prev());
  if (next.prev() != no_ref) slab_.item_at(next.prev()).prefetch();
  const uint64_t hash = hash_of(next);
  table_.prefetch_bucket(hash);
  eviction_.prefetch_ghost(next.class_number(), hash);
  prefetch_line(&page_of(&next));
}

void Store::evict(Item& item, bool dead) {
  const uint64_t hash = hash_of(item);
  if (dead) {
    ++counters_[Counter::Reclaimed];
    ++counters_of(item.class_number())[ClassCounter::Reclaimed];
    count_expired_unfetched(item);
  } else {
    count_evicted(item);
    if (log_ != nullptr) [[unlikely]]
      tell_evicted(item);
    eviction_.remember(item, hash);
  }
  unlink(item, hash);
}

void Store::count_evicted(const Item& item) {
  ClassTally& tally = classes_[item.class_number()];
  ++counters_[Counter::Evictions];
  ++tally.counters[ClassCounter::Evicted];
  if (item.exptime() != never) ++tally.counters[ClassCounter::EvictedNonzero];
  tally.evicted_unread = life_.now - std::min(item.last_access(), life_.now);
  if (item.fetched()) return;
  ++counters_[Counter::EvictedUnfetched];
  ++tally.counters[ClassCounter::EvictedUnfetched];
}

/// A dead item goes: had it expired before anybody read it?
void Store::count_expired_unfetched(const Item& item) {
  if (item.fetched() || life_.is_flushed(item)) return;
  ++counters_[Counter::ExpiredUnfetched];
  ++counters_of(item.class_number())[ClassCounter::ExpiredUnfetched];
}

/// Unlinked and unread: its chunks go back, a giant's in bounded steps.
void Store::release(Item& item) {
  if (!item.is_segmented()) {
    slab_.free(&item);
    return;
  }
  item.set_next(dying_);
  dying_ = ref_of(&item);
  reap(reaped_at_once);
}

void Store::reap(uint32_t chunks) {
  for (; dying_ != no_ref && chunks > 0; --chunks) {
    Item& item = slab_.item_at(dying_);
    Chain& chain = item.chain();
    if (Segment* segment = chain.first; segment != nullptr) {
      chain.first = segment->next;
      --chain.count;
      slab_.free(segment);
    } else {
      dying_ = item.next();
      slab_.free(&item);
    }
  }
}

/// Empties one page for `heir`, of the richest class if possible; true: there is room now.
bool Store::take_page_from_others(uint8_t heir) {
  if (slab_.let_go_of_one(heir)) return true;
  uint64_t tried = 0;
  for (;;) {
    uint64_t most = 0;
    uint8_t donor = 0;
    for (uint8_t i = 0; i < sizes_.count(); ++i) {
      const uint64_t pages = slab_.class_at(i).pages;
      if (pages <= most || (tried >> i & 1) != 0) continue;
      most = pages;
      donor = i;
    }
    if (most == 0) return false;
    const uint32_t number = find_page_of(donor);
    if (number != 0 && empty_page(number, heir)) return true;
    tried |= uint64_t{1} << donor;
  }
}

/// A page of this class that may be emptied: one where an old item lies, else any; 0: there is
/// none.
uint32_t Store::find_page_of(uint8_t donor) {
  const Eviction::Queues& queues = eviction_.queues(donor);
  for (const ItemQueue* queue : {&queues.small, &queues.main}) {
    Ref ref = queue->tail();
    for (uint32_t i = 0; ref != no_ref && i < page_candidates_max; ++i) {
      if (can_empty(page_number_of(ref))) return page_number_of(ref);
      ref = slab_.item_at(ref).prev();
    }
  }
  for (uint32_t i = 0; i < pages_scanned_max && i < slab_.page_numbers(); ++i) {
    if (++donor_cursor_ >= slab_.page_numbers()) donor_cursor_ = 1;
    if (donor_cursor_ >= slab_.page_numbers()) return 0;
    if (slab_.page(donor_cursor_).class_number == donor && can_empty(donor_cursor_)) {
      return donor_cursor_;
    }
  }
  return 0;
}

bool Store::can_empty(uint32_t number) const {
  const Slab::Page& page = slab_.page(number);
  if (page.closed) return false;
  for (uint32_t i = 0; i < page.carved; ++i) {
    if (!is_evictable(slab_.chunk_at((number << chunk_index_bits) | i))) return false;
  }
  return true;
}

bool Store::is_evictable(const void* chunk) const {
  const Item* item = static_cast<const Item*>(chunk);
  switch (kind_of(Slab::shape_at(chunk))) {
    case ChunkKind::Free:
      return true;
    case ChunkKind::Item:
      break;
    case ChunkKind::Segment:
      item = &slab_.item_at(static_cast<const Segment*>(chunk)->owner);
      break;
  }
  return item->is_linked() && !Eviction::is_protected(*item, keep_);
}

/// Evicts all that lies on the page. A giant's chunks elsewhere go as well, and may leave other
/// pages empty before this one.
bool Store::empty_page(uint32_t number, uint8_t heir) {
  if (slab_.is_kept(number)) {
    slab_.let_go(number, heir);
    return slab_.has_room(heir);
  }
  slab_.close_page(number, heir);
  for (uint32_t i = 0; slab_.page(number).closed && i < slab_.page(number).carved; ++i) {
    void* chunk = slab_.chunk_at((number << chunk_index_bits) | i);
    Item* item = static_cast<Item*>(chunk);
    const ChunkKind kind = kind_of(Slab::shape_at(chunk));
    if (kind == ChunkKind::Free) continue;
    if (kind == ChunkKind::Segment) {
      item = &slab_.item_at(static_cast<const Segment*>(chunk)->owner);
    }
    if (item->is_linked()) evict(*item, life_.is_over(*item));
  }
  while (!slab_.has_room(heir) && dying_ != no_ref) reap(reaped_at_once);
  slab_.open_page(number);
  if (!slab_.has_room(heir)) return false;
  ++counters_[Counter::SlabsMoved];
  return true;
}

}  // namespace ringcached::store
