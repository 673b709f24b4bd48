// Claims about operations for all partitions, and about pins that go home.
#include <doctest/doctest.h>

#include "cluster.h"

namespace ringcached::shard {
namespace {

constexpr uint32_t key_count = 50;

Operation for_all(Verb verb, uint64_t delta = 0, int64_t exptime = 0) {
  Operation operation;
  operation.verb = verb;
  operation.delta = delta;
  operation.exptime = exptime;
  return operation;
}

std::vector<std::string> many_keys() {
  std::vector<std::string> keys;
  for (uint32_t i = 0; i < key_count; ++i) keys.push_back("key " + std::to_string(i));
  return keys;
}

uint32_t keys_found(Cluster& cluster, uint32_t core) {
  uint32_t found = 0;
  for (const std::string& key : many_keys()) {
    found += cluster.run(core, get(key)).outcome == Outcome::Hit;
  }
  return found;
}

void set_all(Cluster& cluster, uint32_t core, const std::string& value = "v") {
  for (const std::string& key : many_keys()) {
    REQUIRE(cluster.run(core, set(key, value)).outcome == Outcome::Stored);
  }
}

struct Shape {
  uint32_t cores;
  uint32_t partitions;
};
constexpr Shape shapes[] = {{1, 1}, {2, 2}, {5, 5}, {4, 1}, {6, 3}};

}  // namespace

TEST_CASE("flush_all empties every partition, whoever asks") {
  for (const auto& [cores, partitions] : shapes) {
    Cluster cluster(cores, partitions);
    for (uint32_t core = 0; core < cores; ++core) {
      set_all(cluster, 0);
      CHECK(keys_found(cluster, 0) == key_count);
      const Operation done = cluster.run(core, for_all(Verb::FlushAll));
      CHECK(done.outcome == Outcome::Done);
      CHECK(keys_found(cluster, 0) == 0);
      CHECK(cluster.core(core).counters()[Counter::CmdFlush] == 1);
    }
  }
}

TEST_CASE("a delayed flush_all waits in every partition") {
  Cluster cluster(3, 3);
  set_all(cluster, 1);
  CHECK(cluster.run(1, for_all(Verb::FlushAll, 0, 10)).outcome == Outcome::Done);
  CHECK(keys_found(cluster, 0) == key_count);
  for (uint32_t i = 0; i < 3; ++i) cluster.core(i).partition->at(120);
  CHECK(keys_found(cluster, 0) == 0);
}

TEST_CASE("stats adds up the counters of all cores, with fresh gauges") {
  for (const auto& [cores, partitions] : shapes) {
    Cluster cluster(cores, partitions);
    set_all(cluster, 0);
    cluster.run(0, get("none"));
    for (uint32_t core = 0; core < cores; ++core) {
      cluster.core(core).counters()[Counter::BytesRead] = 10 + core;
    }
    const uint32_t asker = cores - 1;
    Batch& batch = cluster.batch_of(asker, {for_all(Verb::Stats)});
    cluster.submit(asker, batch);
    CHECK(batch.at(0).outcome == Outcome::Done);
    const Counters sum = cluster.core(asker).shard->sum_of_reports(batch).counters;
    CHECK(sum[Counter::CmdSet] == key_count);
    CHECK(sum[Counter::GetMisses] == 1);
    CHECK(sum[Counter::CurrItems] == key_count);
    CHECK(sum[Counter::BytesRead] == 10 * cores + cores * (cores - 1) / 2);
    for (uint32_t core = 0; core < cores; ++core) CHECK(cluster.core(core).refreshes == 1);
    batch.note_written(1);
    cluster.core(asker).shard->recycle(batch);
  }
}

TEST_CASE("a second stats does not count the first one's reports, whatever is asked before it") {
  Cluster cluster(3, 3);
  set_all(cluster, 0);
  const std::vector<std::string> keys = many_keys();
  std::vector<Operation> operations;
  for (const std::string& key : keys) operations.push_back(get(key));
  operations.push_back(for_all(Verb::Stats));
  for (int i = 0; i < 3; ++i) {
    cluster.run(0, for_all(Verb::Stats));
    Batch& batch = cluster.batch_of(0, operations);
    cluster.submit_all(0, batch);
    CHECK(cluster.core(0).shard->sum_of_reports(batch).counters[Counter::CmdSet] == key_count);
    cluster.core(0).shard->recycle(batch);
  }
}

TEST_CASE("stats reset forgets what was counted on all cores, and keeps the gauges") {
  Cluster cluster(4, 2);
  set_all(cluster, 3);
  cluster.core(3).counters()[Counter::BytesRead] = 99;
  CHECK(cluster.run(1, for_all(Verb::ResetStats)).outcome == Outcome::Done);
  uint64_t items = 0;
  for (uint32_t core = 0; core < 4; ++core) {
    CHECK(cluster.core(core).counters()[Counter::CmdSet] == 0);
    CHECK(cluster.core(core).counters()[Counter::BytesRead] == 0);
    items += cluster.core(core).counters()[Counter::CurrItems];
  }
  CHECK(items == key_count);
}

TEST_CASE("verbosity reaches every core, shutdown the process once") {
  for (const auto& [cores, partitions] : shapes) {
    Cluster cluster(cores, partitions);
    CHECK(cluster.run(cores - 1, for_all(Verb::Verbosity, 2)).outcome == Outcome::Done);
    for (uint32_t core = 0; core < cores; ++core) CHECK(cluster.core(core).verbosity == 2);
    CHECK(cluster.run(0, for_all(Verb::Shutdown, 0)).outcome == Outcome::Done);
    CHECK(cluster.run(0, for_all(Verb::Shutdown, 1)).outcome == Outcome::Done);
    CHECK(cluster.core(0).hard_stops == 1);
    CHECK(cluster.core(0).graceful_stops == 1);
    for (uint32_t core = 1; core < cores; ++core) {
      CHECK(cluster.core(core).hard_stops + cluster.core(core).graceful_stops == 0);
    }
  }
}

TEST_CASE("an operation for all runs after everything before it, and before what is behind it") {
  for (const auto& [cores, partitions] : shapes) {
    Cluster cluster(cores, partitions);
    const std::vector<std::string> keys = many_keys();
    std::vector<Operation> operations;
    for (const std::string& key : keys) operations.push_back(set(key, "v"));
    for (const std::string& key : keys) operations.push_back(get(key));
    operations.push_back(for_all(Verb::FlushAll));
    for (const std::string& key : keys) operations.push_back(get(key));
    Batch& batch = cluster.batch_of(0, operations);
    cluster.submit_all(0, batch);
    for (uint32_t i = 0; i < key_count; ++i) {
      CHECK(batch.at(key_count + i).outcome == Outcome::Hit);
      CHECK(batch.at(2 * key_count + 1 + i).outcome == Outcome::Miss);
    }
    CHECK(batch.at(2 * key_count).outcome == Outcome::Done);
    cluster.core(0).shard->recycle(batch);
  }
}

TEST_CASE("a pin of a foreign value goes home by letter, at the latest before its core sleeps") {
  Cluster cluster(2, 1);
  const std::string value = pattern(10'000, 1);
  cluster.run(1, set("key", value));
  store::Store& home = cluster.core(0).partition->store;
  Shard& shard = *cluster.core(1).shard;
  Batch& batch = cluster.batch_of(1, {get("key")});
  cluster.submit(1, batch);
  REQUIRE(batch.at(0).found.holder != nullptr);
  CHECK(home.pinned_bytes() > 0);
  // Replaced meanwhile: the reader keeps what it saw.
  cluster.run(1, set("key", "new"));
  CHECK(bytes_of(batch.at(0).found) == value);
  CHECK_FALSE(shard.pins_unposted());
  cluster.give_back(1, batch.at(0));
  CHECK(shard.pins_unposted());
  CHECK(home.pinned_bytes() > 0);
  shard.post_pins();
  CHECK_FALSE(shard.pins_unposted());
  cluster.settle();
  CHECK(home.pinned_bytes() == 0);
  batch.note_written(1);
  shard.recycle(batch);
}

TEST_CASE("a letter full of pins is posted at once") {
  Cluster cluster(2, 1);
  cluster.run(1, set("key", pattern(5000, 1)));
  Shard& shard = *cluster.core(1).shard;
  Post& post = *cluster.core(1).post;
  std::vector<Operation> gets(PinsLetter::capacity, get("key"));
  Batch& batch = cluster.batch_of(1, gets);
  cluster.submit_all(1, batch);
  for (uint32_t i = 0; i < PinsLetter::capacity; ++i) {
    CHECK_FALSE(post.anything_unposted());
    cluster.give_back(1, batch.at(i));
  }
  CHECK(post.anything_unposted());
  CHECK_FALSE(shard.pins_unposted());
  shard.recycle(batch);
  cluster.settle();
  CHECK(cluster.core(0).partition->store.pinned_bytes() == 0);
}

TEST_CASE("pins of values that nobody wrote go home with their batch, local and foreign") {
  Cluster cluster(3, 2);
  set_all(cluster, 2, pattern(6000, 2));
  std::vector<Operation> gets;
  const std::vector<std::string> keys = many_keys();
  for (const std::string& key : keys) gets.push_back(get(key));
  for (uint32_t core = 0; core < 3; ++core) {
    Batch& batch = cluster.batch_of(core, gets);
    cluster.submit(core, batch);
    CHECK(cluster.core(0).partition->store.pinned_bytes() > 0);
    CHECK(cluster.core(1).partition->store.pinned_bytes() > 0);
    cluster.core(core).shard->recycle(batch);
    cluster.settle();
    CHECK(cluster.core(0).partition->store.pinned_bytes() == 0);
    CHECK(cluster.core(1).partition->store.pinned_bytes() == 0);
  }
}

TEST_CASE("pins that a core has not posted are not lost when it asks again") {
  Cluster cluster(2, 1);
  cluster.run(1, set("key", pattern(5000, 1)));
  for (int i = 0; i < 100; ++i) {
    Batch& batch = cluster.batch_of(1, {get("key")});
    cluster.core(1).shard->submit(batch);
    // Letters alone: no pins are posted in between.
    cluster.core(1).post->publish([](uint32_t) {});
    for (uint32_t core : {0u, 1u}) {
      cluster.core(core).post->drain(
          [&](Letter& letter, uint32_t from) { cluster.core(core).shard->handle(letter, from); });
      cluster.core(core).post->publish([](uint32_t) {});
    }
    REQUIRE(batch.at(0).found.holder != nullptr);
    cluster.give_back(1, batch.at(0));
    batch.note_written(1);
    cluster.core(1).shard->recycle(batch);
  }
  cluster.settle();
  CHECK(cluster.core(0).partition->store.pinned_bytes() == 0);
}

TEST_CASE("a socket dealt to a core is not the shard's matter") {
  Cluster cluster(2, 1);
  ConnectionLetter letter(7);
  CHECK_FALSE(cluster.core(1).shard->handle(letter, 0));
}

}  // namespace ringcached::shard
