// A thread's io_uring: receives that stay armed, sends that wait for nobody, one entry for all.
#pragma once

#include <liburing.h>

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace ringload {

/// Owner: the thread that made it. Connections are known by their place among the sockets.
class Ring {
 public:
  /// `sockets` stay the caller's, and open as long as the ring; `reply_size` is about what a
  /// connection is sent at once. All receives are armed. Throws Failure(Exit::System).
  Ring(std::span<const int> sockets, size_t reply_size);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  /// Queued until flush() or a wait. The slices, and their bytes, stay as they are until the server
  /// has answered them; the connection has no other send under way.
  void send(uint32_t connection, std::span<const iovec> slices);
  /// Hands over what is queued.
  void flush();

  /// Flushes, then sleeps until something came; returns at least every 100 ms.
  void wait();
  /// The same, but for no longer than `ns`.
  void wait_at_most(uint64_t ns);

  /// All that came: `on_received(connection, bytes)`, where the bytes are valid during the call,
  /// and `on_gone(connection, error)` where a connection is of no more use; error is 0 when the
  /// server closed it.
  template <typename OnReceived, typename OnGone>
  void take(OnReceived on_received, OnGone on_gone);

 private:
  enum class Act : uint64_t { Receive, Send, Tick };
  static constexpr unsigned act_bits = 2;

  io_uring_sqe* next_sqe();
  static void mark(io_uring_sqe* sqe, Act act, uint32_t connection);
  void receive(uint32_t connection);
  void set_up_ring(std::span<const int> sockets);
  void set_up_buffers(size_t connections, size_t reply_size);
  void arm_tick();
  char* address(uint16_t buffer) { return memory_ + size_t{buffer} * buffer_size_; }
  void give_back(uint16_t buffer);
  void publish_buffers();

  io_uring ring_{};
  io_uring_buf_ring* lent_ = nullptr;
  char* memory_ = nullptr;
  unsigned buffer_count_ = 0;
  size_t buffer_size_ = 0;
  int unpublished_ = 0;
  __kernel_timespec tick_;
  std::vector<msghdr> messages_;  // of each connection: for sends of several slices
};

template <typename OnReceived, typename OnGone>
void Ring::take(OnReceived on_received, OnGone on_gone) {
  // Only what was there before: what comes while this runs is younger than the caller's clock.
  const unsigned ready = io_uring_cq_ready(&ring_);
  unsigned head = 0, taken = 0;
  io_uring_cqe* cqe = nullptr;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    if (taken == ready) break;
    ++taken;
    const Act act = static_cast<Act>(cqe->user_data & ((1u << act_bits) - 1));
    const uint32_t connection = static_cast<uint32_t>(cqe->user_data >> act_bits);
    if (act == Act::Tick) {
      arm_tick();
      continue;
    }
    const bool is_over = act == Act::Send || (cqe->res <= 0 && cqe->res != -ENOBUFS);
    if (cqe->res > 0 && act == Act::Receive) {
      const uint16_t buffer = static_cast<uint16_t>(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
      on_received(connection, std::string_view(address(buffer), static_cast<size_t>(cqe->res)));
      give_back(buffer);
    }
    if (is_over) {
      on_gone(connection, cqe->res < 0 ? -cqe->res : 0);
    } else if ((cqe->flags & IORING_CQE_F_MORE) == 0) {
      receive(connection);
    }
  }
  io_uring_cq_advance(&ring_, taken);
  publish_buffers();
}

}  // namespace ringload
