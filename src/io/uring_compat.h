// What newer kernels know and the headers of liburing 2.3 do not. No set-up flags here, ever: one
// that the installed liburing does not understand leaves a process that cannot be killed.
#pragma once

#include <liburing.h>

namespace ringcached::io {

/// Linux 6.15: a ring's sleep need not be shown as iowait. Source: include/uapi/linux/io_uring.h.
inline constexpr unsigned feature_no_iowait = 1u << 17;
inline constexpr unsigned enter_no_iowait = 1u << 7;

/// As io_uring_submit_and_wait(ring, 1), with further flags for the entry, which liburing 2.3 has
/// no way to pass. Returns what was submitted, or -errno.
///
/// Relies on the submission array being the identity, as liburing (every version) keeps it: entry i
/// of the queue is sqe i.
inline int submit_and_sleep(io_uring& ring, unsigned flags) {
  io_uring_sq& queue = ring.sq;
  const unsigned to_submit = queue.sqe_tail - queue.sqe_head;
  if (to_submit > 0) {
    for (unsigned at = queue.sqe_head; at != queue.sqe_tail; ++at) {
      queue.array[at & queue.ring_mask] = at & queue.ring_mask;
    }
    queue.sqe_head = queue.sqe_tail;
    io_uring_smp_store_release(queue.ktail, queue.sqe_tail);
  }
  const unsigned unseen = *queue.ktail - io_uring_smp_load_acquire(queue.khead);
  if (ring.enter_ring_fd != ring.ring_fd) flags |= IORING_ENTER_REGISTERED_RING;
  return io_uring_enter(static_cast<unsigned>(ring.enter_ring_fd), unseen, 1,
                        IORING_ENTER_GETEVENTS | flags, nullptr);
}

}  // namespace ringcached::io
