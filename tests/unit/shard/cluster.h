// Several cores in one thread: each with its Shard, the first ones with a partition.
#pragma once

#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include "fixture.h"
#include "shard/shard.h"

namespace ringcached::shard {

class Cluster : public BatchOwner {
 public:
  static constexpr uint32_t batch_capacity = 512;

  struct Core final : Everyone {
    Outcome tune(const Operation& operation) override {
      if (operation.verb == Verb::Verbosity) verbosity = operation.delta;
      return tuned;
    }
    void stop_process(bool graceful) override { ++(graceful ? graceful_stops : hard_stops); }
    void describe_connections(Report&) override {}
    void refresh_gauges(std::string_view) override { ++refreshes; }

    Counters& counters() { return partition ? partition->counters : own_counters; }

    std::unique_ptr<Partition> partition;  // null on a core without one
    Counters own_counters;
    std::unique_ptr<Post> post;  // null if there is but one core
    std::unique_ptr<Shard> shard;
    uint64_t verbosity = 0;
    Outcome tuned = Outcome::Done;  // what tune() answers
    uint32_t graceful_stops = 0;
    uint32_t hard_stops = 0;
    uint32_t refreshes = 0;
  };

  Cluster(uint32_t core_count, uint32_t partitions) : boxes_(core_count) {
    for (uint32_t i = 0; i < core_count; ++i) {
      cores_.push_back(std::make_unique<Core>());
      Core& made = *cores_.back();
      if (i < partitions) made.partition = std::make_unique<Partition>();
      if (core_count > 1) made.post = std::make_unique<Post>(boxes_, i);
      made.shard =
          std::make_unique<Shard>(partitions, made.partition ? &made.partition->owner : nullptr,
                                  made.post.get(), made, made.counters());
    }
  }

  /// Everything that was pinned or lent must be home.
  ~Cluster() {
    settle();
    for (const auto& core : cores_) {
      CHECK(core->shard->in_flight() == 0);
      if (!core->partition) continue;
      CHECK(core->partition->store.pinned_bytes() == 0);
      CHECK(core->partition->store.uncommitted_bytes() == 0);
    }
  }

  Core& core(uint32_t i) { return *cores_[i]; }
  uint32_t size() const { return static_cast<uint32_t>(cores_.size()); }

  /// A batch of `core` with these operations, not yet submitted.
  Batch& batch_of(uint32_t i, const std::vector<Operation>& operations) {
    Batch& batch = *core(i).shard->take_batch(batch_capacity);
    batch.owner = this;
    for (const Operation& operation : operations) {
      batch.next_free() = operation;
      batch.add();
    }
    return batch;
  }

  /// Submits, and carries letters until the batch is back.
  void submit(uint32_t i, Batch& batch) {
    core(i).shard->submit(batch);
    const bool was_away = batch.in_flight();
    const uint32_t returned_before = returned;
    settle();
    CHECK_FALSE(batch.in_flight());
    CHECK(returned - returned_before == (was_away ? 1 : 0));
  }

  /// Submits until nothing is Pending. Returns how often.
  uint32_t submit_all(uint32_t i, Batch& batch) {
    uint32_t rounds = 0;
    do {
      submit(i, batch);
      ++rounds;
      uint32_t done = 0;
      while (done < batch.size() && batch.at(done).outcome != Outcome::Pending) ++done;
      batch.note_written(done);
      REQUIRE(rounds <= batch.size());
    } while (!batch.finished());
    return rounds;
  }

  /// One operation alone; its copies live until the next.
  Operation run(uint32_t i, const Operation& operation) {
    Batch& batch = batch_of(i, {operation});
    submit_all(i, batch);
    const Operation done = batch.at(0);
    give_back(i, batch.at(0));
    core(i).shard->recycle(batch);
    return done;
  }

  /// What the session does after it has sent a value.
  void give_back(uint32_t i, Operation& operation) {
    if (operation.found.holder == nullptr) return;
    core(i).shard->give_back(operation.found.holder, operation.key.hash);
    operation.found.holder = nullptr;
  }

  /// Carries letters until none is under way.
  void settle() {
    bool moved = true;
    while (moved) {
      moved = false;
      for (const auto& core : cores_) {
        if (!core->post) continue;
        core->post->drain([&](Letter& letter, uint32_t from) {
          moved = true;
          CHECK(core->shard->handle(letter, from));
        });
        core->shard->post_pins();
        if (core->post->anything_unposted()) moved = true;
        core->post->publish([](uint32_t) {});
      }
    }
  }

  void batch_returned(Batch& batch) override {
    CHECK_FALSE(batch.in_flight());
    ++returned;
  }

  uint32_t returned = 0;

 private:
  Mailboxes boxes_;
  std::vector<std::unique_ptr<Core>> cores_;
};

}  // namespace ringcached::shard
