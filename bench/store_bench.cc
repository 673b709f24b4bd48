// What the store costs: looking up one by one and in prefetched batches, chunks, sets, memory.
#include <benchmark/benchmark.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "store/store.h"

namespace ringcached::store {
namespace {

constexpr uint64_t seed = 42;
constexpr size_t batch_size = 16;

/// Hashed keys one behind the other, as they lie in a received buffer.
class Keys {
 public:
  /// The numbers from 0.
  explicit Keys(size_t count) : text_(count * key_size) {
    for (size_t i = 0; i < count; ++i) add(i);
  }
  /// A quarter of a million requests for `count` keys from number `first` on, in random order.
  static Keys requests(size_t count, size_t first = 0) {
    constexpr size_t requests_made = 1u << 18;
    Keys keys;
    keys.text_.resize(requests_made * key_size);
    std::mt19937 random(7);
    for (size_t i = 0; i < requests_made; ++i) keys.add(first + random() % count);
    return keys;
  }
  const Key& operator[](size_t i) const { return keys_[i]; }
  size_t size() const { return keys_.size(); }

 private:
  Keys() = default;
  void add(size_t number) {
    char* at = text_.data() + keys_.size() * key_size;
    std::snprintf(at, key_size, "memtier-%011llu",
                  static_cast<unsigned long long>(number % 100'000'000'000));
    const std::string_view bytes(at, key_size - 1);
    keys_.push_back(Key{bytes, KeyHasher(seed)(bytes)});
  }

  static constexpr size_t key_size = 20;
  std::vector<char> text_;
  std::vector<Key> keys_;
};

StoreConfig config_for_bench() {
  StoreConfig config;
  config.hasher = KeyHasher(seed);
  return config;
}

struct Bench {
  explicit Bench(uint64_t memory) : budget(memory, 1), store(config_for_bench(), budget, counters) {
    store.set_now(Now{100, 1'700'000'000});
  }
  bool set(const Key& key, std::string_view value) {
    Item* item = store.create(key, 0, never, static_cast<uint32_t>(value.size()));
    if (item == nullptr) return false;
    store.write(*item, 0, value);
    store.publish(*item, store.find(key).item);
    return true;
  }
  Counters counters;
  PageBudget budget;
  Store store;
};

void hit_one_by_one(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  const Keys keys(count);
  Bench bench(4ull << 30);
  for (size_t i = 0; i < count; ++i) bench.set(keys[i], std::string(100, 'v'));
  const Keys requests = Keys::requests(count);
  size_t at = 0;
  for (auto _ : state) {
    const Found found = bench.store.find(requests[at]);
    bench.store.mark_read(*found.item);
    benchmark::DoNotOptimize(found.item->value_data()[0]);
    at = (at + 1) % requests.size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hit_one_by_one)->Arg(1000)->Arg(500'000);

void hit_in_batches(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  const Keys keys(count);
  Bench bench(4ull << 30);
  for (size_t i = 0; i < count; ++i) bench.set(keys[i], std::string(100, 'v'));
  const Keys requests = Keys::requests(count);
  size_t at = 0;
  for (auto _ : state) {
    const Key* batch = &requests[at];
    for (size_t i = 0; i < batch_size; ++i) bench.store.prefetch_bucket(batch[i].hash);
    for (size_t i = 0; i < batch_size; ++i) bench.store.prefetch_item(batch[i].hash);
    for (size_t i = 0; i < batch_size; ++i) {
      const Found found = bench.store.find(batch[i]);
      bench.store.mark_read(*found.item);
      benchmark::DoNotOptimize(found.item->value_data()[0]);
    }
    at = (at + batch_size) % requests.size();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(batch_size));
}
BENCHMARK(hit_in_batches)->Arg(1000)->Arg(500'000);

void miss(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  const Keys keys(count);
  Bench bench(4ull << 30);
  for (size_t i = 0; i < count; ++i) bench.set(keys[i], std::string(100, 'v'));
  const Keys requests = Keys::requests(count, count);
  size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(bench.store.find(requests[at]).item);
    at = (at + 1) % requests.size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(miss)->Arg(500'000);

void slab_allocate_and_free(benchmark::State& state) {
  FaultPlan faults;
  Arena arena(faults);
  const SizeClasses sizes(80, 1.25);
  PageBudget budget(64u << 20, 1);
  Slab slab(sizes, arena, budget, 0);
  std::array<void*, 64> chunks{};
  const auto class_number = static_cast<uint8_t>(state.range(0));
  for (auto _ : state) {
    for (void*& chunk : chunks) {
      chunk = slab.allocate(class_number);
      static_cast<uint8_t*>(chunk)[shape_offset] = shape_of(ChunkKind::Segment);
    }
    for (void* chunk : chunks) slab.free(chunk);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(chunks.size()));
}
BENCHMARK(slab_allocate_and_free)->Arg(0)->Arg(10);

/// New keys into a store that has room: insert, table growth, new pages.
void set_new_with_room(benchmark::State& state) {
  const Keys keys(400'000);
  const std::string value(100, 'v');
  auto bench = std::make_unique<Bench>(4ull << 30);
  size_t at = 0;
  for (auto _ : state) {
    bench->set(keys[at], value);
    if (++at < keys.size()) continue;
    state.PauseTiming();
    bench = std::make_unique<Bench>(4ull << 30);
    at = 0;
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(set_new_with_room);

void set_again(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  const Keys keys(count);
  const std::string value(100, 'v');
  Bench bench(4ull << 30);
  for (size_t i = 0; i < count; ++i) bench.set(keys[i], value);
  const Keys requests = Keys::requests(count);
  size_t at = 0;
  for (auto _ : state) {
    bench.set(requests[at], value);
    at = (at + 1) % requests.size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(set_again)->Arg(1000)->Arg(500'000);

void set_with_eviction(benchmark::State& state) {
  const Keys keys(400'000);
  const std::string value(100, 'v');
  Bench bench(static_cast<uint64_t>(state.range(0)) << 20);
  size_t at = 0;
  while (bench.counters[Counter::Evictions] == 0) bench.set(keys[at++], value);
  for (auto _ : state) {
    bench.set(keys[at], value);
    at = (at + 1) % keys.size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(set_with_eviction)->Arg(4)->Arg(32);

/// Not time but memory: bytes of table and ghost per item, at sizes between two doublings.
void bytes_per_item(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  const Keys keys(count);
  Bench bench(4ull << 30);
  for (size_t i = 0; i < count; ++i) bench.set(keys[i], "v");
  for (auto _ : state) bench.store.update_gauges();
  const auto items = static_cast<double>(bench.counters[Counter::CurrItems]);
  state.counters["table"] = static_cast<double>(bench.counters[Counter::TableBytes]) / items;
  state.counters["items"] = static_cast<double>(bench.counters[Counter::Bytes]) / items;
  state.counters["pages"] =
      static_cast<double>(bench.counters[Counter::PagesHeld] * page_size) / items;
}
BENCHMARK(bytes_per_item)->Arg(100'000)->Arg(140'000)->Arg(170'000);

}  // namespace
}  // namespace ringcached::store
