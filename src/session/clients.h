// All connections of one core, and the lists of those that want something.
//
// Owner: one core.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "session/connection.h"
#include "session/roll.h"
#include "session/services.h"
#include "session/watchers.h"

namespace ringcached::session {

class Clients {
 public:
  /// The connections live on `streams`: the core's door, or what stands for it. `on_gone` is called
  /// for every connection that has ended (whoever deals them counts them).
  Clients(Services& services, io::Streams& streams, std::function<void()> on_gone)
      : services_(services),
        streams_(streams),
        on_gone_(std::move(on_gone)),
        holders_(services.door.pool().buffers_max(), 0) {}

  Services& services() { return services_; }
  io::Streams& streams() { return streams_; }
  /// Each has a socket of its own; else they are datagrams.
  bool have_sockets() const { return &streams_ == &services_.door; }
  size_t count() const { return count_; }

  /// Takes over a connected socket.
  void adopt(int socket);
  /// A slot for the socket of somebody else, until it is returned.
  LentSlot lend_slot();
  void return_slot(uint32_t slot) { free_slots_.push_back(slot); }
  /// A Receive or Send completion.
  void on_completion(const io::Completion&);

  // The phases of a turn, in their order.
  void run_ready();
  void feed_starving();
  void flush_dirty();
  void bury();

  /// Something wants another turn before the core may sleep.
  bool busy() const { return !ready_.empty() || !dirty_.empty() || !graveyard_.empty(); }
  /// Adds all of them.
  void describe(shard::Report& report);
  /// Once a second.
  void tick();
  /// The process stops: every client is answered what it has asked, and closed.
  void stop();
  /// Closes all that are left.
  void abort_all();

  // For connections.
  void make_ready(Connection& c) { ready_.add(c); }
  void make_dirty(Connection& c) { dirty_.add(c); }
  void starve(Connection& c) { starving_.add(c); }
  /// It has this receive buffer now.
  void note_holder(uint16_t buffer, uint32_t slot) { holders_[buffer] = slot; }
  void hold(Connection& c) { holding_.add(c); }
  void unhold(Connection& c) { holding_.remove(c); }
  void gone(Connection&);

 private:
  static constexpr size_t look_ahead = 16;  // clients; measured: see README "Decisions"

  struct Slot {
    std::unique_ptr<Connection> tenant;
    uint32_t generation = 0;
  };

  template <class Fn>
  void each(Fn&& fn);
  void free_buffers(size_t wanted);

  Services& services_;
  io::Streams& streams_;
  std::function<void()> on_gone_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  std::vector<uint32_t> graveyard_;  // slots whose tenants are gone, until the turn ends
  size_t count_ = 0;
  std::vector<uint32_t> holders_;  // by buffer: the slot of who had it last
  uint32_t next_to_move_ = 0;      // a buffer
  Roll<Connection, &Connection::ready_listed> ready_;
  Roll<Connection, &Connection::dirty_listed> dirty_;
  Roll<Connection, &Connection::starving_listed> starving_;
  Roll<Connection, &Connection::holding_listed> holding_;
};

}  // namespace ringcached::session
