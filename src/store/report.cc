// Store: what `stats items`, `stats slabs` and `stats sizes` tell, and what watchers are told.
#include <algorithm>
#include <new>

#include "store/store.h"

namespace ringcached::store {

namespace {

/// Seconds since the oldest item of this queue was last read.
uint64_t age_of(const Slab& slab, const ItemQueue& queue, Seconds now) {
  if (queue.empty()) return 0;
  const Seconds last = slab.item_at(queue.tail()).last_access();
  return now > last ? now - last : 0;
}

}  // namespace

ClassFigures Store::figures(uint8_t class_number) const {
  const Slab::Class& chunks = slab_.class_at(class_number);
  const Eviction::Queues& queues = eviction_.queues(class_number);
  const ClassTally& tally = classes_[class_number];
  ClassFigures figures;
  figures.counters = tally.counters;
  figures.chunk_size = sizes_.chunk_size(class_number);
  figures.chunks_per_page = chunks.chunks_per_page;
  figures.pages = chunks.pages;
  figures.chunks_used = chunks.used;
  figures.items_small = queues.small.size();
  figures.items_main = queues.main.size();
  figures.bytes_requested = tally.bytes_requested;
  figures.ghost_bytes = queues.ghost.bytes();
  figures.age_small = age_of(slab_, queues.small, life_.now);
  figures.age_main = age_of(slab_, queues.main, life_.now);
  figures.evicted_time = tally.evicted_unread;
  return figures;
}

void Store::reset_class_counters() {
  for (ClassTally& tally : classes_) tally.counters = {};
}

/// One item more (or less) of this size.
void Store::track_size(const Item& item, int change) {
  if (!config_.track_sizes) return;
  const auto step = static_cast<uint32_t>((item.size() + size_step - 1) / size_step);
  if (const auto known = sizes_seen_.find(step); known != sizes_seen_.end()) {
    known->second += change;
    return;
  }
  if (faults_.strikes(Allocation::Sizes)) return;
  try {
    sizes_seen_[step] = change;
  } catch (const std::bad_alloc&) {
    // Counted from the next item of this size on.
  }
}

void Store::tell_evicted(const Item& item) const {
  Event event;
  event.kind = EventKind::Eviction;
  event.status = item.fetched() ? 1 : 0;
  event.ttl = item.exptime() == never ? -1 : int64_t{item.exptime()} - life_.now;
  event.idle = life_.now - std::min(item.last_access(), life_.now);
  event.class_id = static_cast<uint8_t>(item.class_number() + 1);
  event.size = item.value_size();
  log_->add(event, item.key());
}

/// Of each class in which there was an item. What was reset meanwhile counts from there.
void Store::tell_sweep_round() const {
  const auto since = [](uint64_t now, uint64_t then) { return now < then ? now : now - then; };
  for (uint8_t i = 0; i < sizes_.count(); ++i) {
    const ClassCounters& counters = classes_[i].counters;
    Event event;
    event.kind = EventKind::SweepRound;
    event.class_id = static_cast<uint8_t>(i + 1);
    event.size = static_cast<uint32_t>(
        since(counters[ClassCounter::CrawlerItemsChecked], sweep_marks_[i].checked));
    event.ttl = static_cast<int64_t>(
        since(counters[ClassCounter::CrawlerReclaimed], sweep_marks_[i].reclaimed));
    event.idle = life_.now - std::min(sweep_began_, life_.now);
    if (event.size > 0) log_->add(event, {});
  }
}

/// A page that goes to whoever needs it next has no heir: class 0, as memcached's pool.
void Store::tell_page_move(uint8_t donor, uint8_t heir) const {
  Event event;
  event.kind = EventKind::PageMove;
  event.class_id = static_cast<uint8_t>(donor + 1);
  event.size = heir == Slab::no_class ? 0 : heir + 1u;
  log_->add(event, {});
}

void Store::account(const Item& item) {
  ++counters_[Counter::CurrItems];
  counters_[Counter::Bytes] += item.size();
  classes_[item.class_number()].bytes_requested += item.size();
  track_size(item, 1);
}

void Store::discount(const Item& item) {
  --counters_[Counter::CurrItems];
  counters_[Counter::Bytes] -= item.size();
  classes_[item.class_number()].bytes_requested -= item.size();
  track_size(item, -1);
}

}  // namespace ringcached::store
