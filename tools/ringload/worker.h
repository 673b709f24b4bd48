// One thread of the load: its connections, its ring, and the loop that keeps them busy.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "ringload/conversation.h"
#include "ringload/histogram.h"
#include "ringload/keys.h"
#include "ringload/load.h"
#include "ringload/options.h"
#include "ringload/ring.h"
#include "ringload/schedule.h"
#include "ringload/sockets.h"
#include "ringload/tally.h"

namespace ringload {

/// What all threads are told from outside, at any time.
enum class Halt { No, Finish, Abandon };  // send nothing more; leave as you are

/// What a thread tells while it runs, for the progress line.
struct alignas(64) Progress {
  std::atomic<uint64_t> requests{0}, hits{0}, misses{0}, errors{0};
};

/// Owner: its thread, except for progress().
class Worker {
 public:
  /// Connects. `options`, `keys` and `halt` outlive it. Throws Failure, as run() does.
  Worker(const Options& options, const Keys& keys, uint32_t thread, const std::atomic<Halt>& halt,
         Progress& progress);

  /// Plays a phase until all that was asked is answered, or given up.
  void run(const Phase& phase);

  // Of the last phase.
  const Tally& tally() const { return tally_; }
  const Histogram& latency() const { return latency_; }
  const Histogram& lag() const { return lag_; }
  uint64_t unsent() const { return unsent_; }

 private:
  struct Connection {
    std::unique_ptr<Conversation> talk;
    uint64_t sent_ns = 0;
    bool is_waiting = false;  // for replies
    bool is_given_up = false;
  };

  void begin(const Phase& phase);
  bool has_more() const;
  void turn();
  void sleep();
  bool may_send() const;
  void start_batch(uint32_t connection);
  void send_batch(uint32_t connection);
  void stamp_queued();
  void on_received(uint32_t connection, std::string_view bytes);
  void on_gone(uint32_t connection, int error);
  void note_latencies(const Connection& connection, size_t from);
  void give_up_late_ones();
  void publish();

  // Open loop.
  bool is_due() const { return schedule_->next_ns() <= now_ns_ && may_send_scheduled(); }
  bool may_send_scheduled() const;
  void ask_scheduled(uint32_t connection);
  void start_due_batches();

  const Options& options_;
  const std::atomic<Halt>& halt_;
  Progress& progress_;
  std::vector<Socket> sockets_;
  std::vector<Connection> connections_;
  std::unique_ptr<Ring> ring_;
  Load load_;
  Phase phase_;
  uint64_t now_ns_ = 0;
  uint64_t checked_ns_ = 0;  // for late replies
  uint32_t waiting_ = 0;     // connections

  std::vector<uint32_t> queued_;  // connections whose batch is not yet handed to the kernel
  uint64_t queued_commands_ = 0;

  // Open loop.
  std::optional<Schedule> schedule_;
  std::deque<uint32_t> idle_;    // connections
  std::vector<uint32_t> dealt_;  // connections that are given commands in this turn
  uint32_t usable_ = 0;          // connections that are not given up
  uint64_t unsent_ = 0;

  Tally tally_;
  Histogram latency_, lag_;
};

}  // namespace ringload
