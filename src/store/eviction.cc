#include "store/eviction.h"

#include "base/assert.h"

namespace ringcached::store {

namespace {

constexpr uint64_t small_share = 10;        // one tenth of the class's objects, as published
constexpr uint32_t looked_at_for_dead = 5;  // per queue, as memcached looks at its tail

}  // namespace

void Eviction::insert(Item& item, uint64_t hash) {
  Queues& queues = queues_[item.class_number()];
  if (queues.ghost.take(hash)) {
    ++queues.ghost_hits;
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

bool Eviction::small_is_due(const Queues& queues) {
  return queues.main.empty() || queues.small.size() * small_share > queues.size();
}

/// Hit since it came here: from small it moves on to main, in main it goes round once more.
void Eviction::spare(Queues& queues, Item& item) {
  if (item.has(status::in_main)) {
    item.set_frequency(static_cast<uint8_t>(item.frequency() - 1));
    queues.main.remove(slab_, item);
  } else {
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
  queues.ghost.fit(queues.size() - queues.size() / small_share);
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
