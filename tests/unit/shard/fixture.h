// A partition with everything around it, and the few words that operations are made of in tests.
#pragma once

#include <string>
#include <string_view>

#include "base/hash.h"
#include "shard/owner.h"
#include "shard/value_spans.h"

namespace ringcached::shard {

inline constexpr uint64_t test_seed = 0x5eed;
inline constexpr Now test_now{100, 1'700'000'000};

// --- Operations. Keys and values are views: they must outlive the operation.

inline Operation ask(Verb verb, std::string_view key) {
  Operation operation;
  operation.verb = verb;
  operation.key = {key, KeyHasher(test_seed)(key)};
  return operation;
}

inline Operation get(std::string_view key) {
  return ask(Verb::Get, key);
}

inline Operation store(StoreMode mode, std::string_view key, std::string_view value,
                       uint32_t flags = 0, int64_t exptime = 0) {
  Operation operation = ask(Verb::Store, key);
  operation.mode = mode;
  operation.value = value;
  operation.value_size = static_cast<uint32_t>(value.size());
  operation.client_flags = flags;
  operation.exptime = exptime;
  return operation;
}

inline Operation set(std::string_view key, std::string_view value, uint32_t flags = 0,
                     int64_t exptime = 0) {
  return store(StoreMode::Set, key, value, flags, exptime);
}

inline Operation cas(std::string_view key, std::string_view value, uint64_t wanted) {
  Operation operation = store(StoreMode::Cas, key, value);
  operation.cas_wanted = wanted;
  return operation;
}

inline Operation count(std::string_view key, uint64_t delta, bool down = false) {
  Operation operation = ask(Verb::Arithmetic, key);
  operation.delta = delta;
  operation.decrement = down;
  return operation;
}

inline Operation touch(Verb verb, std::string_view key, int64_t exptime) {
  Operation operation = ask(verb, key);
  operation.exptime = exptime;
  return operation;
}

/// The bytes that a Hit found, wherever they lie.
inline std::string bytes_of(const ValueView& found) {
  if (found.holder == nullptr) return {found.data, found.size};
  std::string bytes;
  for_each_span(found.holder, 0, found.size, [&](const char* at, size_t size) {
    bytes.append(at, size);
    return true;
  });
  return bytes;
}

/// Bytes that differ from place to place and from `seed` to `seed`.
inline std::string pattern(size_t size, uint32_t seed) {
  std::string bytes(size, '\0');
  uint32_t state = seed * 2654435761u + 12345;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

// --- A partition.

struct PartitionConfig {
  uint64_t memory = 16u << 20;
  bool evict = true;
  OwnerRules rules{1u << 20, true, 4u << 20, 4u << 20};
};

/// One partition that holds all the memory it is given.
struct Partition {
  explicit Partition(const PartitionConfig& config = {})
      : budget(config.memory, 1),
        store(store_config(config), budget, counters),
        owner(store, counters, config.rules) {
    owner.set_now(test_now);
  }
  ~Partition() { store.verify(); }

  static store::StoreConfig store_config(const PartitionConfig& config) {
    store::StoreConfig made;
    made.hasher = KeyHasher(test_seed);
    made.cas_enabled = config.rules.cas_enabled;
    made.evict = config.evict;
    return made;
  }

  /// Runs one operation alone; what it found lives until the next one.
  Operation run(Operation operation) {
    replies.clear();
    operation.next = nullptr;
    owner.run(&operation, replies);
    return operation;
  }
  Outcome outcome_of(const Operation& operation) { return run(operation).outcome; }

  /// The value under a key, "(absent)" if there is none.
  std::string value_of(std::string_view key) {
    const Operation operation = run(get(key));
    if (operation.outcome != Outcome::Hit) return "(absent)";
    const std::string bytes = bytes_of(operation.found);
    if (operation.found.holder != nullptr) owner.unpin(operation.found.holder);
    return bytes;
  }
  uint64_t cas_of(std::string_view key) {
    const Operation operation = run(get(key));
    if (operation.found.holder != nullptr) owner.unpin(operation.found.holder);
    return operation.cas;
  }
  void at(Seconds seconds) {
    owner.set_now({seconds, test_now.unix_seconds + seconds - test_now.seconds});
  }
  uint64_t counted(Counter counter) const { return counters[counter]; }

  Counters counters;
  store::PageBudget budget;
  store::Store store;
  Owner owner;
  ReplyMemory replies;
};

/// All memory taken, none to be had: -M.
struct FullPartition : Partition {
  static PartitionConfig without_eviction() {
    PartitionConfig config;
    config.memory = 1u << 20;
    config.evict = false;
    return config;
  }
  FullPartition() : Partition(without_eviction()) {}

  /// Fills what is left with values of this size.
  void fill_up(size_t size) {
    const std::string value(size, 'f');
    for (int i = 0;; ++i) {
      const std::string key = "filler " + std::to_string(size) + " " + std::to_string(i);
      if (run(set(key, value)).outcome == Outcome::NoMemory) return;
    }
  }
};

}  // namespace ringcached::shard
