// One core: its ring, its partition if it has one, its clients, and the loop that turns them.
//
// Owner: the thread it runs on, which must also make and destroy it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/debug_time.h"
#include "io/door.h"
#include "ringcached/counters.h"
#include "server/process.h"
#include "session/acceptor.h"
#include "session/clients.h"
#include "session/datagrams.h"
#include "session/watchers.h"
#include "shard/owner.h"
#include "shard/shard.h"
#include "store/store.h"

namespace ringcached::server {

class Core final : public shard::Everyone {
 public:
  /// The first core gets the listeners, the others none; each gets UDP sockets of its own.
  Core(Process& process, uint32_t index, io::Door& door, const std::vector<int>& listeners,
       const std::vector<int>& udp_sockets = {});
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// Serves until the process stops and all cores are done.
  void run();
  /// One turn of the loop. With `may_sleep` it waits if there is nothing to do.
  void turn(bool may_sleep);
  void start();
  /// Nothing is under way here any more (after a stop).
  bool ended() const;
  /// After every core has ended: takes what is left in the mailboxes.
  void drain_last_letters();
  /// Checks every invariant of the partition; for tests.
  void verify() const {
    if (store_) store_->verify();
  }
  /// Where allocations of the partition are made to fail, for tests; nullptr: it has none.
  store::FaultPlan* faults() { return store_ ? &store_->faults() : nullptr; }

  Outcome tune(const Operation& operation) override;
  void stop_process(bool graceful) override;
  void describe_connections(shard::Report& report) override;
  void refresh_gauges(std::string_view sub_command) override;

 private:
  /// Slots of Tick tokens.
  enum Ticks : uint32_t { every_second, while_stopping };

  bool idle() const;
  void wait(bool may_sleep);
  void dispatch(const io::Completion&);
  void on_tick(uint32_t which);
  void rest();
  void free_stale();
  void drain_mail();
  void on_letter(shard::Letter&, uint32_t from);
  void deal(int socket, uint32_t core);
  void adopt(int socket);
  void note_ended();
  void publish();
  void tell_events();
  void take_events(shard::EventsLetter&, uint32_t from);
  void give_back_events(shard::EventsLetter&, uint32_t to);
  void begin_watch(uint32_t interests);
  void end_watch(uint32_t interests);
  void unwatch_everywhere(uint32_t interests);
  void hand_over(int socket, uint32_t interests);
  void adopt_watcher(int socket, uint32_t interests);
  void watcher_gone(const session::GoneWatcher& gone);
  void tell_watcher_gone(const session::GoneWatcher& gone);
  void log_tuning(const Operation& operation);
  void move_time(Verb verb, uint64_t value);
  Outcome crawl(uint64_t classes);
  Outcome set_crawler(bool on);
  void set_memory_limit(uint64_t bytes);
  void begin_stop();

  Process& process_;
  uint32_t index_;
  io::Door& door_;
  DebugTime debug_time_;
  Now now_;
  Counters counters_;
  EventLog events_;
  shard::EventsLetter news_;  // of what is away of the events
  std::optional<store::Store> store_;
  std::optional<shard::Owner> owner_;
  std::optional<shard::Post> post_;
  std::optional<shard::Shard> shard_;
  std::optional<session::Services> services_;
  std::optional<session::Clients> clients_;
  std::optional<session::Datagrams> datagrams_;
  std::optional<session::Acceptor> acceptor_;
  std::optional<session::Watchers> watchers_;  // of the first core
  std::span<const io::Completion> collected_;
  bool sweeping_ = false;  // the sweep has more to do at once
  bool freeing_ = false;   // what was kept for reuse and is stale
  uint32_t since_rest_s_ = 0;
  bool stopping_ = false;
  uint64_t stop_deadline_ = 0;  // milliseconds; clients that are left then are cut off
};

}  // namespace ringcached::server
