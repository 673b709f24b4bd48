// The kernel's door: the handful of acts that a core asks of the outside world.
//
// Owner: one core, the one that made it. Implementations: UringDoor (io_uring), EpollDoor (where
// that is refused) and FakeDoor (a seeded world for tests). No accept, receive or send is started
// before wait(). All acts of one slot and generation are on one descriptor.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <span>

#include "io/buffer_pool.h"
#include "io/streams.h"
#include "io/token.h"

namespace ringcached::io {

/// One answer of the kernel.
struct Completion {
  Token token;
  int32_t result = 0;  // Accept: a socket; Receive, Send: bytes; below 0: -errno
  bool more = false;   // Accept, Receive, Datagram: the act goes on; else it wants re-arming
  Lease lease{};  // Receive, Datagram with result > 0: the bytes, to be given back with release()
};

class Door : public Streams {
 public:
  /// Accepts on `listener` until it ends. Sockets come with TCP_NODELAY where that has a meaning.
  virtual void accept(int listener, Token) = 0;
  /// A socket none of whose acts is under way goes to another core's door, or to this one under
  /// another slot. `token` is of the slot it had.
  virtual void hand_over(int /*socket*/, Token /*token*/) {}
  /// Receives datagrams from `socket` until it ends; read_datagram() reads the leases that come.
  virtual void receive_datagrams(int socket, Token) = 0;
  /// Sends datagrams at once: how many of them the kernel took, or -errno of the first. -EAGAIN: it
  /// has no room now.
  virtual int send_datagrams(int socket, std::span<mmsghdr>) = 0;
  /// One Act::Room completion when `socket` may have room for datagrams again.
  virtual void await_room(int socket, Token) = 0;
  /// One Act::Tick completion after `milliseconds`.
  virtual void tick(uint32_t milliseconds, Token) = 0;

  /// Where others ring to end this core's sleep; wake() from another core's door, wake_now() from
  /// any thread.
  virtual int bell() const = 0;
  virtual void wake(int bell_of_other) = 0;

  /// Starts what was asked and collects what is done. With `sleep` it waits for a completion or
  /// a wake-up. The span lives until the next call. Throws nothing; a ring that fails ends the
  /// process, since nothing can be served without it.
  virtual std::span<const Completion> wait(bool sleep) = 0;

  virtual const BufferPool& pool() const = 0;
};

/// Ends the sleep of the core with this bell, by a system call of the calling thread.
void wake_now(int bell);

/// What is written to a bell.
inline constexpr uint64_t ring_once = 1;

}  // namespace ringcached::io
