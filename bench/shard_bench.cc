// What the hop between cores costs: letters alone, parcels through two shards, an owner's run.
#include <benchmark/benchmark.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "shard/mailbox.h"
#include "shard/owner.h"
#include "shard/shard.h"

namespace ringcached::shard {
namespace {

constexpr uint64_t seed = 42;
constexpr Now now{100, 1'700'000'000};
constexpr uint32_t key_count = 10'000;

void nobody_sleeps(uint32_t) {}

// --- Letters.

/// Post, publish and drain by the same thread: the work without the cache misses.
void letters_in_one_thread(benchmark::State& state) {
  Mailboxes boxes(2);
  Post sender(boxes, 0);
  Post receiver(boxes, 1);
  std::vector<Letter> letters(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    for (Letter& letter : letters) sender.put(1, letter);
    sender.publish(nobody_sleeps);
    receiver.drain([](Letter& letter, uint32_t) { benchmark::DoNotOptimize(&letter); });
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(letters_in_one_thread)->Arg(1)->Arg(16)->Arg(128);

/// There and back between two threads that do not sleep. Who finds nothing yields, so that it also
/// works where both share a core; the figures mean something only where they do not.
void letters_between_two_threads(benchmark::State& state) {
  Mailboxes boxes(2);
  Post here(boxes, 0);
  std::vector<Letter> letters(static_cast<size_t>(state.range(0)));
  std::atomic<bool> ended{false};
  std::thread echo([&] {
    Post there(boxes, 1);
    while (!ended.load(std::memory_order_relaxed)) {
      there.drain([&](Letter& letter, uint32_t from) { there.put(from, letter); });
      if (!there.anything_unposted()) std::this_thread::yield();
      there.publish(nobody_sleeps);
    }
  });
  for (auto _ : state) {
    for (Letter& letter : letters) here.put(1, letter);
    here.publish(nobody_sleeps);
    for (size_t back = 0; back < letters.size();) {
      const size_t before = back;
      here.drain([&](Letter&, uint32_t) { ++back; });
      if (back == before) std::this_thread::yield();
    }
  }
  ended = true;
  echo.join();
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(letters_between_two_threads)->Arg(1)->Arg(16)->Arg(128)->UseRealTime();

// --- A partition and its keys.

store::StoreConfig store_config() {
  store::StoreConfig config;
  config.hasher = KeyHasher(seed);
  return config;
}

struct Partition {
  Partition()
      : budget(256u << 20, 1),
        store(store_config(), budget, counters),
        owner(store, counters, {1u << 20, true, 64u << 20, 64u << 20}) {
    owner.set_now(now);
  }

  Counters counters;
  store::PageBudget budget;
  store::Store store;
  Owner owner;
  ReplyMemory replies;
};

/// Keys whose home is `partition` of `partitions`.
class Keys {
 public:
  Keys(uint32_t partition, uint32_t partitions) {
    names_.reserve(key_count);
    for (uint32_t i = 0; names_.size() < key_count; ++i) {
      std::string name = "memtier-" + std::to_string(i);
      const uint64_t hash = KeyHasher(seed)(name);
      if (partition_of(hash, partitions) != partition) continue;
      names_.push_back(std::move(name));
      keys_.push_back({names_.back(), hash});
    }
  }
  const Key& next() {
    at_ = at_ + 1 == keys_.size() ? 0 : at_ + 1;
    return keys_[at_];
  }

 private:
  std::vector<std::string> names_;
  std::vector<Key> keys_;
  size_t at_ = 0;
};

const std::string value(100, 'v');

void ask(Operation& operation, Verb verb, const Key& key) {
  operation = {};
  operation.verb = verb;
  operation.key = key;
  if (verb == Verb::Store) operation.value = value;
}

void store_all(Owner& owner, Keys& keys) {
  ReplyMemory replies;
  for (uint32_t i = 0; i < key_count; ++i) {
    Operation operation;
    ask(operation, Verb::Store, keys.next());
    owner.run(&operation, replies);
  }
}

void run_chain(benchmark::State& state, Verb verb) {
  Partition partition;
  Keys keys(0, 1);
  store_all(partition.owner, keys);
  std::vector<Operation> operations(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    for (size_t i = 0; i < operations.size(); ++i) {
      ask(operations[i], verb, keys.next());
      operations[i].next = i + 1 < operations.size() ? &operations[i + 1] : nullptr;
    }
    partition.owner.run(operations.data(), partition.replies);
    partition.replies.clear();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void owner_gets(benchmark::State& state) {
  run_chain(state, Verb::Get);
}
BENCHMARK(owner_gets)->Arg(1)->Arg(16);

void owner_sets(benchmark::State& state) {
  run_chain(state, Verb::Store);
}
BENCHMARK(owner_sets)->Arg(1)->Arg(16);

// --- Batches.

struct Silence final : Everyone, BatchOwner {
  Outcome tune(const Operation&) override { return Outcome::Done; }
  void stop_process(bool) override {}
  void describe_connections(Report&) override {}
  void refresh_gauges(std::string_view) override {}
  void batch_returned(Batch&) override {}
};

/// A core: its partition and its shard.
struct Core {
  Core(Mailboxes& boxes, uint32_t self)
      : post(boxes, self), shard(2, &partition.owner, &post, silence, partition.counters) {}

  void turn() {
    post.drain([this](Letter& letter, uint32_t from) { shard.handle(letter, from); });
    post.publish(nobody_sleeps);
  }

  Silence silence;
  Partition partition;
  Post post;
  Shard shard;
};

/// Gets of keys that are all local (partition 0) or all foreign (partition 1), there and back, in
/// one thread: what the parcel costs beside its cache misses.
void batch_of_gets(benchmark::State& state, uint32_t partition) {
  Mailboxes boxes(2);
  Core here(boxes, 0);
  Core there(boxes, 1);
  Keys keys(partition, 2);
  store_all((partition == 0 ? here : there).partition.owner, keys);
  const auto size = static_cast<uint32_t>(state.range(0));
  for (auto _ : state) {
    Batch& batch = *here.shard.take_batch(128);
    batch.owner = &here.silence;
    for (uint32_t i = 0; i < size; ++i) {
      ask(batch.next_free(), Verb::Get, keys.next());
      batch.add();
    }
    here.shard.submit(batch);
    here.turn();
    there.turn();
    here.turn();
    batch.note_written(size);
    here.shard.recycle(batch);
  }
  state.SetItemsProcessed(state.iterations() * size);
}

void batch_of_local_gets(benchmark::State& state) {
  batch_of_gets(state, 0);
}
BENCHMARK(batch_of_local_gets)->Arg(1)->Arg(16)->Arg(128);

void batch_of_foreign_gets(benchmark::State& state) {
  batch_of_gets(state, 1);
}
BENCHMARK(batch_of_foreign_gets)->Arg(1)->Arg(16)->Arg(128);

}  // namespace
}  // namespace ringcached::shard

BENCHMARK_MAIN();
