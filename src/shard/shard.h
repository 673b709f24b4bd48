// One core's side of the partitioned cache: local and foreign keys behind one submit().
//
// Owner: one core. It may own a partition itself, or none (threads without a partition serve
// connections only).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/spares.h"
#include "ringcached/counters.h"
#include "shard/batch.h"
#include "shard/mailbox.h"
#include "shard/owner.h"

namespace ringcached::shard {

/// What an operation for all cores means to this one, beyond its partition.
class Everyone {
 public:
  /// One of the verbs from Crawl on. Pending: this core has nothing to say.
  virtual Outcome tune(const Operation& operation) = 0;
  virtual void stop_process(bool graceful) = 0;
  /// Adds this core's connections.
  virtual void describe_connections(Report& report) = 0;
  /// Called before this core's counters are copied into a report for `stats sub_command`.
  virtual void refresh_gauges(std::string_view sub_command) = 0;

 protected:
  ~Everyone() = default;
};

class Shard {
 public:
  /// `owner` is null on a core without a partition. Partition i lives on core i. With one core
  /// there are no mailboxes and `post` is null.
  Shard(uint32_t partitions, Owner* owner, Post* post, Everyone& everyone, Counters& counters);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  /// Runs what is Pending in the batch: local operations now, foreign ones by a parcel per owner.
  /// An operation for all runs only once nothing before it is Pending. If the batch is in flight
  /// afterwards, its owner hears of its return; else all that could be run has run, though some may
  /// still be Pending because the replies are large: write those, then submit again.
  void submit(Batch&);

  /// Ahead of submit(), for a batch of one operation, whose waits for memory overlap with nothing
  /// of its own: asks for its bucket, and a little later for its item.
  void look_for_bucket(const Batch&) const;
  void look_for_item(const Batch&) const;

  /// A pinned value (the holder of a Hit on a key with this hash) is no longer read.
  void give_back(void* holder, uint64_t hash);

  /// Handles a letter that came from core `from`. false: it is not a matter of the partitions.
  bool handle(Letter& letter, uint32_t from);
  /// Puts the pins that other cores wait for into the post. Before a core sleeps, and in between
  /// when many have gathered.
  void post_pins();
  bool pins_unposted() const { return pins_waiting_ > 0; }

  /// Reports of a Stats batch, added up. All cores' are there once the batch is home.
  Report sum_of_reports(const Batch&) const;
  uint32_t partitions() const { return partitions_; }
  /// Batches of this core that are in flight.
  uint32_t in_flight() const { return in_flight_; }

  /// A batch to be given back with recycle() once it is not in flight. Its capacity is fixed.
  Batch* take_batch(uint32_t capacity);
  /// Gives back the pins of what was found and not taken over by the writer of the replies.
  void recycle(Batch&);
  /// From time to time: batches and parcels that were not wanted since the last call are stale.
  void rest();
  /// Frees some of what is stale, memory of replies included; true: there is more.
  bool free_stale();

 private:
  bool is_ours_alone(const Batch&) const;
  Parcel& parcel_for(Batch&, uint32_t partition);
  void deal(Batch&, uint32_t from, uint32_t to);
  void post_parcels(Batch&);
  void broadcast(Batch&, Operation&);
  void run_for_all(const Operation&, Parcel&);
  std::unique_ptr<Report> make_report(std::string_view sub_command);
  static void conclude(const Batch&, Operation&);
  void come_home(Parcel&);
  void give_back_all(Batch&);
  Parcel* take_parcel();

  uint32_t partitions_;
  Owner* owner_;
  Post* post_;
  Everyone& everyone_;
  Counters& counters_;
  uint32_t self_;
  uint32_t in_flight_ = 0;
  uint32_t pins_waiting_ = 0;
  std::vector<Parcel*> open_;      // per partition: the parcel being filled by deal()
  std::vector<PinsLetter*> pins_;  // per partition
  Spares<Parcel, &Parcel::in_batch> free_parcels_;
  Spares<Batch, &Batch::next_pooled> free_batches_;
};

}  // namespace ringcached::shard
