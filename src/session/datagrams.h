// The UDP side of one core: its sockets, the requests that come to them, the replies that leave.
//
// Owner: one core. Every core has a socket of its own on each address (SO_REUSEPORT), so that the
// kernel deals the clients out. Nothing here is owed to anybody: what cannot be held is dropped.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "session/clients.h"
#include "session/exchanges.h"
#include "session/services.h"
#include "wire/datagram_frame.h"

namespace ringcached::session {

class Datagrams {
 public:
  /// The sockets are bound; they are closed here.
  Datagrams(Services& services, const std::vector<int>& sockets);

  void start();
  /// An Act::Datagram or Act::Room completion.
  void on_completion(const io::Completion&);

  // The phases of a turn, in their order.
  void run_ready();
  void flush();

  /// Something wants another turn before the core may sleep.
  bool busy() const;
  /// Adds the sockets.
  void describe(shard::Report& report) const;
  /// The process stops: no more requests; those under way are answered.
  void stop();
  /// What is left is not waited for.
  void abort_all();
  /// Nothing is under way any more.
  bool stopped() const;

 private:
  /// Replies that one core may owe beside their bytes. Guess.
  static constexpr size_t replies_max = 4096;
  /// Datagrams that one call of the kernel takes, and calls in a turn: others must have theirs.
  static constexpr size_t datagrams_per_call = 64;
  static constexpr int calls_per_turn = 4;

  struct Socket {
    int descriptor = -1;
    bool receiving = false;
    bool starved = false;        // waits for receive buffers
    bool awaiting_room = false;  // the kernel has no room for what we send
    Seconds last_heard = 0;
    std::deque<DatagramReply> replies;  // owed, the first partly sent
    size_t sent = 0;                    // of the first, in bytes
  };

  /// What a call is told: for each datagram its frame and its part of a reply.
  struct Call {
    size_t count = 0;
    std::array<mmsghdr, datagrams_per_call> messages;
    std::array<std::array<iovec, 2>, datagrams_per_call> parts;
    std::array<std::array<char, wire::datagram_frame_size>, datagrams_per_call> frames;
  };

  void receive(uint32_t socket);
  void on_datagram(uint32_t socket, const io::Completion&);
  bool take_request(uint32_t socket, const io::Lease&);
  void deliver();
  void owe(DatagramReply);
  void send_replies(uint32_t socket);
  void fill(Call&, Socket&);
  void note_sent(const Call&, Socket&, size_t datagrams);
  void drop_first(Socket&);
  void close_if_done(Socket&);

  Services& core_;
  std::vector<Socket> sockets_;  // by the slot of their tokens
  Exchanges exchanges_;
  Clients clients_;
  size_t owed_ = 0;  // replies
  bool stopping_ = false;
};

}  // namespace ringcached::session
