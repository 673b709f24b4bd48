// Every allocation of a store fails once, each in a run of its own: an outcome, and nothing is
// lost.
//
// A scenario that goes through all of a store is run once to count its allocations, then once for
// each of them with that one failing, and once for each with all behind it failing as well.
#include <cstdio>
#include <string>
#include <vector>

#include "base/assert.h"
#include "store/store.h"

namespace ringcached::store {
namespace {

/// No check may vanish with -DNDEBUG.
#define CLAIM RC_ASSERT

enum class Failing : uint8_t { None, One, AllFromThere };

class Scenario {
 public:
  Scenario(Failing failing, uint64_t nth)
      : budget_(memory, 1), store_(config(), budget_, counters_) {
    tick(0);
    if (failing != Failing::None) store_.faults().fail_nth(nth, failing == Failing::AllFromThere);
  }

  /// Returns how many allocations there were.
  uint64_t run() {
    const uint64_t before = store_.faults().asked();
    small_values();
    large_values();
    appends();
    values_in_pieces();
    expiry();
    pages();
    const uint64_t asked = store_.faults().asked() - before;
    store_.faults().fail_nth(0);
    leave();
    return asked;
  }

 private:
  static constexpr uint64_t memory = 3u << 20;

  StoreConfig config() const {
    StoreConfig config;
    config.hasher = hasher_;
    config.initial_buckets = 2;  // the table grows a lot
    config.track_sizes = true;
    return config;
  }

  Key key(const std::string& bytes) const { return {bytes, hasher_(bytes)}; }

  static std::string numbered(const char* prefix, uint32_t n) { return prefix + std::to_string(n); }

  static std::string value_of(uint32_t n, size_t size) {
    std::string value(size, static_cast<char>('a' + n % 26));
    return value;
  }

  /// A set: stored, or nothing has changed.
  bool set(const std::string& name, const std::string& value, Seconds exptime = never) {
    Item* item = store_.create(key(name), 0, exptime, static_cast<uint32_t>(value.size()));
    if (item == nullptr) return false;
    store_.write(*item, 0, value);
    store_.publish(*item, store_.find(key(name)).item);
    check(name, value);
    return true;
  }

  void check(const std::string& name, const std::string& value) {
    const Item* item = store_.find(key(name)).item;
    if (item == nullptr) return;
    CLAIM(item->value_size() == value.size());
    std::string held(value.size(), '\0');
    store_.read(*item, 0, {held.data(), held.size()});
    CLAIM(held == value);
  }

  void tick(Seconds seconds) {
    now_ += seconds;
    store_.set_now(Now{now_, 1'700'000'000 + now_});
  }

  /// Enough to fill memory, to split the table many times, to make a ghost and to evict.
  void small_values() {
    for (uint32_t i = 0; i < 22'000; ++i) {
      set(numbered("small", i), value_of(i, 60 + i % 80));
      if (i % 3 == 0) read(numbered("small", i / 2));
      if (i % 16 == 0) store_.sweep();
    }
    store_.verify();
  }

  void read(const std::string& name) {
    if (Item* item = store_.find(key(name)).item) store_.mark_read(*item);
  }

  void large_values() {
    for (uint32_t i = 0; i < 12; ++i) set(numbered("large", i), value_of(i, 150'000));
    store_.verify();
  }

  void appends() {
    for (const char* name : {"large11", "small21999"}) {
      std::string value;
      if (!set(name, value_of(1, 40'000))) continue;
      value = value_of(1, 40'000);
      for (uint32_t i = 0; i < 20; ++i) {
        Item* item = store_.find(key(name)).item;
        if (item == nullptr) break;
        const std::string more = value_of(i, 5000);
        if (store_.append_in_place(*item, more)) value += more;
        check(name, value);
      }
    }
    store_.verify();
  }

  void values_in_pieces() {
    const std::string value = value_of(7, 300'000);
    Item* item = store_.begin(key("pieces"), 5, never, static_cast<uint32_t>(value.size()));
    if (item == nullptr) return;
    std::array<iovec, extend_spans_max> spans;
    size_t filled = 0;
    for (uint32_t round = 0; round < 10 && filled < value.size(); ++round) {
      const size_t count = store_.extend(*item, 64 * 1024, spans);
      for (size_t i = 0; i < count; ++i) {
        std::memcpy(spans[i].iov_base, value.data() + filled, spans[i].iov_len);
        filled += spans[i].iov_len;
      }
    }
    if (filled < value.size()) {
      store_.discard(*item);
    } else {
      store_.publish(*item, nullptr);
      check("pieces", value);
    }
    store_.verify();
  }

  void expiry() {
    for (uint32_t i = 0; i < 2000; ++i) set(numbered("soon", i), "value", now_ + 2);
    tick(5);
    store_.crawl(~uint64_t{0}, 0);
    for (uint32_t i = 0; i < 10'000 && store_.sweep(); ++i) {
    }
    store_.verify();
  }

  void pages() {
    store_.reassign(Store::any_class, store_.sizes().largest());
    budget_.resize(memory / 2);
    for (uint32_t i = 0; i < 10'000 && store_.sweep(); ++i) {
    }
    budget_.resize(memory);
    for (uint32_t i = 0; i < 4000; ++i) set(numbered("again", i), value_of(i, 200));
    store_.verify();
  }

  /// Memory is there again: everything works, and everything can go.
  void leave() {
    CLAIM(set("after", "value"));
    CLAIM(store_.find(key("after")).item != nullptr);
    store_.flush();
    for (uint32_t i = 0; i < 200; ++i) {
      tick(1);
      for (uint32_t j = 0; j < 10'000 && store_.sweep(); ++j) {
      }
    }
    store_.verify();
    CLAIM(counters_[Counter::CurrItems] == 0 && counters_[Counter::Bytes] == 0);
    CLAIM(store_.uncommitted_bytes() == 0 && store_.pinned_bytes() == 0);
  }

  KeyHasher hasher_{0x5eed};
  Counters counters_;
  PageBudget budget_;
  Store store_;
  Seconds now_ = 100;
};

}  // namespace
}  // namespace ringcached::store

int main() {
  using namespace ringcached::store;
  const uint64_t allocations = Scenario(Failing::None, 0).run();
  std::printf("ok - a scenario of %llu allocations\n",
              static_cast<unsigned long long>(allocations));
  // Most are chunks for items, all at the same two sites: every one of the first, then a sample
  // that is prime to the scenario's own periods.
  constexpr uint64_t every_one_up_to = 300;
  uint64_t runs = 0;
  for (const Failing failing : {Failing::One, Failing::AllFromThere}) {
    for (uint64_t nth = 1; nth <= allocations; nth += nth < every_one_up_to ? 1 : 311) {
      Scenario(failing, nth).run();
      ++runs;
    }
  }
  std::printf("ok - each of %llu runs with a failure came to its end\n",
              static_cast<unsigned long long>(runs));
  return 0;
}
