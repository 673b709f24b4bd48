#include "store/store.h"

#include <bit>

#include "base/assert.h"
#include "ringcached/limits.h"

namespace ringcached::store {

namespace {

/// The smallest chunk: header, cas id and -n bytes for key, value and flags.
uint32_t smallest_chunk(const StoreConfig& config) {
  const uint32_t cas = config.cas_enabled ? sizeof(uint64_t) : 0;
  return Item::header_size + cas + std::min(config.slab_min_size, chunk_size_max);
}

SizeClasses sizes_of(const StoreConfig& config) {
  if (!config.slab_sizes.empty()) return {config.slab_sizes, config.slab_chunk_max};
  return {smallest_chunk(config), config.growth_factor, config.slab_chunk_max};
}

}  // namespace

Store::Store(const StoreConfig& config, PageBudget& budget, Counters& counters)
    : config_(config),
      budget_(budget),
      counters_(counters),
      sizes_(sizes_of(config)),
      arena_(faults_),
      slab_(sizes_, arena_, budget, config.partition),
      table_(arena_, slab_.directory(), config_.hasher, config.initial_buckets),
      eviction_(slab_, classes_, arena_),
      cas_last_(config.partition),
      cas_step_(std::bit_ceil(uint64_t{config.partitions})) {
  RC_ASSERT(config.partition < config.partitions);
  update_gauges();
}

Store::~Store() = default;

void Store::set_now(Now now) {
  if (now.seconds != life_.now) {
    refill_sweep_credit(now.seconds > life_.now ? now.seconds - life_.now : 1);
    life_.now = now.seconds;
  }
  if (flush_at_ != never && life_.now + 1 >= flush_at_) flush();
  update_gauges();
}

void Store::update_gauges() {
  counters_[Counter::PagesHeld] = slab_.pages_held();
  counters_[Counter::PagesEmpty] = slab_.pages_empty();
  counters_[Counter::TableBytes] = table_.bytes();
  counters_[Counter::TableBuckets] = table_.buckets();
  counters_[Counter::GhostBytes] = eviction_.ghost_bytes();
  counters_[Counter::PinnedBytes] = pinned_bytes_;
  counters_[Counter::ArenaBytes] = arena_.bytes();
  counters_[Counter::ArenaBytesReturned] = arena_.bytes_returned();
}

Found Store::find(const Key& key) {
  ++lookups_;
  Item* item = table_.find(key);
  if (item == nullptr) return {nullptr, Absence::Absent};
  if (!life_.is_over(*item)) return {item, Absence::None};
  const Absence why = life_.is_flushed(*item) ? Absence::Flushed : Absence::Expired;
  unlink(*item, key.hash);
  return {nullptr, why};
}

void Store::publish(Item& item, Item* old) {
  RC_ASSERT(!item.is_linked() && item.granted() == item.value_size());
  const uint64_t hash = memo_.item == &item ? memo_.hash : hash_of(item);
  leave_under_way(item);
  item.set(status::linked);
  item.set_epoch(life_.epoch);
  item.set_last_access(life_.now);
  renew_cas(item);
  epochs_.enter(life_.epoch);
  ++counters_[Counter::TotalItems];
  account(item);
  if (old == nullptr) {
    eviction_.insert(item, hash);
    table_.insert(hash, item);
    return;
  }
  RC_ASSERT(old->is_linked() && old->key() == item.key());
  eviction_.inherit(item, *old);
  table_.replace(hash, *old, item);
  retire(*old);
}

void Store::discard(Item& item) {
  RC_ASSERT(!item.is_linked() && item.pins() == 0);
  leave_under_way(item);
  release(item);
}

void Store::leave_under_way(Item& item) {
  RC_ASSERT(under_way_ > 0);
  --under_way_;
  uncommitted_bytes_ -= item.footprint();
  memo_ = {};
}

void Store::remove(Item& item) {
  RC_ASSERT(item.is_linked());
  unlink(item, hash_of(item));
}

void Store::unlink(Item& item, uint64_t hash) {
  table_.erase(hash, item);
  retire(item);
}

/// Out of the table already: leaves its queue, the figures, and memory unless somebody reads it.
void Store::retire(Item& item) {
  eviction_.remove(item);
  item.clear(status::linked);
  epochs_.leave(item.epoch());
  discount(item);
  if (item.pins() == 0) release(item);
}

void Store::renew_cas(Item& item) {
  cas_last_ += cas_step_;
  item.set_cas(cas_last_);
}

void Store::mark_stale(Item& item, bool won) {
  item.set(status::stale);
  item.clear(status::won);
  if (won) item.set(status::won);
}

void Store::mark_base64_key(Item& item) {
  RC_ASSERT(item.pins() == 0);
  item.set_base64_key();
}

void Store::pin(Item& item) {
  RC_ASSERT(item.is_linked() && item.is_pinnable());
  const uint64_t pins = item.pins();
  if (pins == 0) pinned_bytes_ += item.footprint();
  item.set_pins(pins + 1);
}

void Store::unpin(Item& item) {
  const uint64_t pins = item.pins();
  RC_ASSERT(pins > 0);
  item.set_pins(pins - 1);
  if (pins != 1) return;
  pinned_bytes_ -= item.footprint();
  if (!item.is_linked()) release(item);
}

void Store::flush() {
  flush_at_ = never;
  start_epoch();
}

/// Acts a second early, as memcached does: "flush_all 1" empties the cache at once.
void Store::flush_at(Seconds at) {
  flush_at_ = at;
  if (at == never || life_.now + 1 >= at) flush();
}

void Store::start_epoch() {
  if (epochs_.alive(life_.epoch) == 0) return;  // nobody was published in it
  if (epochs_.empty() == 0) sweep_flushed();
  life_.epoch = epochs_.find_empty();
  RC_ASSERT(life_.epoch < epochs_max);
}

}  // namespace ringcached::store
