// A partition's store against a plain map: the acts.
#include "model.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace ringcached::store {
namespace {

constexpr uint64_t acts_per_size = 5000;  // before values drift to another usual size
constexpr Seconds unix_start = 1'700'000'000;

StoreConfig config_of(const Setting& setting, uint32_t partition, const KeyHasher& hasher) {
  StoreConfig config = setting.config;
  config.partition = partition;
  config.hasher = hasher;
  return config;
}

}  // namespace

Model::Model(const Setting& setting, uint32_t partition, uint64_t seed, PageBudget& budget)
    : setting_(setting),
      partition_(partition),
      random_(seed),
      hasher_(seed),
      budget_(budget),
      store_(config_of(setting, partition, hasher_), budget_, counters_) {
  tick(0);
}

void Model::act() {
  if (acts_++ % acts_per_size == 0) usual_size_ = setting_.drifts ? 50u << (random_() % 12) : 200;
  touched_ = nullptr;
  choose();
  store_.verify_near(key_for(last_key_));
  if (touched_ != nullptr) store_.verify_near(*touched_);
  if (setting_.drifts && acts_ % 10 == 0) store_.sweep();
}

void Model::choose() {
  const uint32_t dice = below(10'000);
  if (dice < 3500) return get();
  if (dice < 6100) return set();
  if (dice < 6600) return append();
  if (dice < 7000) return overwrite();
  if (dice < 7300) return remove();
  if (dice < 7500) return touch();
  if (dice < 7850) return pin();
  if (dice < 8200) return unpin();
  if (dice < 8600) return begin();
  if (dice < 9500) return extend();
  if (dice < 9700) return finish();
  if (dice < 9850) return sweep();
  if (dice < 9890) return tick(below(3));
  if (dice < 9893) return one_in(10) ? flush() : sweep();
  if (dice < 9894) return one_in(10) ? flushes() : sweep();
  if (dice < 9910) return reassign();
  if (dice < 9914) return administrate();
  inject();
}

// --- What acts are about.

std::string Model::any_key() {
  const uint32_t n = below(setting_.keys);
  std::string key = "key:" + std::to_string(n);
  if (n % 17 == 0) key.resize(1 + n % 250, 'k');
  if (n % 17 == 0) key = (key + std::to_string(n)).substr(0, 250);
  last_key_ = key;
  return key;
}

std::string Model::any_value() {
  uint32_t size = below(usual_size_);
  if (!setting_.drifts && one_in(4)) size = below(std::min(setting_.value_size_max, 20'000u));
  if (one_in(30)) size = below(setting_.value_size_max);
  std::string value(size, '\0');
  for (size_t i = 0; i < value.size(); i += 8) {
    const uint64_t word = random_();
    std::memcpy(value.data() + i, &word, std::min<size_t>(8, size - i));
  }
  return value;
}

Seconds Model::any_exptime() {
  if (!one_in(5)) return never;
  return one_in(10) ? long_past : now_ + 1 + below(20);
}

/// The store's item for a key, held against the map.
Item* Model::look_up(const std::string& key) {
  const Found found = store_.find(key_for(key));
  const auto expected = map_.find(key);
  if (found.item == nullptr) {
    if (expected == map_.end()) return nullptr;
    CLAIM(!setting_.ample || is_dead(expected->second));
    map_.erase(expected);
    return nullptr;
  }
  ++hits_;
  CLAIM(expected != map_.end() && !is_dead(expected->second));
  compare(*found.item, expected->second);
  return found.item;
}

void Model::compare(const Item& item, const Expected& expected) const {
  CLAIM(item.value_size() == expected.value.size());
  CLAIM(item.client_flags() == expected.flags && item.exptime() == expected.exptime);
  CLAIM(item.cas() == (setting_.config.cas_enabled ? expected.cas : 0));
  CLAIM(spans_equal(item, expected.value));
}

bool Model::spans_equal(const Item& item, const std::string& value) {
  size_t at = 0;
  bool equal = true;
  for_each_span(item, static_cast<uint32_t>(value.size()), [&](const char* data, uint32_t size) {
    equal = equal && value.compare(at, size, data, size) == 0;
    at += size;
  });
  return equal && at == value.size();
}

// --- Reading and changing.

void Model::get() {
  Item* item = look_up(any_key());
  if (item != nullptr) store_.mark_read(*item);
}

void Model::set() {
  const std::string key = any_key();
  Expected wanted{any_value(), one_in(3) ? below(1000) : 0, any_exptime(), 0};
  Item* old = look_up(key);
  if (old != nullptr && one_in(3) && replace_in_place(key, *old, wanted)) return;
  const std::string old_value = old == nullptr ? "" : map_[key].value;
  const bool keeps = old != nullptr && one_in(2);
  const size_t from_old = keeps && old_value.size() < 200'000 ? old_value.size() : 0;
  const auto size = static_cast<uint32_t>(wanted.value.size() + from_old);
  Item* item = store_.create(key_for(key), wanted.flags, wanted.exptime, size,
                             from_old != 0 ? old : nullptr);
  if (item == nullptr) {
    CLAIM(!setting_.ample);
    return;
  }
  if (from_old != 0) store_.copy_value(*old, *item, 0);
  store_.write(*item, static_cast<uint32_t>(from_old), wanted.value);
  if (from_old != 0) wanted.value.insert(0, old_value);
  if (from_old == 0) old = store_.find(key_for(key)).item;
  publish(key, *item, old, wanted);
}

void Model::publish(const std::string& key, Item& item, Item* old, Expected expected) {
  store_.publish(item, old);
  expect(key, item, expected);
}

bool Model::replace_in_place(const std::string& key, Item& old, const Expected& wanted) {
  const uint64_t items = counters_[Counter::CurrItems];
  const bool pinned = old.pins() != 0;
  if (!store_.replace_in_place(old, wanted.flags, wanted.exptime, wanted.value)) return false;
  CLAIM(!pinned && counters_[Counter::CurrItems] == items);
  CLAIM(!old.fetched() && !old.stale() && !old.won());
  expect(key, old, wanted);
  return true;
}

void Model::expect(const std::string& key, const Item& item, Expected expected) {
  expected.cas = item.cas();
  CLAIM(!setting_.config.cas_enabled || expected.cas > cas_last_);
  // The low bits say which partition gave it.
  CLAIM(!setting_.config.cas_enabled ||
        expected.cas % std::bit_ceil(setting_.config.partitions) == partition_);
  cas_last_ = std::max(cas_last_, expected.cas);
  if (item.is_segmented()) last_large_key_ = key;
  map_[key] = expected;
}

void Model::append() {
  std::string key = any_key();
  std::string more = any_value();
  if (!pinned_.empty() && one_in(4)) key = pinned_.back().item->key();
  if (one_in(8)) {  // it needs segments more, and so does somebody else
    key = last_large_key_;
    more.resize(below(40'000), 'm');
  }
  last_key_ = key;
  Item* item = look_up(key);
  if (item == nullptr) return;
  const bool must_work =
      !item->is_segmented() && item->value_size() + more.size() <= item->head_capacity();
  const bool done = store_.append_in_place(*item, more);
  CLAIM(done || !must_work);
  if (done) {
    map_[key].value += more;
    map_[key].cas = item->cas();
  }
  compare(*item, map_[key]);
}

void Model::overwrite() {
  const std::string key = any_key();
  Item* item = look_up(key);
  if (item == nullptr) return;
  std::string text = std::to_string(random_());
  const bool may = !item->is_segmented() && item->pins() == 0 && text.size() <= item->value_size();
  CLAIM(store_.overwrite_in_place(*item, text) == may);
  if (!may) return;
  text.resize(item->value_size(), ' ');
  map_[key].value = text;
  map_[key].cas = item->cas();
}

void Model::remove() {
  const std::string key = any_key();
  Item* item = look_up(key);
  if (item == nullptr) return;
  store_.remove(*item);
  map_.erase(key);
  CLAIM(store_.find(key_for(key)).item == nullptr);
}

void Model::touch() {
  const std::string key = any_key();
  Item* item = look_up(key);
  if (item == nullptr) return;
  map_[key].exptime = any_exptime();
  store_.set_exptime(*item, map_[key].exptime);
}

// --- Pins, and values that come in pieces.

void Model::pin() {
  Item* item = look_up(any_key());
  if (item == nullptr || !store_.can_pin(*item)) return;
  if (store_.pinned_bytes() > partition_memory() / 4 || pinned_.size() > 200) return;
  store_.pin(*item);
  pinned_.push_back({item, map_[std::string(item->key())].value});
  touched_ = item;
}

void Model::unpin() {
  if (pinned_.empty()) return;
  std::swap(pinned_[below(static_cast<uint32_t>(pinned_.size()))], pinned_.back());
  const Pinned& last = pinned_.back();
  CLAIM(spans_equal(*last.item, last.value));
  last_key_ = last.item->key();
  store_.unpin(*last.item);
  pinned_.pop_back();
}

void Model::begin() {
  if (under_way_.size() > 20 || store_.uncommitted_bytes() > partition_memory() / 8) return;
  UnderWay fresh{nullptr, any_key(), {any_value(), below(3), any_exptime(), 0}, 0};
  fresh.item = store_.begin(key_for(fresh.key), fresh.expected.flags, fresh.expected.exptime,
                            static_cast<uint32_t>(fresh.expected.value.size()));
  if (fresh.item == nullptr) {
    CLAIM(!setting_.ample);
    return;
  }
  touched_ = fresh.item;
  under_way_.push_back(fresh);
}

Model::UnderWay* Model::any_under_way() {
  if (under_way_.empty()) return nullptr;
  std::swap(under_way_[below(static_cast<uint32_t>(under_way_.size()))], under_way_.back());
  last_key_ = under_way_.back().key;
  return &under_way_.back();
}

void Model::extend() {
  UnderWay* one = any_under_way();
  if (one == nullptr) return;
  if (one_in(40)) return discard(*one);
  touched_ = one->item;
  const size_t left = one->expected.value.size() - one->filled;
  if (left == 0) return;
  std::array<iovec, extend_spans_max> spans;
  const size_t count = store_.extend(*one->item, 1 + below(256 * 1024), spans);
  CLAIM(count > 0 || !setting_.ample);
  for (size_t i = 0; i < count; ++i) {
    CLAIM(spans[i].iov_len > 0);
    std::memcpy(spans[i].iov_base, one->expected.value.data() + one->filled, spans[i].iov_len);
    one->filled += spans[i].iov_len;
  }
  CLAIM(store_.granted(*one->item) == one->filled && one->filled <= one->expected.value.size());
}

void Model::discard(UnderWay& last) {
  store_.discard(*last.item);
  under_way_.pop_back();
}

void Model::finish() {
  UnderWay* one = any_under_way();
  if (one == nullptr) return;
  if (one->filled != one->expected.value.size()) return discard(*one);
  publish(one->key, *one->item, look_up(one->key), one->expected);
  under_way_.pop_back();
}

// --- Time, and what concerns all of it.

void Model::sweep() {
  for (int i = 0; i < 20 && store_.sweep(); ++i) {
  }
}

void Model::tick(Seconds seconds) {
  now_ += seconds;
  store_.set_now(Now{now_, unix_start + now_});
  if (flush_at_ != never && now_ + 1 >= flush_at_) {
    map_.clear();
    flush_at_ = never;
  }
}

void Model::flush() {
  const bool delayed = one_in(2);
  flush_at_ = delayed ? now_ + below(5) : never;
  if (delayed) {
    store_.flush_at(flush_at_);
  } else {
    store_.flush();
  }
  if (delayed && now_ + 1 < flush_at_) return;
  map_.clear();
  flush_at_ = never;
}

/// More of them than there are epochs, with somebody living in each.
void Model::flushes() {
  for (int i = 0; i < 12; ++i) {
    set();
    if (one_in(2)) sweep();
    store_.flush();
    map_.clear();
    flush_at_ = never;
  }
}

void Model::reassign() {
  const auto classes = static_cast<int>(store_.sizes().count());
  const int donor =
      one_in(3) ? Store::any_class : static_cast<int>(below(static_cast<uint32_t>(classes)));
  const auto heir = static_cast<uint8_t>(below(static_cast<uint32_t>(classes)));
  if (!setting_.ample) store_.reassign(donor, one_in(10) ? Slab::no_class : heir);
}

void Model::administrate() {
  store_.set_balancing(one_in(2));
  store_.set_sweeping(one_in(2));
  store_.crawl(one_in(2) ? ~uint64_t{0} : random_(), one_in(2) ? 0 : random_() % 1000);
}

/// Lets one of the next allocations fail. Not where memory is said to be ample: a page that is not
/// to be had is answered by an eviction.
void Model::inject() {
  if (setting_.ample) return;
  const bool any_kind = one_in(2);
  if (any_kind) {
    store_.faults().fail_nth(1 + below(20));
  } else {
    const auto kinds = static_cast<uint32_t>(Allocation::count_);
    store_.faults().fail_nth_of(static_cast<Allocation>(below(kinds)), 1);
  }
}

// --- Everything.

void Model::check_all() {
  store_.verify();
  std::vector<std::string> keys;
  for (const auto& entry : map_) keys.push_back(entry.first);
  for (const std::string& key : keys) look_up(key);
  for (const Pinned& pinned : pinned_) CLAIM(spans_equal(*pinned.item, pinned.value));
}

void Model::let_go() {
  while (!pinned_.empty()) unpin();
  while (!under_way_.empty()) discard(under_way_.back());
  check_all();
}

void Model::give_pages_back() {
  if (!setting_.config.evict) return;
  for (int i = 0; i < 10'000 && budget_.owes(partition_); ++i) {
    if (!store_.sweep()) tick(1);
  }
  CLAIM(!budget_.owes(partition_));
  check_all();
}

void Model::wind_down() {
  store_.set_sweeping(true);
  store_.flush();
  for (Seconds i = 0; i < 200; ++i) {
    tick(1);
    while (store_.sweep()) {
    }
  }
  store_.verify();
  CLAIM(counters_[Counter::CurrItems] == 0 && counters_[Counter::Bytes] == 0);
  CLAIM(store_.uncommitted_bytes() == 0 && store_.pinned_bytes() == 0);
  CLAIM(store_.slab().pages_empty() == store_.slab().pages_held());
  CLAIM(!budget_.owes(partition_));
}

}  // namespace ringcached::store
