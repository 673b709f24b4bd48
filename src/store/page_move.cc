// Store: empties one page for another class, in bounded steps: what stays moves to other chunks of
// its class, and where there is none the policy chooses who goes.
#include <cstring>

#include "base/assert.h"
#include "store/store.h"

namespace ringcached::store {

namespace {

/// What one step may cost, in chunks that are only looked at. One that is vacated costs as much as
/// several, and more the larger it is: bench/pauses holds a step to 50 us.
constexpr uint32_t step_cost = 48;
constexpr uint32_t vacate_cost = 4;  // and 1 for each KiB
/// Walks over the page before it is left as it was: what is pinned or under way comes home in
/// between.
constexpr uint32_t rounds_max = 4;
/// Segments of an item that is still relocated: each must learn of its owner's new place.
constexpr uint32_t segments_max = 128;

}  // namespace

/// Once per turn. true: a move is under way.
bool Store::step_pages() {
  if (move_.page != 0) {
    step_move();
    return move_.page != 0 || budget_.owes(config_.partition);
  }
  return budget_.owes(config_.partition) ? step_shrink() : step_balance();
}

bool Store::step_balance() {
  if (lookups_ < balance_window) return false;
  lookups_ = 0;
  eviction_.adapt();
  const Balance::Move move = balance_.decide(slab_, eviction_);
  if (!balancing_ || !move.wanted() || slab_.pages_empty() != 0) return false;
  return start_move(move);
}

/// The budget wants a page back: an empty one, else one of the class that misses it least. Where
/// nobody has one to give (all is pinned, or -M), it is asked again in a second.
bool Store::step_shrink() {
  if (slab_.give_up_empty() || slab_.let_go_of_one()) return true;
  if (life_.now < shrink_rests_until_) return false;
  const uint8_t donor = balance_.poorest(slab_, shrink_tried_);
  if (donor == Slab::no_class) {
    shrink_tried_ = 0;
    shrink_rests_until_ = life_.now + 1;
    return false;
  }
  if (start_move({donor, Slab::no_class})) return true;
  shrink_tried_ |= uint64_t{1} << donor;
  return true;
}

Store::Asked Store::reassign(int donor, uint8_t heir) {
  if (move_.page != 0) return Asked::Busy;
  const auto can_spare = [&](int number) {
    return number != heir && slab_.class_at(static_cast<uint8_t>(number)).pages > 1;
  };
  for (int i = 0; donor == any_class && i < static_cast<int>(sizes_.count()); ++i) {
    if (can_spare(i)) donor = i;
  }
  if (donor == any_class || !can_spare(donor)) return Asked::NoSpare;
  return start_move({static_cast<uint8_t>(donor), heir}) ? Asked::Started : Asked::Busy;
}

/// The page of one of the oldest items, if possible: most of its neighbours will have to go soon
/// anyway. false: all of the donor's pages are in use by somebody.
bool Store::start_move(const Balance::Move& move) {
  const uint32_t number = find_page_of(move.donor);
  if (number == 0) return false;
  if (log_ != nullptr) tell_page_move(move.donor, move.heir);
  if (slab_.is_kept(number)) {
    slab_.let_go(number, move.heir);
    ++counters_[Counter::SlabsMoved];
    return true;
  }
  move_ = PageMove{number, 0, 0};
  slab_.close_page(number, move.heir);
  return true;
}

/// Ends when the page was emptied (the slab then gave it to its heir) or would not become empty.
void Store::step_move() {
  for (uint32_t cost = 0; cost < step_cost;) {
    const Slab::Page& page = slab_.page(move_.page);
    if (!page.closed) {
      ++counters_[Counter::SlabsMoved];
      shrink_tried_ = 0;
      move_ = {};
      return;
    }
    if (move_.chunk >= page.carved) {
      move_.chunk = 0;
      if (++move_.round < rounds_max) return;
      shrink_tried_ |= uint64_t{1} << page.class_number;
      slab_.open_page(move_.page);
      move_ = {};
      return;
    }
    void* chunk = slab_.chunk_at((move_.page << chunk_index_bits) | move_.chunk++);
    const uint32_t kib = page_of(chunk).chunk_size / 1024u;
    cost += kind_of(Slab::shape_at(chunk)) == ChunkKind::Free ? 1 : vacate_cost + kib;
    vacate(chunk);
  }
}

/// Brings what lies in this chunk elsewhere, or evicts it; what may do neither stays.
void Store::vacate(void* chunk) {
  if (kind_of(Slab::shape_at(chunk)) == ChunkKind::Free || !is_evictable(chunk)) return;
  const bool is_segment = kind_of(Slab::shape_at(chunk)) == ChunkKind::Segment;
  Item& item =
      is_segment ? slab_.item_at(static_cast<Segment*>(chunk)->owner) : *static_cast<Item*>(chunk);
  if (life_.is_over(item)) return evict(item, true);
  if (item.is_segmented() && item.chain().count > segments_max) {
    // It stays, and so does the page; but not where the budget wants pages back.
    if (config_.evict && budget_.owes(config_.partition)) evict(item, false);
    return;
  }
  void* to = slab_.allocate_from_pages(page_of(chunk).class_number);
  if (to == nullptr) {
    if (!config_.evict) return;
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
