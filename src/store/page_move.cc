// Store: empties one page for another class, in bounded steps: what stays moves to other chunks of
// its class, and where there is none the policy chooses who goes.
#include <cstring>

#include "base/assert.h"
#include "store/store.h"

namespace ringcached::store {

namespace {

/// Chunks looked at in one step: about 20 us.
constexpr uint32_t chunks_per_step = 64;
/// Walks over the page before it is left as it was: what is pinned or under way comes home in
/// between.
constexpr uint32_t rounds_max = 4;
/// Old items of the donor whose pages are looked at, per queue.
constexpr uint32_t candidates_max = 8;
/// Segments of an item that is still relocated: each must learn of its owner's new place.
constexpr uint32_t segments_max = 128;

}  // namespace

/// Once per turn. true: a move is under way.
bool Store::step_balance() {
  if (move_.page == 0) {
    if (lookups_ < balance_window) return false;
    lookups_ = 0;
    eviction_.adapt();
    const Balance::Move move = balance_.decide(slab_, eviction_);
    if (!move.wanted() || slab_.pages_empty() != 0) return false;
    start_move(move);
    return move_.page != 0;
  }
  step_move();
  return move_.page != 0;
}

/// The page of one of the oldest items: most of its neighbours will have to go soon anyway.
void Store::start_move(const Balance::Move& move) {
  const Eviction::Queues& queues = eviction_.queues(move.donor);
  for (const ItemQueue* queue : {&queues.small, &queues.main}) {
    Ref ref = queue->tail();
    for (uint32_t i = 0; ref != no_ref && i < candidates_max; ++i) {
      const uint32_t number = page_number_of(ref);
      if (can_empty(number)) {
        move_ = PageMove{number, 0, 0};
        slab_.close_page(number, move.heir);
        return;
      }
      ref = slab_.item_at(ref).prev();
    }
  }
}

/// Ends when the page was emptied (the slab then gave it to its heir) or would not become empty.
void Store::step_move() {
  for (uint32_t i = 0; i < chunks_per_step; ++i) {
    const Slab::Page& page = slab_.page(move_.page);
    if (!page.closed) {
      ++counters_[Counter::SlabsMoved];
      move_ = {};
      return;
    }
    if (move_.chunk >= page.carved) {
      move_.chunk = 0;
      if (++move_.round < rounds_max) return;
      slab_.open_page(move_.page);
      move_ = {};
      return;
    }
    vacate(slab_.chunk_at((move_.page << chunk_index_bits) | move_.chunk++));
  }
}

/// Brings what lies in this chunk elsewhere, or evicts it; what may do neither stays.
void Store::vacate(void* chunk) {
  if (kind_of(Slab::shape_at(chunk)) == ChunkKind::Free || !is_evictable(chunk)) return;
  const bool is_segment = kind_of(Slab::shape_at(chunk)) == ChunkKind::Segment;
  Item& item =
      is_segment ? slab_.item_at(static_cast<Segment*>(chunk)->owner) : *static_cast<Item*>(chunk);
  if (life_.is_over(item)) return evict(item, true);
  if (item.is_segmented() && item.chain().count > segments_max) return;
  void* to = slab_.allocate_from_pages(page_of(chunk).class_number);
  if (to == nullptr) {
    const Eviction::Victim victim = eviction_.choose(page_of(chunk).class_number, life_, nullptr);
    if (victim.item == nullptr) return;
    const bool is_this = victim.item == &item;
    evict(*victim.item, victim.dead);
    if (is_this) return;
    to = slab_.allocate_from_pages(page_of(chunk).class_number);
  }
  if (to == nullptr) return;  // the victim lay on this page as well: next round
  if (is_segment) {
    relocate_segment(item, *static_cast<Segment*>(chunk), to);
  } else {
    relocate_item(item, to);
  }
}

void Store::relocate_item(Item& from, void* to) {
  const uint32_t in_head = std::min(from.value_size(), from.head_capacity());
  const size_t used = Item::prefix_size(from.shape()) + from.key().size() + in_head;
  std::memcpy(to, &from, used);
  Item& item = *static_cast<Item*>(to);
  table_.replace(hash_of(from), from, item);
  eviction_.relocate(item);
  if (item.is_segmented()) {
    const Ref owner = ref_of(&item);
    for (Segment* s = item.chain().first; s != nullptr; s = s->next) s->owner = owner;
  }
  slab_.free(&from);
}

void Store::relocate_segment(Item& owner, Segment& from, void* to) {
  std::memcpy(to, &from, page_of(&from).chunk_size);
  auto* segment = static_cast<Segment*>(to);
  Chain& chain = owner.chain();
  Segment** link = &chain.first;
  Segment* before = nullptr;
  while (*link != &from) {
    before = *link;
    link = &before->next;
  }
  *link = segment;
  if (chain.last == &from) chain.last = segment;
  slab_.free(&from);
}

}  // namespace ringcached::store
