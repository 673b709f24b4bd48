// The store when it is far larger than the cache: 10 M items, held against the machine's own
// memory.
#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <array>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "numbered_keys.h"
#include "store/store.h"

namespace ringcached::store {
namespace {

const KeyHasher hasher(42);
constexpr size_t batch_size = 16;
constexpr uint64_t items_many = 10'000'000;
constexpr uint32_t value_size = 100;
/// More than is ever touched.
constexpr uint64_t room_for_all = 16ull << 30;
/// Keys of 19 bytes, values of 100.
constexpr uint64_t items_per_page = 409;

// --- The machine: one access that depends on the last.

constexpr size_t chase_bytes = 512u << 20;
constexpr size_t line_size = 64;

struct alignas(line_size) Line {
  Line* next;
};

/// Lines in one random ring, on huge pages or without.
class Ring {
 public:
  explicit Ring(bool huge) {
    void* memory = ::mmap(nullptr, chase_bytes + alignment, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    memory_ = memory;
    const auto begin = (reinterpret_cast<uintptr_t>(memory) + alignment - 1) & ~(alignment - 1);
    lines_ = reinterpret_cast<Line*>(begin);
    ::madvise(lines_, chase_bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    shuffle();
  }
  ~Ring() { ::munmap(memory_, chase_bytes + alignment); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  const Line* start() const { return lines_; }

 private:
  static constexpr uintptr_t alignment = 2u << 20;
  static constexpr uint64_t count = chase_bytes / line_size;

  /// Sattolo's shuffle: a single cycle through all lines.
  void shuffle() {
    NumberStream random(1);
    for (uint64_t i = 0; i < count; ++i) lines_[i].next = &lines_[i];
    for (uint64_t i = count - 1; i > 0; --i)
      std::swap(lines_[i].next, lines_[random.below(i)].next);
  }

  void* memory_ = nullptr;
  Line* lines_ = nullptr;
};

void dram_latency(benchmark::State& state) {
  static const std::array<std::unique_ptr<Ring>, 2> rings = {std::make_unique<Ring>(false),
                                                             std::make_unique<Ring>(true)};
  const Line* at = rings[static_cast<size_t>(state.range(0))]->start();
  for (auto _ : state) {
    at = at->next;
    benchmark::DoNotOptimize(at);
  }
}
BENCHMARK(dram_latency)->ArgName("huge")->Arg(0)->Arg(1);

// --- The store.

struct Population {
  explicit Population(uint64_t memory) : budget(memory, 1), store(config(), budget, counters) {
    store.set_now(Now{100, 1'700'000'000});
  }
  static StoreConfig config() {
    StoreConfig config;
    config.hasher = hasher;
    return config;
  }
  void set(const Key& key) {
    static const std::string value(value_size, 'v');
    Item* old = store.find(key).item;
    Item* item = store.create(key, 0, never, value_size, old);
    store.write(*item, 0, value);
    store.publish(*item, old);
  }
  /// Sets the keys of so many numbers in a row.
  void set_next(uint64_t count) {
    auto keys = std::make_unique<NumberedKeys>(hasher);
    for (uint64_t i = 0; i < count; ++i) {
      if (i % NumberedKeys::capacity == 0) keys->fill([&] { return next_++; });
      set((*keys)[i % NumberedKeys::capacity]);
    }
  }
  uint64_t next_number() { return next_++; }
  uint64_t numbers() const { return next_; }

  Counters counters;
  PageBudget budget;
  Store store;

 private:
  uint64_t next_ = 0;
};

/// 10 M items, and room for more. Made once: it takes seconds.
Population& roomy() {
  static Population population(room_for_all);
  if (population.numbers() == 0) population.set_next(items_many);
  return population;
}

/// As many pages as 10 M items take, and each new item evicts another.
Population& full() {
  static Population population(items_many / items_per_page * page_size);
  if (population.numbers() == 0) population.set_next(items_many + items_many / 4);
  return population;
}

/// Runs act(keys, at) on batches of keys that next() chooses, `batch` of them from place `at` on;
/// making the keys is not counted.
template <class Next, class Act>
void for_each_batch(benchmark::State& state, size_t batch, Next&& next, Act&& act) {
  auto keys = std::make_unique<NumberedKeys>(hasher);
  size_t at = NumberedKeys::capacity;
  for (auto _ : state) {
    if (at == NumberedKeys::capacity) {
      state.PauseTiming();
      keys->fill(next);
      at = 0;
      state.ResumeTiming();
    }
    act(*keys, at);
    at += batch;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(batch));
}

void read(Store& store, const Key& key) {
  const Found found = store.find(key);
  store.mark_read(*found.item);
  std::array<char, value_size> copy;  // as the owner does below its limit for pins
  store.read(*found.item, 0, copy);
  benchmark::DoNotOptimize(copy);
}

void dram_hit_one_by_one(benchmark::State& state) {
  Population& population = roomy();
  NumberStream random(7);
  for_each_batch(
      state, 1, [&] { return random.below(items_many); },
      [&](const NumberedKeys& keys, size_t at) { read(population.store, keys[at]); });
}
BENCHMARK(dram_hit_one_by_one);

void dram_hit_in_batches(benchmark::State& state) {
  Population& population = roomy();
  NumberStream random(8);
  for_each_batch(
      state, batch_size, [&] { return random.below(items_many); },
      [&](const NumberedKeys& keys, size_t at) {
        Store& store = population.store;
        for (size_t i = 0; i < batch_size; ++i) store.prefetch_bucket(keys[at + i].hash);
        std::array<uint64_t, batch_size> overflown;
        size_t count = 0;
        for (size_t i = 0; i < batch_size; ++i) {
          if (!store.prefetch_item(keys[at + i].hash)) overflown[count++] = keys[at + i].hash;
        }
        for (size_t i = 0; i < count; ++i) store.prefetch_overflown(overflown[i]);
        for (size_t i = 0; i < batch_size; ++i) read(store, keys[at + i]);
      });
}
BENCHMARK(dram_hit_in_batches);

void dram_set_again(benchmark::State& state) {
  Population& population = roomy();
  NumberStream random(9);
  for_each_batch(
      state, 1, [&] { return random.below(items_many); },
      [&](const NumberedKeys& keys, size_t at) { population.set(keys[at]); });
}
BENCHMARK(dram_set_again);

void dram_set_new(benchmark::State& state) {
  Population& population = roomy();
  for_each_batch(
      state, 1, [&] { return population.next_number(); },
      [&](const NumberedKeys& keys, size_t at) { population.set(keys[at]); });
}
BENCHMARK(dram_set_new)->Iterations(100'000);

void dram_set_evicting(benchmark::State& state) {
  Population& population = full();
  for_each_batch(
      state, 1, [&] { return population.next_number(); },
      [&](const NumberedKeys& keys, size_t at) { population.set(keys[at]); });
}
BENCHMARK(dram_set_evicting)->Iterations(100'000);

}  // namespace
}  // namespace ringcached::store
