// Every allocation of a store fails once, each in a run of its own: an outcome, and nothing is
// lost.
//
// A scenario that goes through all of a store is run once to count its allocations, then once for
// each of them with that one failing, and once for each with all behind it failing as well. Chunks
// and pages are asked for so often, at so few places, that of these a sample fails.
#include <array>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "base/assert.h"
#include "store/store.h"

namespace ringcached::store {
namespace {

/// No check may vanish with -DNDEBUG.
#define CLAIM RC_ASSERT

constexpr auto kinds = static_cast<size_t>(Allocation::count_);
constexpr std::array<const char*, kinds> names = {
    "chunks", "pages", "blocks", "room in the directory", "buckets", "ghosts", "sizes",
};
using Asked = std::array<uint64_t, kinds>;

class Scenario {
 public:
  Scenario() : budget_(memory / 2, 1), store_(config(), budget_, counters_) { tick(0); }

  FaultPlan& faults() { return store_.faults(); }
  /// Of a run with one failure: it came.
  bool struck() const { return struck_; }

  /// Returns how many allocations of each kind there were.
  Asked run() {
    const Asked before = asked();
    budget_.resize(memory);  // more than there was at first: the directory of pages grows
    small_values();
    large_values();
    appends();
    values_in_pieces();
    expiry();
    pages();
    Asked during = asked();
    for (size_t i = 0; i < kinds; ++i) during[i] -= before[i];
    struck_ = !faults().is_armed();
    faults().fail_nth(0);
    leave();
    return during;
  }

 private:
  Asked asked() {
    Asked counts;
    for (size_t i = 0; i < kinds; ++i) {
      counts[i] = faults().asked(static_cast<Allocation>(i));
    }
    return counts;
  }

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
  bool struck_ = false;
};

/// How many of the failures there are runs of: every one, or one in so many.
uint64_t one_in = 1;

/// Chunks and pages: each of the first, then a sample that is prime to the scenario's own periods.
uint64_t next_to_fail(Allocation kind, uint64_t nth) {
  constexpr uint64_t each_up_to = 60;
  constexpr uint64_t chunks_between = 211;
  constexpr uint64_t pages_between = 7;
  if (kind > Allocation::Page || nth < each_up_to) return nth + one_in;
  return nth + one_in * (kind == Allocation::Chunk ? chunks_between : pages_between);
}

uint64_t fail_each(Allocation kind, uint64_t asked) {
  uint64_t runs = 0;
  for (const bool all_behind : {false, true}) {
    for (uint64_t nth = 1; nth <= asked; nth = next_to_fail(kind, nth)) {
      Scenario scenario;
      scenario.faults().fail_nth_of(kind, nth, all_behind);
      scenario.run();
      CLAIM(all_behind || scenario.struck());
      ++runs;
    }
  }
  return runs;
}

/// From some allocation on there is no memory of any kind.
uint64_t fail_all_at_once(uint64_t asked) {
  constexpr uint64_t between = 401;
  uint64_t runs = 0;
  for (uint64_t nth = 1; nth <= asked; nth += between * one_in) {
    Scenario scenario;
    scenario.faults().fail_nth(nth, true);
    scenario.run();
    ++runs;
  }
  return runs;
}

}  // namespace
}  // namespace ringcached::store

/// no_memory [N]: only one in N of the failures, where each run takes long.
int main(int count, char** words) {
  using namespace ringcached::store;
  if (count > 1) one_in = std::strtoull(words[1], nullptr, 10);
  CLAIM(one_in > 0);
  const Asked asked = Scenario().run();
  uint64_t all = 0;
  for (size_t kind = 0; kind < kinds; ++kind) {
    // A kind that the scenario does not ask for is not tested.
    CLAIM(asked[kind] > 0);
    const uint64_t runs = fail_each(static_cast<Allocation>(kind), asked[kind]);
    std::printf("ok - %llu %s: %llu runs with a failure came to their end\n",
                static_cast<unsigned long long>(asked[kind]), names[kind],
                static_cast<unsigned long long>(runs));
    std::fflush(stdout);
    all += asked[kind];
  }
  std::printf("ok - none of any kind: %llu runs came to their end\n",
              static_cast<unsigned long long>(fail_all_at_once(all)));
  return 0;
}
