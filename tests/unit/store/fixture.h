// A store with everything around it, and the few sentences that its tests are made of.
#pragma once

#include <string>
#include <string_view>

#include "store/store.h"

namespace ringcached::store {

inline constexpr uint64_t test_seed = 0x5eed;

inline Key key_for(std::string_view bytes) {
  return {bytes, KeyHasher(test_seed)(bytes)};
}

/// A value of `size` bytes that differs from place to place and from `seed` to `seed`.
inline std::string pattern(size_t size, uint32_t seed) {
  std::string bytes(size, '\0');
  uint32_t state = seed * 2654435761u + 12345;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

struct Fixture {
  explicit Fixture(uint64_t memory = 16u << 20, StoreConfig config = {})
      : budget(memory, config.partitions), store(with_hasher(config), budget, counters) {
    store.set_now(Now{100, 1'700'000'000});
  }
  ~Fixture() { store.verify(); }

  static StoreConfig with_hasher(StoreConfig config) {
    config.hasher = KeyHasher(test_seed);
    return config;
  }

  Item* find(std::string_view key) { return store.find(key_for(key)).item; }
  bool has(std::string_view key) { return find(key) != nullptr; }

  /// set; nullptr if there was no memory.
  Item* set(std::string_view key, std::string_view value, uint32_t flags = 0,
            Seconds exptime = never) {
    Item* item = store.create(key_for(key), flags, exptime, static_cast<uint32_t>(value.size()));
    if (item == nullptr) return nullptr;
    store.write(*item, 0, value);
    store.publish(*item, find(key));
    return item;
  }
  std::string value_of(const Item& item) const {
    std::string bytes(item.value_size(), '\0');
    store.read(item, 0, {bytes.data(), bytes.size()});
    return bytes;
  }
  std::string get(std::string_view key) {
    Item* item = find(key);
    return item == nullptr ? "(absent)" : value_of(*item);
  }
  void at(Seconds seconds) { store.set_now(Now{seconds, 1'700'000'000 + seconds}); }
  uint64_t count(Counter counter) const { return counters[counter]; }

  Counters counters;
  PageBudget budget;
  Store store;
};

}  // namespace ringcached::store
