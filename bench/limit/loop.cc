#include "limit/loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace limit {
namespace {

// Only flags that liburing 2.3 knows: another one could hang the process for good.
constexpr unsigned set_up_flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                  IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE |
                                  IORING_SETUP_CLAMP;
constexpr unsigned submissions = 4096;
constexpr unsigned completions = 16384;
constexpr unsigned descriptors_max = 65536;
constexpr int buffer_group = 0;
constexpr unsigned buffer_count = 256;
constexpr size_t buffer_size = 16 * 1024;
// A little apart, so that the first lines of the buffers do not share a cache set.
constexpr size_t buffer_stride = buffer_size + 3 * 64;
// More than this seldom fits into a socket at once: the send waits, and is heard of. Guess.
constexpr size_t at_once_max = 64 * 1024;
// A timer costs as much as a sleep, and has to cheapen so many. Guesses.
constexpr long slept_least = 8;
constexpr long look_again_ns = 20'000'000;

[[noreturn]] void fail(const char* what, int error) {
  std::fprintf(stderr, "limit_server: %s: %s\n", what, std::strerror(error));
  std::exit(1);
}

/// Descriptors that may be registered: never more than the process may have.
unsigned registrable_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<unsigned>(std::min<rlim_t>(limit.rlim_cur, descriptors_max));
}

uint64_t user_data(unsigned act, int descriptor) {
  return uint64_t{act} << 32 | static_cast<uint32_t>(descriptor);
}

size_t size_of(const std::vector<iovec>& slices) {
  size_t size = 0;
  for (const iovec& slice : slices) size += slice.iov_len;
  return size;
}

void remove_front(std::vector<iovec>& slices, size_t size) {
  auto at = slices.begin();
  for (; at != slices.end() && at->iov_len <= size; ++at) size -= at->iov_len;
  if (at != slices.end()) {
    at->iov_base = static_cast<char*>(at->iov_base) + size;
    at->iov_len -= size;
  }
  slices.erase(slices.begin(), at);
}

}  // namespace

Loop::Loop(const Canned& canned, int listener, const std::vector<std::unique_ptr<Loop>>& loops)
    : canned_(canned), listener_(listener), loops_(loops), buffers_(buffer_count * buffer_stride) {}

void Loop::run() {
  open_ring();
  if (listener_ >= 0) {
    for (const auto& loop : loops_) loop->ring_descriptor_.wait(-1);
    accept();
  }
  set_near_timer();
  for (;;) {
    const int rc = io_uring_submit_and_wait(&ring_, 1);
    if (rc < 0 && rc != -EINTR && rc != -EBUSY && rc != -EAGAIN) fail("io_uring_enter", -rc);
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      ++seen;
      handle(*cqe);
    }
    io_uring_cq_advance(&ring_, seen);
    if (lent_unpublished_ > 0) io_uring_buf_ring_advance(lent_, lent_unpublished_);
    lent_unpublished_ = 0;
    for (const int socket : starved_) {
      if (find(socket) != nullptr) receive(socket);
    }
    starved_.clear();
    answer_all();
  }
}

void Loop::open_ring() {
  io_uring_params params{};
  params.flags = set_up_flags;
  params.cq_entries = completions;
  if (const int rc = io_uring_queue_init_params(submissions, &ring_, &params); rc < 0) {
    fail("io_uring_setup", -rc);
  }
  ring_descriptor_ = ring_.ring_fd;
  ring_descriptor_.notify_all();
  if (const int rc = io_uring_register_files_sparse(&ring_, registrable_descriptors()); rc < 0) {
    fail("registering descriptors", -rc);
  }
  io_uring_register_ring_fd(&ring_);  // saves a lookup per entry; fine without
  void* memory = ::mmap(nullptr, buffer_count * sizeof(io_uring_buf), PROT_READ | PROT_WRITE,
                        MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  if (memory == MAP_FAILED) fail("mmap", errno);
  lent_ = static_cast<io_uring_buf_ring*>(memory);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<uint64_t>(memory);
  registration.ring_entries = buffer_count;
  registration.bgid = buffer_group;
  if (const int rc = io_uring_register_buf_ring(&ring_, &registration, 0); rc < 0) {
    fail("registering the buffer ring", -rc);
  }
  io_uring_buf_ring_init(lent_);
  for (unsigned i = 0; i < buffer_count; ++i) lend(static_cast<uint16_t>(i));
}

/// Published at the end of the turn.
void Loop::lend(uint16_t buffer) {
  io_uring_buf_ring_add(lent_, buffers_.data() + buffer * buffer_stride, buffer_size, buffer,
                        io_uring_buf_ring_mask(buffer_count), lent_unpublished_);
  ++lent_unpublished_;
}

io_uring_sqe* Loop::next_sqe(Act act, int descriptor) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (sqe == nullptr) {
    io_uring_submit(&ring_);
    sqe = io_uring_get_sqe(&ring_);
    if (sqe == nullptr) fail("the submission queue stays full", EBUSY);
  }
  // The io_uring_prep functions leave it alone.
  sqe->user_data = user_data(static_cast<unsigned>(act), descriptor);
  return sqe;
}

void Loop::handle(const io_uring_cqe& cqe) {
  const int descriptor = static_cast<int>(static_cast<uint32_t>(cqe.user_data));
  switch (static_cast<Act>(cqe.user_data >> 32)) {
    case Act::Accept:
      if (cqe.res >= 0) deal(cqe.res);
      if ((cqe.flags & IORING_CQE_F_MORE) == 0) accept();
      break;
    case Act::Adopt:
      adopt(cqe.res);
      break;
    case Act::Receive:
      received(descriptor, cqe);
      break;
    case Act::SendAtOnce:
      sent(descriptor, cqe, false);
      break;
    case Act::SendAll:
      sent(descriptor, cqe, true);
      break;
    case Act::Soon:
      set_near_timer();
      break;
  }
}

/// While the thread often sleeps, something is always due within a tick of the kernel: a sleep then
/// need not set the clock hardware, which is dear on a virtual machine.
void Loop::set_near_timer() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  timespec tick{};
  ::clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
  soon_.tv_nsec = usage.ru_nvcsw - slept_ >= slept_least ? tick.tv_nsec / 2 : look_again_ns;
  slept_ = usage.ru_nvcsw;
  io_uring_sqe* sqe = next_sqe(Act::Soon, -1);
  io_uring_prep_timeout(sqe, &soon_, 0, 0);
}

// --- Connections come and go.

void Loop::accept() {
  io_uring_sqe* sqe = next_sqe(Act::Accept, listener_);
  io_uring_prep_multishot_accept(sqe, listener_, nullptr, nullptr, SOCK_CLOEXEC);
}

/// A connection for another loop travels as the result of a completion in that loop's ring.
void Loop::deal(int socket) {
  Loop& to = *loops_[next_loop_];
  next_loop_ = (next_loop_ + 1) % loops_.size();
  if (&to == this) return adopt(socket);
  io_uring_sqe* sqe = next_sqe(Act::Adopt, 0);
  io_uring_prep_msg_ring(sqe, to.ring_descriptor_, static_cast<unsigned>(socket),
                         user_data(static_cast<unsigned>(Act::Adopt), 0), 0);
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void Loop::adopt(int socket) {
  if (socket < 0) return;  // a message that failed: its connection is lost
  const int yes = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);  // fails on unix sockets
  // Under its own number: an act on a registered one is spared the look-up, about 4 % at depth 1.
  if (io_uring_register_files_update(&ring_, static_cast<unsigned>(socket), &socket, 1) < 0) {
    ::close(socket);
    return;
  }
  const auto at = static_cast<size_t>(socket);
  if (connections_.size() <= at) connections_.resize(std::max(at + 1, 2 * connections_.size()));
  connections_[at] = std::make_unique<Connection>();
  receive(socket);
}

Loop::Connection* Loop::find(int socket) {
  const auto at = static_cast<size_t>(socket);
  return at < connections_.size() ? connections_[at].get() : nullptr;
}

void Loop::leave(int socket, Connection& from) {
  from.leaving = true;
  if (from.receiving) {
    ::shutdown(socket, SHUT_RDWR);
  } else if (!from.sending) {
    // Behind the last send in the queue: what can leave at once still does.
    io_uring_sqe* sqe = next_sqe(Act::SendAtOnce, -1);
    io_uring_prep_close_direct(sqe, static_cast<unsigned>(socket));
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe = next_sqe(Act::SendAtOnce, -1);
    io_uring_prep_close(sqe, socket);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    connections_[static_cast<size_t>(socket)].reset();
  }
}

// --- Bytes come and go.

void Loop::receive(int socket) {
  io_uring_sqe* sqe = next_sqe(Act::Receive, socket);
  io_uring_prep_recv_multishot(sqe, socket, nullptr, 0, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT | IOSQE_FIXED_FILE;
  sqe->buf_group = buffer_group;
  find(socket)->receiving = true;
}

void Loop::received(int socket, const io_uring_cqe& cqe) {
  Connection& from = *find(socket);
  from.receiving = (cqe.flags & IORING_CQE_F_MORE) != 0;
  bool fine = cqe.res > 0 || cqe.res == -ENOBUFS;
  if ((cqe.flags & IORING_CQE_F_BUFFER) != 0) {
    const auto buffer = static_cast<uint16_t>(cqe.flags >> IORING_CQE_BUFFER_SHIFT);
    if (cqe.res > 0 && !from.leaving) {
      fine = from.requests.take(
          {buffers_.data() + buffer * buffer_stride, static_cast<size_t>(cqe.res)});
    }
    lend(buffer);
  }
  if (!from.owed) owed_.push_back(socket);
  from.owed = true;
  if (!fine) from.leaving = true;
  if (!from.receiving && !from.leaving) starved_.push_back(socket);
}

void Loop::answer_all() {
  for (const int socket : owed_) {
    Connection* to = find(socket);
    if (to == nullptr) continue;
    to->owed = false;
    if (!to->sending) answer(socket, *to);
    if (to->leaving) leave(socket, *to);
  }
  owed_.clear();
}

void Loop::answer(int socket, Connection& to) {
  to.slices.clear();
  canned_.answer(to.requests.runs(), to.slices);
  if (!to.slices.empty()) send(socket, to, size_of(to.slices) > at_once_max);
}

/// `all`: waits for room in the socket until all is sent, and is heard of in any case.
void Loop::send(int socket, Connection& to, bool all) {
  io_uring_sqe* sqe = next_sqe(all ? Act::SendAll : Act::SendAtOnce, socket);
  const int flags = MSG_NOSIGNAL | MSG_WAITALL | (all ? 0 : int{MSG_DONTWAIT});
  if (to.slices.size() == 1) {
    io_uring_prep_send(sqe, socket, to.slices[0].iov_base, to.slices[0].iov_len, flags);
  } else {
    to.message.msg_iov = to.slices.data();
    to.message.msg_iovlen = to.slices.size();
    io_uring_prep_sendmsg(sqe, socket, &to.message, static_cast<unsigned>(flags));
  }
  sqe->flags |= IOSQE_FIXED_FILE;
  if (!all) sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  to.sending = all;
}

/// A send at once is only heard of when it was short.
void Loop::sent(int socket, const io_uring_cqe& cqe, bool all) {
  Connection* to = find(socket);
  if (to == nullptr) return;
  to->sending = false;
  const bool fine = cqe.res > 0 || (cqe.res == -EAGAIN && !all);
  if (!fine) to->slices.clear();
  if (cqe.res > 0) remove_front(to->slices, static_cast<size_t>(cqe.res));
  if (!to->slices.empty() && !to->leaving) return send(socket, *to, true);
  if (!fine || to->leaving) return leave(socket, *to);
  if (!to->owed) owed_.push_back(socket);
  to->owed = true;
}

}  // namespace limit
