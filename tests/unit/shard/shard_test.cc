// Claims about local and foreign keys behind one submit().
#include "shard/shard.h"

#include <list>
#include <map>
#include <random>

#include <doctest/doctest.h>

#include "cluster.h"

namespace ringcached::shard {
namespace {

std::string key_number(uint32_t i) {
  return "key " + std::to_string(i);
}

uint32_t partition_of_key(std::string_view key, uint32_t partitions) {
  return partition_of(KeyHasher(test_seed)(key), partitions);
}

/// A key whose home is this partition.
std::string key_of(uint32_t partition, uint32_t partitions, uint32_t which = 0) {
  for (uint32_t i = 0;; ++i) {
    const std::string key = key_number(i);
    if (partition_of_key(key, partitions) == partition && which-- == 0) return key;
  }
}

/// Random batches, the same whatever the number of cores; what came of them as text.
class Script {
 public:
  explicit Script(uint64_t seed) : random_(seed) {
    for (uint32_t i = 0; i < keys; ++i) names_.push_back(key_number(i));
  }

  std::string play(Cluster& cluster, uint32_t rounds) {
    std::string transcript;
    for (uint32_t round = 0; round < rounds; ++round) {
      const uint32_t core = static_cast<uint32_t>(random_() % 64) % cluster.size();
      values_.clear();
      std::vector<Operation> operations;
      for (uint64_t n = 1 + random_() % 60; n > 0; --n) operations.push_back(any());
      Batch& batch = cluster.batch_of(core, operations);
      cluster.submit_all(core, batch);
      for (uint32_t i = 0; i < batch.size(); ++i) {
        transcript += told(batch.at(i));
        cluster.give_back(core, batch.at(i));
      }
      cluster.core(core).shard->recycle(batch);
      transcript += "--\n";
    }
    return transcript;
  }

 private:
  static constexpr uint32_t keys = 40;

  const std::string& value() {
    const size_t sizes[] = {0, 3, 100, 5000, 60'000};
    const uint64_t what = random_();
    values_.push_back(what % 4 == 0 ? std::to_string(what % 1000)
                                    : pattern(sizes[what / 7 % 5], static_cast<uint32_t>(what)));
    return values_.back();
  }

  Operation any() {
    const std::string& key = names_[random_() % keys];
    switch (random_() % 10) {
      case 0:
        return store(StoreMode::Add, key, value(), 1);
      case 1:
        return store(StoreMode::Replace, key, value(), 2);
      case 2:
        return store(StoreMode::Append, key, value());
      case 3:
        return count(key, random_() % 50, random_() % 2 == 0);
      case 4:
        return ask(Verb::Delete, key);
      case 5:
        return cas(key, value(), seen_[key]);
      case 6:
        return set(key, value(), 3);
      default:
        return get(key);
    }
  }

  /// All but the cas id, which names the partition.
  std::string told(const Operation& operation) {
    std::string line = std::to_string(static_cast<int>(operation.verb)) + " " +
                       std::string(operation.key.bytes) + ": " +
                       std::to_string(static_cast<int>(operation.outcome));
    if (operation.outcome == Outcome::Number) line += " " + std::to_string(operation.number);
    if (operation.outcome == Outcome::Hit) {
      seen_[std::string(operation.key.bytes)] = operation.cas;
      line += " " + std::to_string(operation.client_flags) + " " + bytes_of(operation.found);
    }
    return line + "\n";
  }

  std::mt19937_64 random_;
  std::vector<std::string> names_;
  std::list<std::string> values_;
  std::map<std::string, uint64_t> seen_;
};

}  // namespace

TEST_CASE("local and foreign keys give the same outcomes: 1, 2 and 5 partitions, idle threads") {
  for (const uint64_t seed : {1u, 2u, 3u}) {
    CAPTURE(seed);
    // The choice of the core is random as well: it must not matter.
    std::string expected;
    for (const auto& size : {std::pair{1u, 1u}, {2u, 2u}, {5u, 5u}, {4u, 1u}, {7u, 3u}}) {
      CAPTURE(size.first);
      CAPTURE(size.second);
      Cluster cluster(size.first, size.second);
      Script script(seed);
      const std::string transcript = script.play(cluster, 60);
      if (expected.empty()) expected = transcript;
      const bool same = transcript == expected;
      CHECK(same);
    }
  }
}

TEST_CASE("a key lives in its partition alone, whoever asks") {
  Cluster cluster(3, 2);
  for (uint32_t partition = 0; partition < 2; ++partition) {
    const std::string key = key_of(partition, 2);
    for (uint32_t core = 0; core < 3; ++core) {
      CHECK(cluster.run(core, set(key, "v" + std::to_string(core))).outcome == Outcome::Stored);
      CHECK(cluster.core(partition).partition->value_of(key) == "v" + std::to_string(core));
      CHECK(cluster.core(1 - partition).partition->value_of(key) == "(absent)");
    }
  }
}

TEST_CASE("local keys run at once; foreign ones are away until they are answered") {
  Cluster cluster(2, 2);
  const std::string local = key_of(0, 2);
  const std::string foreign = key_of(1, 2);
  Shard& shard = *cluster.core(0).shard;

  Batch& at_home = cluster.batch_of(0, {set(local, "v")});
  shard.submit(at_home);
  CHECK_FALSE(at_home.in_flight());
  CHECK(at_home.at(0).outcome == Outcome::Stored);
  shard.recycle(at_home);

  Batch& batch = cluster.batch_of(0, {set(foreign, "v"), get(local)});
  shard.submit(batch);
  CHECK(batch.in_flight());
  CHECK(shard.in_flight() == 1);
  CHECK(batch.at(1).outcome == Outcome::Hit);
  CHECK(cluster.returned == 0);
  cluster.settle();
  CHECK(cluster.returned == 1);
  CHECK(shard.in_flight() == 0);
  CHECK(batch.at(0).outcome == Outcome::Stored);
  batch.note_written(2);
  shard.recycle(batch);
}

TEST_CASE("one parcel goes to each owner, however many of its keys are asked for") {
  Cluster cluster(5, 5);
  std::vector<std::string> keys;
  for (uint32_t i = 0; i < 200; ++i) keys.push_back(key_number(i));
  std::vector<Operation> gets;
  for (const std::string& key : keys) gets.push_back(get(key));
  Batch& batch = cluster.batch_of(2, gets);
  cluster.submit(2, batch);
  CHECK(cluster.core(2).counters()[Counter::ParcelsSent] == 4);
  CHECK(cluster.returned == 1);
  batch.note_written(200);
  cluster.core(2).shard->recycle(batch);
}

TEST_CASE("commands on one key keep their order, among many others in one batch") {
  for (const uint32_t partitions : {1u, 2u, 5u}) {
    Cluster cluster(partitions, partitions);
    std::vector<std::string> keys;
    for (uint32_t i = 0; i < 20; ++i) keys.push_back(key_number(i));
    std::vector<Operation> operations;
    const auto for_each_key = [&](auto make) {
      for (const std::string& key : keys) operations.push_back(make(key));
    };
    for_each_key([](const std::string& key) { return set(key, "1"); });
    for_each_key([](const std::string& key) { return store(StoreMode::Append, key, "2"); });
    for_each_key([](const std::string& key) { return count(key, 8); });
    for_each_key([](const std::string& key) { return store(StoreMode::Prepend, key, "9"); });
    for_each_key([](const std::string& key) { return get(key); });
    for_each_key([](const std::string& key) { return ask(Verb::Delete, key); });
    for_each_key([](const std::string& key) { return get(key); });
    Batch& batch = cluster.batch_of(0, operations);
    cluster.submit_all(0, batch);
    for (uint32_t i = 0; i < 20; ++i) {
      CHECK(batch.at(40 + i).number == 20);
      CHECK(bytes_of(batch.at(80 + i).found) == "920");
      CHECK(batch.at(100 + i).outcome == Outcome::Deleted);
      CHECK(batch.at(120 + i).outcome == Outcome::Miss);
    }
    cluster.core(0).shard->recycle(batch);
  }
}

TEST_CASE("what did not run because the replies were large runs at the next submit") {
  for (const uint32_t partitions : {1u, 2u, 5u}) {
    CAPTURE(partitions);
    Cluster cluster(partitions, partitions);
    std::vector<std::string> keys;
    std::vector<std::string> values;
    for (uint32_t i = 0; i < 30; ++i) {
      keys.push_back(key_number(i));
      values.push_back(pattern(i % 2 == 0 ? 100'000 : 3000, i));
      REQUIRE(cluster.run(0, set(keys[i], values[i])).outcome == Outcome::Stored);
    }
    std::vector<Operation> gets;
    for (uint32_t i = 0; i < 120; ++i) gets.push_back(get(keys[i % 30]));
    Batch& batch = cluster.batch_of(0, gets);
    const uint32_t rounds = cluster.submit_all(0, batch);
    // 60 large values, three of which fill a run; each owner has its own share of them.
    CHECK(rounds >= 60 / 3 / partitions);
    CHECK(rounds <= 60 / 3 + 1);
    uint64_t wrong = 0;
    for (uint32_t i = 0; i < 120; ++i) {
      wrong += bytes_of(batch.at(i).found) != values[i % 30];
      cluster.give_back(0, batch.at(i));
    }
    CHECK(wrong == 0);
    CHECK(cluster.core(0).counters()[Counter::GetHits] > 0);
    cluster.core(0).shard->recycle(batch);
  }
}

TEST_CASE("a run ends for one owner while the others' keys go on") {
  Cluster cluster(3, 2);
  const std::string large = key_of(0, 2);
  const std::string small = key_of(1, 2);
  const std::string value(200'000, 'v');
  cluster.run(2, set(large, value));
  cluster.run(2, set(small, "s"));
  Batch& batch =
      cluster.batch_of(2, {get(large), get(large), get(large), get(small), get(large), get(small)});
  cluster.submit(2, batch);
  const Outcome expected[] = {Outcome::Hit, Outcome::Hit,     Outcome::Pending,
                              Outcome::Hit, Outcome::Pending, Outcome::Hit};
  for (uint32_t i = 0; i < 6; ++i) CHECK(batch.at(i).outcome == expected[i]);
  cluster.submit_all(2, batch);
  for (uint32_t i = 0; i < 6; ++i) cluster.give_back(2, batch.at(i));
  CHECK(cluster.core(0).counters()[Counter::GetHits] == 4);
  CHECK(cluster.core(1).counters()[Counter::GetHits] == 2);
  cluster.core(2).shard->recycle(batch);
}

TEST_CASE("a batch that was used and given back is taken again, empty") {
  Cluster cluster(2, 2);
  Shard& shard = *cluster.core(0).shard;
  Batch& batch = cluster.batch_of(0, {get(key_of(0, 2)), get(key_of(1, 2))});
  cluster.submit_all(0, batch);
  shard.recycle(batch);
  Batch* again = shard.take_batch(Cluster::batch_capacity);
  CHECK(again == &batch);
  CHECK(again->empty());
  CHECK(again->written() == 0);
  CHECK_FALSE(again->in_flight());
  shard.recycle(*again);
}

TEST_CASE("what many batches at a time have left is freed in steps; the one in use stays") {
  Cluster cluster(2, 2);
  Shard& shard = *cluster.core(0).shard;
  const auto use = [&](size_t count) {
    std::vector<Batch*> batches;
    for (size_t i = 0; i < count; ++i) {
      batches.push_back(&cluster.batch_of(0, {get(key_of(0, 2)), get(key_of(1, 2))}));
      cluster.submit_all(0, *batches.back());
    }
    for (; batches.size() > 1; batches.pop_back()) shard.recycle(*batches.back());
    shard.recycle(*batches[0]);
    return batches[0];
  };
  Batch* const last = use(100);
  shard.rest();
  CHECK_FALSE(shard.free_stale());
  CHECK(use(1) == last);
  shard.rest();
  int steps = 1;
  while (shard.free_stale()) ++steps;
  CHECK(steps > 1);
  CHECK(steps <= 99);
  CHECK(use(1) == last);
}

}  // namespace ringcached::shard
