// One thread of the limit server: the least that io_uring lets a server do for each request.
//
// Connections receive for good into buffers that the kernel chooses; what they are owed at the end
// of a turn leaves as one send each, which goes down together with the wait. A send that succeeds
// at once, as nearly all do, is not heard of again: so a turn is one entry into the kernel.
//
// Owner: the thread that calls run().
#pragma once

#include <liburing.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "limit/canned.h"
#include "limit/requests.h"

namespace limit {

class Loop {
 public:
  /// `loops` are all of them, this one among them, and stay where they are; only the one with a
  /// `listener` (else -1) accepts, and deals to all in turn.
  Loop(const Canned& canned, int listener, const std::vector<std::unique_ptr<Loop>>& loops);

  /// Never returns; a ring that fails ends the process.
  [[noreturn]] void run();

 private:
  enum class Act : uint8_t { Accept, Adopt, Receive, SendAtOnce, SendAll, Soon };

  struct Connection {
    Requests requests;
    std::vector<iovec> slices;  // what is being sent
    msghdr message{};
    bool receiving = false;
    bool sending = false;  // a send that waits for room, and is heard of
    bool owed = false;     // is in owed_
    bool leaving = false;
  };

  void open_ring();
  void lend(uint16_t buffer);
  io_uring_sqe* next_sqe(Act act, int descriptor);
  void handle(const io_uring_cqe& cqe);
  void set_near_timer();
  void accept();
  void deal(int socket);
  void adopt(int socket);
  void receive(int socket);
  void received(int socket, const io_uring_cqe& cqe);
  void answer_all();
  void answer(int socket, Connection& to);
  void send(int socket, Connection& to, bool all);
  void sent(int socket, const io_uring_cqe& cqe, bool all);
  void leave(int socket, Connection& from);
  Connection* find(int socket);

  const Canned& canned_;
  int listener_;
  const std::vector<std::unique_ptr<Loop>>& loops_;
  std::atomic<int> ring_descriptor_{-1};  // waited for by the loop that accepts
  size_t next_loop_ = 0;
  io_uring ring_{};
  io_uring_buf_ring* lent_ = nullptr;
  std::vector<char> buffers_;
  int lent_unpublished_ = 0;
  __kernel_timespec soon_{};
  long slept_ = 0;  // times the thread has slept, when the near timer was last set
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
  std::vector<int> owed_;                                 // who is sent to at the end of the turn
  std::vector<int> starved_;                              // who is to receive again
};

}  // namespace limit
