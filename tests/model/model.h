// A partition's store against a plain map: seeded acts, and what must hold after each of them.
#pragma once

#include <sys/uio.h>
#include <cstdint>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/assert.h"
#include "store/store.h"

/// No check of the model may vanish with -DNDEBUG.
#define CLAIM RC_ASSERT

namespace ringcached::store {

struct Setting {
  const char* name;
  uint64_t memory;  // of all partitions
  bool ample;       // nothing may ever be evicted
  StoreConfig config;
  uint32_t keys;
  uint32_t value_size_max;
  bool drifts = false;  // the usual size of values changes with time: pages must follow
};

class Model {
 public:
  /// `budget` is the setting's, shared by its partitions.
  Model(const Setting& setting, uint32_t partition, uint64_t seed, PageBudget& budget);

  /// One act, and a look at all that it may have touched.
  void act();
  /// Every invariant of the store, and all of the map.
  void check_all();
  /// Pins and values under way go home.
  void let_go();
  /// What the budget wants back it gets, with the items that stay in the rest.
  void give_pages_back();
  /// Everything dies: nothing may be left behind.
  void wind_down();

  uint64_t hits() const { return hits_; }
  uint64_t evictions() const { return counters_[Counter::Evictions]; }
  uint64_t page_moves() const { return counters_[Counter::SlabsMoved]; }
  uint64_t pages() const { return store_.slab().pages_held(); }

 private:
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
  };

  uint32_t below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  bool one_in(uint32_t n) { return below(n) == 0; }
  std::string any_key();
  std::string any_value();
  Seconds any_exptime();
  Key key_for(const std::string& key) const { return {key, hasher_(key)}; }
  UnderWay* any_under_way();
  uint64_t partition_memory() const { return setting_.memory / setting_.config.partitions; }

  Item* look_up(const std::string& key);
  void compare(const Item& item, const Expected& expected) const;
  static bool spans_equal(const Item& item, const std::string& value);
  bool is_dead(const Expected& expected) const { return is_expired(expected.exptime, now_); }
  void publish(const std::string& key, Item& item, Item* old, Expected expected);
  bool replace_in_place(const std::string& key, Item& old, const Expected& wanted);
  void expect(const std::string& key, const Item& item, Expected expected);

  // The acts.
  void choose();
  void get();
  void set();
  void append();
  void overwrite();
  void remove();
  void touch();
  void pin();
  void unpin();
  void begin();
  void extend();
  void discard(UnderWay&);
  void finish();
  void sweep();
  void tick(Seconds seconds);
  void flush();
  void flushes();
  void reassign();
  void administrate();
  void inject();

  const Setting& setting_;
  uint32_t partition_;
  std::mt19937_64 random_;
  KeyHasher hasher_;
  Counters counters_;
  PageBudget& budget_;
  Store store_;
  std::unordered_map<std::string, Expected> map_;
  std::vector<Pinned> pinned_;
  std::vector<UnderWay> under_way_;
  std::string last_key_ = "key:0";
  std::string last_large_key_ = "key:0";  // of a value that was once in segments
  const Item* touched_ = nullptr;         // by the act under way, beside the last key's; null: none
  uint64_t acts_ = 0;
  uint32_t usual_size_ = 200;  // bytes of a value
  Seconds now_ = 100;
  Seconds flush_at_ = never;
  uint64_t cas_last_ = 0;
  uint64_t hits_ = 0;
};

}  // namespace ringcached::store
