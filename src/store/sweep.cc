// Store: the background walk over all pages that gives the memory of dead items back.
#include <algorithm>

#include "base/assert.h"
#include "store/store.h"

namespace ringcached::store {

namespace {

/// A dead item's memory comes back within so many seconds (DESIGN section 5).
constexpr uint64_t sweep_round_seconds = 60;
/// One step: about 20 us if every header misses the cache.
constexpr uint32_t chunks_per_step = 128;
constexpr uint32_t freed_per_step = 64;
constexpr uint32_t reaped_per_step = 64;
/// With so few epochs left that nobody lives in, the sweep does not pace itself.
constexpr uint32_t epochs_wanted_empty = 3;

}  // namespace

/// So many chunks a second that a round takes a minute. Within a round the pace never slackens,
/// although what the sweep frees makes the rest shorter.
void Store::refill_sweep_credit(Seconds passed) {
  const uint64_t round = slab_.carved() + slab_.page_numbers();
  sweep_pace_ = std::max(sweep_pace_, round / sweep_round_seconds + 1);
  const uint64_t seconds = std::min<uint64_t>(passed, sweep_round_seconds);
  sweep_credit_ = std::min(sweep_credit_ + sweep_pace_ * seconds, round);
}

bool Store::nothing_to_sweep() const {
  return slab_.pages_empty() == slab_.pages_held();
}

bool Store::sweep() {
  reap(reaped_per_step);
  const bool moving = step_pages();
  uint32_t freed = 0;
  for (uint32_t looked = 0; looked < chunks_per_step && freed < freed_per_step; ++looked) {
    if (!has_to_sweep()) break;
    if (sweep_credit_ > 0) --sweep_credit_;
    if (crawl_left_ > 0) --crawl_left_;
    if (sweep_chunk()) ++freed;
  }
  return dying_ != no_ref || moving || has_to_sweep();
}

/// Now, not in a second.
bool Store::has_to_sweep() const {
  if (nothing_to_sweep()) return false;
  const bool urgent = epochs_.empty() < epochs_wanted_empty;
  return urgent || crawl_left_ > 0 || (sweeping_ && sweep_credit_ > 0);
}

Store::Asked Store::crawl(uint64_t classes, uint64_t chunks_most) {
  if (crawl_left_ > 0 && !nothing_to_sweep()) return Asked::Busy;
  uint64_t items = 0;
  for (uint8_t i = 0; i < sizes_.count(); ++i) {
    if ((classes >> i & 1) != 0) items += eviction_.queues(i).size();
  }
  if (items == 0) return Asked::NothingThere;
  crawl_left_ = slab_.carved() + slab_.page_numbers();
  if (chunks_most > 0) crawl_left_ = std::min(crawl_left_, chunks_most);
  return Asked::Started;
}

/// One step of the cursor: a chunk, or a page with nothing on it. true: an item was freed.
bool Store::sweep_chunk() {
  if (sweep_page_ >= slab_.page_numbers()) begin_sweep_round();
  const Slab::Page& page = slab_.page(sweep_page_);
  if (page.live == 0 || sweep_chunk_ >= page.carved) {
    if (slab_.is_kept(sweep_page_)) slab_.let_go(sweep_page_);
    sweep_chunk_ = 0;
    if (++sweep_page_ >= slab_.page_numbers()) begin_sweep_round();
    return false;
  }
  void* chunk = slab_.chunk_at((sweep_page_ << chunk_index_bits) | sweep_chunk_++);
  if (kind_of(Slab::shape_at(chunk)) != ChunkKind::Item) return false;
  Item& item = *static_cast<Item*>(chunk);
  if (!item.is_linked()) return false;
  ++counters_[Counter::CrawlerItemsChecked];
  ++counters_of(item.class_number())[ClassCounter::CrawlerItemsChecked];
  if (!life_.is_over(item)) return false;
  sweep_item(item);
  return true;
}

/// All pages were walked over.
void Store::begin_sweep_round() {
  if (log_ != nullptr) tell_sweep_round();
  sweep_page_ = 0;
  sweep_pace_ = 0;
  sweep_began_ = life_.now;
  for (uint8_t i = 0; i < sizes_.count(); ++i) {
    const ClassCounters& counters = counters_of(i);
    sweep_marks_[i] = {counters[ClassCounter::CrawlerItemsChecked],
                       counters[ClassCounter::CrawlerReclaimed]};
  }
}

void Store::sweep_item(Item& item) {
  ++counters_[Counter::CrawlerReclaimed];
  ++counters_of(item.class_number())[ClassCounter::CrawlerReclaimed];
  count_expired_unfetched(item);
  unlink(item, hash_of(item));
}

/// Eight flushes with items in between before the sweep came round: all that were flushed go now,
/// in one walk. The sweep hurries when it comes near to this, so only a burst of flushes gets here.
void Store::sweep_flushed() {
  for (uint32_t number = 1; number < slab_.page_numbers(); ++number) {
    for (uint32_t i = 0; i < slab_.page(number).carved; ++i) {
      void* chunk = slab_.chunk_at((number << chunk_index_bits) | i);
      if (kind_of(Slab::shape_at(chunk)) != ChunkKind::Item) continue;
      Item& item = *static_cast<Item*>(chunk);
      if (item.is_linked() && life_.is_flushed(item)) sweep_item(item);
    }
  }
}

}  // namespace ringcached::store
