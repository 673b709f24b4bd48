// Seeded acts against a plain map: what the store shows must be what the map holds.
//
// With a tight budget an item may have been evicted; with an ample one it may not. SEED=n replays
// one run, ACTS=n makes it longer.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/assert.h"
#include "store/store.h"

namespace ringcached::store {
namespace {

/// No check of the model may vanish with -DNDEBUG.
#define CLAIM RC_ASSERT

struct Expected {
  std::string value;
  uint32_t flags = 0;
  Seconds exptime = never;
  uint64_t cas = 0;
};

struct Pinned {
  Item* item;
  std::string value;  // what its reader was promised
};

struct UnderWay {
  Item* item;
  std::string key;
  Expected expected;
  size_t filled = 0;
  std::vector<iovec> spans;
};

struct Setting {
  const char* name;
  uint64_t memory;
  bool ample;  // nothing may ever be evicted
  StoreConfig config;
  uint32_t keys;
  uint32_t value_size_max;
  bool drifts = false;  // the usual size of values changes with time: pages must follow
};

class Model {
 public:
  Model(const Setting& setting, uint64_t seed)
      : setting_(setting),
        random_(seed),
        hasher_(seed),
        budget_(setting.memory, setting.config.partitions),
        store_(config_of(setting, hasher_), budget_, counters_) {
    tick(0);
  }

  void run(uint64_t acts) {
    for (uint64_t i = 0; i < acts; ++i) {
      if (i % 5000 == 0) usual_size_ = setting_.drifts ? 50u << (random_() % 12) : 200;
      act();
      store_.verify_near(key_for(last_key_));
      if (setting_.drifts && i % 10 == 0) store_.sweep();
      if (i % 1000 == 999) check_all();
    }
    wind_down();
  }

  uint64_t hits() const { return hits_; }
  uint64_t evictions() const { return counters_[Counter::Evictions]; }
  uint64_t page_moves() const { return counters_[Counter::SlabsMoved]; }

 private:
  static StoreConfig config_of(const Setting& setting, const KeyHasher& hasher) {
    StoreConfig config = setting.config;
    config.hasher = hasher;
    return config;
  }

  uint32_t below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  bool one_in(uint32_t n) { return below(n) == 0; }

  std::string any_key() {
    const uint32_t n = below(setting_.keys);
    std::string key = "key:" + std::to_string(n);
    if (n % 17 == 0) key.resize(1 + n % 250, 'k');
    if (n % 17 == 0) key = (key + std::to_string(n)).substr(0, 250);
    last_key_ = key;
    return key;
  }
  Key key_for(const std::string& key) const { return {key, hasher_(key)}; }

  std::string any_value() {
    uint32_t size = below(usual_size_);
    if (!setting_.drifts && one_in(4)) size = below(std::min(setting_.value_size_max, 20'000u));
    if (one_in(30)) size = below(setting_.value_size_max);
    std::string value(size, '\0');
    for (size_t i = 0; i < value.size(); i += 8) {
      const uint64_t word = random_();
      value.replace(i, std::min<size_t>(8, size - i), reinterpret_cast<const char*>(&word),
                    std::min<size_t>(8, size - i));
    }
    return value;
  }
  Seconds any_exptime() {
    if (!one_in(5)) return never;
    return one_in(10) ? long_past : now_ + 1 + below(20);
  }

  bool is_dead(const Expected& expected) const { return is_expired(expected.exptime, now_); }

  /// The store's item for a key, held against the model.
  Item* look_up(const std::string& key) {
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

  void compare(const Item& item, const Expected& expected) {
    CLAIM(item.value_size() == expected.value.size());
    CLAIM(item.client_flags() == expected.flags && item.exptime() == expected.exptime);
    CLAIM(item.cas() == (setting_.config.cas_enabled ? expected.cas : 0));
    CLAIM(spans_equal(item, expected.value));
  }

  static bool spans_equal(const Item& item, const std::string& value) {
    size_t at = 0;
    bool equal = true;
    for_each_span(item, static_cast<uint32_t>(value.size()), [&](const char* data, uint32_t size) {
      equal = equal && value.compare(at, size, data, size) == 0;
      at += size;
    });
    return equal && at == value.size();
  }

  void act() {
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
    if (dice < 9900) return resize();
    if (dice < 9910) return reassign();
    if (dice < 9914) return administrate();
    if (dice < 9930) return neighbour();
    inject();
  }

  void get() {
    Item* item = look_up(any_key());
    if (item != nullptr) store_.mark_read(*item);
  }

  void set() {
    const std::string key = any_key();
    Expected wanted{any_value(), one_in(3) ? below(1000) : 0, any_exptime(), 0};
    Item* old = look_up(key);
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

  void publish(const std::string& key, Item& item, Item* old, Expected expected) {
    store_.publish(item, old);
    expected.cas = item.cas();
    CLAIM(!setting_.config.cas_enabled || expected.cas > cas_last_);
    cas_last_ = std::max(cas_last_, expected.cas);
    map_[key] = expected;
  }

  void append() {
    std::string key = any_key();
    if (!pinned_.empty() && one_in(4)) key = pinned_.back().item->key();
    Item* item = look_up(key);
    if (item == nullptr) return;
    const std::string more = any_value();
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

  void overwrite() {
    const std::string key = any_key();
    Item* item = look_up(key);
    if (item == nullptr) return;
    std::string text = std::to_string(random_());
    const bool may =
        !item->is_segmented() && item->pins() == 0 && text.size() <= item->value_size();
    CLAIM(store_.overwrite_in_place(*item, text) == may);
    if (!may) return;
    text.resize(item->value_size(), ' ');
    map_[key].value = text;
    map_[key].cas = item->cas();
  }

  void remove() {
    const std::string key = any_key();
    Item* item = look_up(key);
    if (item == nullptr) return;
    store_.remove(*item);
    map_.erase(key);
    CLAIM(store_.find(key_for(key)).item == nullptr);
  }

  void touch() {
    const std::string key = any_key();
    Item* item = look_up(key);
    if (item == nullptr) return;
    map_[key].exptime = any_exptime();
    store_.set_exptime(*item, map_[key].exptime);
  }

  void pin() {
    Item* item = look_up(any_key());
    if (item == nullptr || !store_.can_pin(*item)) return;
    if (store_.pinned_bytes() > setting_.memory / 4 || pinned_.size() > 200) return;
    store_.pin(*item);
    pinned_.push_back({item, map_[std::string(item->key())].value});
  }

  void unpin() {
    if (pinned_.empty()) return;
    std::swap(pinned_[below(static_cast<uint32_t>(pinned_.size()))], pinned_.back());
    CLAIM(spans_equal(*pinned_.back().item, pinned_.back().value));
    store_.unpin(*pinned_.back().item);
    pinned_.pop_back();
  }

  void begin() {
    if (under_way_.size() > 20 || store_.uncommitted_bytes() > setting_.memory / 8) return;
    UnderWay new_one{nullptr, any_key(), {any_value(), below(3), any_exptime(), 0}, 0, {}};
    new_one.item =
        store_.begin(key_for(new_one.key), new_one.expected.flags, new_one.expected.exptime,
                     static_cast<uint32_t>(new_one.expected.value.size()));
    if (new_one.item == nullptr) {
      CLAIM(!setting_.ample);
      return;
    }
    under_way_.push_back(new_one);
  }

  UnderWay* any_under_way() {
    if (under_way_.empty()) return nullptr;
    std::swap(under_way_[below(static_cast<uint32_t>(under_way_.size()))], under_way_.back());
    return &under_way_.back();
  }

  void extend() {
    UnderWay* one = any_under_way();
    if (one == nullptr) return;
    if (one_in(40)) {
      store_.discard(*one->item);
      under_way_.pop_back();
      return;
    }
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

  void finish() {
    UnderWay* one = any_under_way();
    if (one == nullptr) return;
    if (one->filled == one->expected.value.size()) {
      publish(one->key, *one->item, look_up(one->key), one->expected);
    } else {
      store_.discard(*one->item);
    }
    under_way_.pop_back();
  }

  void sweep() {
    for (int i = 0; i < 20 && store_.sweep(); ++i) {
    }
  }

  void tick(Seconds seconds) {
    now_ += seconds;
    store_.set_now(Now{now_, 1'700'000'000 + now_});
    if (flush_at_ != never && now_ + 1 >= flush_at_) {
      map_.clear();
      flush_at_ = never;
    }
  }

  void flush() {
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
  void flushes() {
    for (int i = 0; i < 12; ++i) {
      set();
      if (one_in(2)) sweep();
      store_.flush();
      map_.clear();
      flush_at_ = never;
    }
  }

  /// Another -m, from a quarter to all of what it was at the start. What is promised stays: pins
  /// and values under way.
  void resize() {
    if (setting_.ample) return;
    budget_.resize(setting_.memory / 4 + random_() % (setting_.memory * 3 / 4 + 1));
    if (one_in(4)) budget_.resize(setting_.memory);
  }

  void reassign() {
    const int classes = static_cast<int>(store_.sizes().count());
    const int donor =
        one_in(3) ? Store::any_class : static_cast<int>(random_() % static_cast<uint64_t>(classes));
    if (!setting_.ample)
      store_.reassign(donor, static_cast<uint8_t>(random_() % static_cast<uint64_t>(classes)));
  }

  void administrate() {
    store_.set_balancing(one_in(2));
    store_.set_sweeping(one_in(2));
    store_.crawl(one_in(2) ? ~uint64_t{0} : random_(), one_in(2) ? 0 : random_() % 1000);
  }

  /// Another partition takes pages of the common pool, and gives them back.
  void neighbour() {
    if (setting_.config.partitions < 2) return;
    if (one_in(2)) {
      for (uint32_t i = below(40); i > 0 && budget_.take(neighbour_); --i) {
      }
    }
    while (held_by_neighbour() > 0 && (budget_.owes(neighbour_) || one_in(2))) {
      budget_.give_back(neighbour_);
    }
  }

  uint64_t held_by_neighbour() const {
    return setting_.config.partitions < 2 ? 0 : budget_.held(neighbour_);
  }

  /// Lets one of the next allocations fail. Not where memory is said to be ample: a page that is
  /// not to be had is answered by an eviction.
  void inject() {
    if (!setting_.ample) store_.faults().fail_nth(1 + below(20));
  }

  void check_all() {
    store_.verify();
    std::vector<std::string> keys;
    for (const auto& entry : map_) keys.push_back(entry.first);
    for (const std::string& key : keys) look_up(key);
    for (const Pinned& pinned : pinned_) CLAIM(spans_equal(*pinned.item, pinned.value));
  }

  /// Everything goes home: nothing may be left behind.
  void wind_down() {
    while (!pinned_.empty()) unpin();
    for (const UnderWay& one : under_way_) store_.discard(*one.item);
    check_all();
    while (held_by_neighbour() > 0) budget_.give_back(neighbour_);
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
  }

  static constexpr uint32_t neighbour_ = 0;  // of a partition whose number is not 0

  const Setting& setting_;
  std::mt19937_64 random_;
  KeyHasher hasher_;
  Counters counters_;
  PageBudget budget_;
  Store store_;
  std::unordered_map<std::string, Expected> map_;
  std::vector<Pinned> pinned_;
  std::vector<UnderWay> under_way_;
  std::string last_key_ = "key:0";
  uint32_t usual_size_ = 200;  // bytes of a value
  Seconds now_ = 100;
  Seconds flush_at_ = never;
  uint64_t cas_last_ = 0;
  uint64_t hits_ = 0;
};

std::vector<Setting> settings() {
  StoreConfig plain;
  StoreConfig shared = plain;
  shared.partition = 2;
  shared.partitions = 3;
  StoreConfig no_cas = plain;
  no_cas.cas_enabled = false;
  no_cas.slab_min_size = 1;
  no_cas.initial_buckets = 2;
  StoreConfig no_evict = plain;
  no_evict.evict = false;
  plain.track_sizes = true;
  StoreConfig fine = plain;
  fine.growth_factor = 1.02;
  return {
      {"ample, but failures", 512u << 20, false, plain, 3000, 400'000},
      {"ample", 512u << 20, true, plain, 3000, 400'000},
      {"ample, no cas", 512u << 20, true, no_cas, 20'000, 3000},
      {"tight", 2u << 20, false, plain, 3000, 300'000},
      {"tight, small values", 1u << 20, false, no_cas, 20'000, 300},
      {"tight, shared", 6u << 20, false, shared, 3000, 100'000},
      {"tight, fine classes", 4u << 20, false, fine, 5000, 50'000},
      {"tight, no eviction", 2u << 20, false, no_evict, 3000, 100'000},
      {"tight, drifting", 3u << 20, false, plain, 2000, 200'000, true},
      {"hardly any", 256u << 10, false, plain, 300, 300'000},
  };
}

}  // namespace
}  // namespace ringcached::store

int main() {
  using namespace ringcached::store;
  const char* given_seed = std::getenv("SEED");
  const char* given_acts = std::getenv("ACTS");
  const uint64_t seed =
      given_seed != nullptr ? std::strtoull(given_seed, nullptr, 10) : std::random_device{}();
  const uint64_t acts = given_acts != nullptr ? std::strtoull(given_acts, nullptr, 10) : 50'000;
  std::printf("SEED=%llu ACTS=%llu\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(acts));
  std::fflush(stdout);
  for (const Setting& setting : settings()) {
    Model model(setting, seed);
    model.run(acts);
    std::printf("ok - %s: %llu hits, %llu evictions, %llu page moves\n", setting.name,
                static_cast<unsigned long long>(model.hits()),
                static_cast<unsigned long long>(model.evictions()),
                static_cast<unsigned long long>(model.page_moves()));
    std::fflush(stdout);
  }
  return 0;
}
