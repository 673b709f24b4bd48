#include "store/eviction.h"

#include <algorithm>

#include "base/assert.h"

namespace ringcached::store {

namespace {

/// Of the class's objects: a tenth, as published, up to nearly all while popularity shifts.
constexpr double small_share_min = 0.1;
constexpr double small_share_max = 0.9;
constexpr double small_share_step = 0.05;  // per window
/// The small queue grows while a place in its ghost is hit more than so often as one in main is on
/// average. Measured (bench/memory.py): .02 to .04 with steady popularity, also amid scans and keys
/// that come once; .1 to .3 after a shift. It saves 8 to 11 % of the misses there, and costs none
/// elsewhere.
constexpr double worth_growing = 0.08;
constexpr double decay = 0.98;              // per window, as in balance.cc
constexpr uint64_t ghost_share = 10;        // one tenth less than the class's objects
constexpr uint32_t looked_at_for_dead = 5;  // per queue, as memcached looks at its tail

}  // namespace

Eviction::Eviction(const Slab& slab, ClassTable& classes, Arena& arena)
    : slab_(slab),
      classes_(classes),
      small_share_(small_share_min),
      queues_(make_queues(arena, std::make_index_sequence<classes_max>())) {}

void Eviction::insert(Item& item, uint64_t hash) {
  Queues& queues = queues_[item.class_number()];
  if (queues.ghost.take(hash)) {
    ++queues.ghost_hits;
    ++ghost_hits_.now;
    item.set(status::in_main);
    queues.main.push(slab_, item);
  } else {
    queues.small.push(slab_, item);
  }
}

void Eviction::inherit(Item& item, const Item& old) {
  item.set_frequency(old.frequency());
  if (old.has(status::in_main)) item.set(status::in_main);
  queue_of(item).push(slab_, item);
}

bool Eviction::small_is_due(const Queues& queues) const {
  const auto small = static_cast<double>(queues.small.size());
  return queues.main.empty() || small > small_share_ * static_cast<double>(queues.size());
}

void Eviction::Hits::end_window() {
  lately = lately * decay + static_cast<double>(now - counted);
  counted = now;
}

void Eviction::adapt() {
  main_hits_.end_window();
  ghost_hits_.end_window();
  uint64_t in_main = 0, in_all = 0;
  for (const Queues& queues : queues_) {
    in_main += queues.main.size();
    in_all += queues.size();
  }
  main_was_filled_ = main_was_filled_ || in_main * 4 > in_all;
  const double ghost_places = static_cast<double>(ghost_bytes_) / Ghost::bytes_per_place;
  // Hits per place, both sides multiplied by the places.
  const bool grow = main_was_filled_ && ghost_hits_.lately * static_cast<double>(in_main) >
                                            worth_growing * main_hits_.lately * ghost_places;
  small_share_ += grow ? small_share_step : -small_share_step;
  small_share_ = std::clamp(small_share_, small_share_min, small_share_max);
}

/// Hit since it came here: from small it moves on to main, in main it goes round once more.
void Eviction::spare(Queues& queues, Item& item) {
  if (item.has(status::in_main)) {
    item.set_frequency(static_cast<uint8_t>(item.frequency() - 1));
    queues.main.remove(slab_, item);
    ++counters_of(item)[ClassCounter::MovesWithinMain];
  } else {
    ++counters_of(item)[ClassCounter::MovesToMain];
    item.set_frequency(0);
    queues.small.remove(slab_, item);
    item.set(status::in_main);
  }
  queues.main.push(slab_, item);
}

Eviction::Victim Eviction::choose(uint8_t class_number, const Life& life, const Item* keep) {
  Queues& queues = queues_[class_number];
  uint32_t passed_over = 0;
  for (uint32_t spared = 0; queues.size() != 0;) {
    // Half of the patience for the queue whose turn it is, the rest for the other one.
    const bool other = passed_over >= passed_over_max / 2;
    bool from_small = small_is_due(queues) != other;
    if ((from_small ? queues.small : queues.main).empty()) from_small = !from_small;
    ItemQueue& queue = from_small ? queues.small : queues.main;
    Item& item = slab_.item_at(queue.tail());
    if (is_protected(item, keep)) {
      if (++passed_over > passed_over_max) return {};
      queue.remove(slab_, item);
      queue.push(slab_, item);
      continue;
    }
    if (life.is_over(item)) return {&item, true};
    if (item.frequency() == 0 || spared == reinsertions_max) return {&item, false};
    ++spared;
    spare(queues, item);
  }
  return {};
}

Eviction::Victim Eviction::choose_dead(uint8_t class_number, const Life& life,
                                       const Item* keep) const {
  const Queues& queues = queues_[class_number];
  for (const ItemQueue* queue : {&queues.small, &queues.main}) {
    Ref ref = queue->tail();
    for (uint32_t looked = 0; ref != no_ref && looked < looked_at_for_dead; ++looked) {
      Item& item = slab_.item_at(ref);
      if (life.is_over(item) && !is_protected(item, keep)) return {&item, true};
      ref = item.prev();
    }
  }
  return {};
}

void Eviction::remember(const Item& item, uint64_t hash) {
  if (item.has(status::in_main)) return;
  Queues& queues = queues_[item.class_number()];
  ghost_bytes_ -= queues.ghost.bytes();
  queues.ghost.fit(queues.size() - queues.size() / ghost_share);
  ghost_bytes_ += queues.ghost.bytes();
  queues.ghost.add(hash);
}

void Eviction::verify() const {
  uint64_t ghost_bytes = 0;
  for (uint32_t i = 0; i < classes_max; ++i) {
    verify_queue(queues_[i].small, i, false);
    verify_queue(queues_[i].main, i, true);
    ghost_bytes += queues_[i].ghost.bytes();
  }
  RC_ASSERT(ghost_bytes == ghost_bytes_);
}

void Eviction::verify_place(const Item& item) const {
  const Queues& queues = queues_[item.class_number()];
  const ItemQueue& queue = item.has(status::in_main) ? queues.main : queues.small;
  const Ref ref = ref_of(&item);
  RC_ASSERT(!queue.empty());
  RC_ASSERT(item.prev() == no_ref ? queue.head() == ref : slab_.item_at(item.prev()).next() == ref);
  RC_ASSERT(item.next() == no_ref ? queue.tail() == ref : slab_.item_at(item.next()).prev() == ref);
}

uint64_t Eviction::verify_queue(const ItemQueue& queue, uint32_t class_number, bool main) const {
  uint64_t count = 0;
  Ref newer = no_ref;
  for (Ref ref = queue.head(); ref != no_ref; ++count) {
    const Item& item = slab_.item_at(ref);
    RC_ASSERT(ref_of(&item) == ref && item.prev() == newer);
    RC_ASSERT(item.is_linked() && item.class_number() == class_number);
    RC_ASSERT(item.has(status::in_main) == main && count < queue.size());
    newer = ref;
    ref = item.next();
  }
  RC_ASSERT(queue.tail() == newer && count == queue.size());
  return count;
}

}  // namespace ringcached::store
