// The door on io_uring: one ring per core, multishot acts, one entry into the kernel per turn.
//
// Owner: the thread that made it (SINGLE_ISSUER). Needs Linux 6.1 and liburing 2.3.
#pragma once

#include <liburing.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "io/door.h"
#include "io/near_timer.h"

namespace ringcached::io {

struct UringConfig {
  uint32_t submissions = 1024;  // entries of the submission queue
  uint32_t completions = 8192;  // entries of the completion queue: bursts must not overflow
  uint32_t buffers_max = 1024;  // receive buffers: 16 MiB at the most
};

class UringDoor final : public Door {
 public:
  /// nullptr: io_uring is not to be had; `error` then says why, and what to do about it, in a line.
  static std::unique_ptr<UringDoor> open(const UringConfig&, std::string& error);
  ~UringDoor() override;
  UringDoor(const UringDoor&) = delete;
  UringDoor& operator=(const UringDoor&) = delete;

  void accept(int listener, Token) override;
  void receive(int socket, Token) override;
  void receive_first(int socket, Token) override;
  void send(int socket, const char* bytes, size_t size, Token) override;
  void send(int socket, const msghdr* message, Token) override;
  void cancel(Token) override;
  void close(int descriptor) override;
  void shutdown(int socket) override;
  void receive_datagrams(int socket, Token) override;
  int send_datagrams(int socket, std::span<mmsghdr>) override;
  void await_room(int socket, Token) override;
  void tick(uint32_t milliseconds, Token) override;
  int bell() const override { return bell_; }
  void wake(int bell_of_other) override;
  std::span<const Completion> wait(bool sleep) override;
  void release(const Lease&) override;
  const BufferPool& pool() const override { return pool_; }

 private:
  explicit UringDoor(const UringConfig&);
  bool set_up(const UringConfig&, std::string& error);
  io_uring_sqe* next_sqe();
  io_uring_sqe* next_sqe_of_reluctant();
  void arm_bell();
  void set_near_timer();
  void lend_new_buffers();
  void lend(uint16_t buffer);
  void enter(bool sleep);
  void reap(std::vector<Completion>& into, unsigned most);
  void translate(const io_uring_cqe&, std::vector<Completion>& into);

  io_uring ring_{};
  bool ring_open_ = false;
  unsigned sleep_flags_ = 0;           // for an entry that waits
  io_uring_buf_ring* lent_ = nullptr;  // shared with the kernel: the buffers it may fill
  uint32_t lent_entries_ = 0;
  uint16_t unpublished_ = 0;  // buffers put into `lent_` since its tail was last published
  BufferPool pool_;
  int bell_ = -1;  // an eventfd
  bool bell_armed_ = false;
  NearTimer near_timer_;
  __kernel_timespec near_timer_after_{};
  bool starved_ = false;                           // a receive found no buffer this turn
  msghdr datagram_room_{};                         // what a receive of datagrams leaves room for
  std::array<__kernel_timespec, 8> tick_after_{};  // of the ticks asked for since the last turn
  size_t ticks_asked_ = 0;
  std::vector<Completion> early_;  // taken off the queue before wait()
  std::vector<Completion> collected_;
};

}  // namespace ringcached::io
