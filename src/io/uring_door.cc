#include "io/uring_door.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/assert.h"
#include "io/datagram.h"
#include "io/uring_compat.h"
#include "io/uring_error.h"

namespace ringcached::io {
namespace {

// DESIGN section 7. Only flags that liburing 2.3 knows: another one could hang the process for
// good.
constexpr unsigned set_up_flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                  IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE |
                                  IORING_SETUP_CLAMP;

constexpr int buffer_group = 0;
constexpr uint64_t bell_data = ~uint64_t{0};          // the core's own bell rang
constexpr uint64_t unwanted_data = ~uint64_t{0} - 1;  // an act whose completion nobody waits for
constexpr uint64_t near_timer_data = ~uint64_t{0} - 2;
constexpr size_t collected_max = 1024;  // completions per turn; the rest waits

/// A kernel that takes nothing of a full queue is asked so often, for a second in all. Guess.
constexpr int hand_over_attempts = 1000;
constexpr timespec hand_over_pause{0, 1'000'000};

/// -errno of an entry that changed nothing and may be tried again.
bool is_passing(int rc) {
  return rc == -EBUSY || rc == -EAGAIN || rc == -EINTR;
}

[[noreturn]] void ring_failed(const char* what, int error) {
  std::fprintf(stderr, "ringcached: %s failed: %s\n", what, std::strerror(error));
  std::abort();
}

// Datagrams lie in the buffers as the kernel writes them.
static_assert(sizeof(DatagramHead) == sizeof(io_uring_recvmsg_out));
static_assert(offsetof(DatagramHead, address_size) == offsetof(io_uring_recvmsg_out, namelen));
static_assert(offsetof(DatagramHead, payload_size) == offsetof(io_uring_recvmsg_out, payloadlen));
static_assert(offsetof(DatagramHead, flags) == offsetof(io_uring_recvmsg_out, flags));

uint32_t power_of_two_from(uint32_t n) {
  uint32_t power = 1;
  while (power < n) power *= 2;
  return power;
}

}  // namespace

std::unique_ptr<UringDoor> UringDoor::open(const UringConfig& config, std::string& error) {
  std::unique_ptr<UringDoor> door(new UringDoor(config));
  if (!door->set_up(config, error)) return nullptr;
  return door;
}

UringDoor::UringDoor(const UringConfig& config) : pool_(config.buffers_max) {
  collected_.reserve(collected_max);
  datagram_room_.msg_namelen = datagram_address_room;
  near_timer_after_.tv_nsec = near_timer_.nanoseconds();
}

bool UringDoor::set_up(const UringConfig& config, std::string& error) {
  io_uring_params params{};
  params.flags = set_up_flags;
  params.cq_entries = config.completions;
  if (const int rc = io_uring_queue_init_params(config.submissions, &ring_, &params); rc < 0) {
    error = explain_refusal("io_uring_setup", -rc);
    return false;
  }
  ring_open_ = true;
  if ((params.features & feature_no_iowait) != 0) sleep_flags_ |= enter_no_iowait;
  io_uring_register_ring_fd(&ring_);  // saves a lookup per entry; fine without

  lent_entries_ = power_of_two_from(pool_.buffers_max());
  void* memory = ::mmap(nullptr, lent_entries_ * sizeof(io_uring_buf), PROT_READ | PROT_WRITE,
                        MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  if (memory == MAP_FAILED) {
    error = explain_refusal("mmap of the buffer ring", errno);
    return false;
  }
  lent_ = static_cast<io_uring_buf_ring*>(memory);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<uint64_t>(memory);
  registration.ring_entries = lent_entries_;
  registration.bgid = buffer_group;
  if (const int rc = io_uring_register_buf_ring(&ring_, &registration, 0); rc < 0) {
    error = explain_refusal("registering the buffer ring", -rc);
    return false;
  }
  io_uring_buf_ring_init(lent_);
  lend_new_buffers();

  bell_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (bell_ < 0) {
    error = explain_refusal("eventfd", errno);
    return false;
  }
  arm_bell();
  // Whoever may set a ring up may be forbidden to use it.
  if (const int rc = io_uring_submit(&ring_); rc < 0) {
    error = explain_refusal("io_uring_enter", -rc);
    return false;
  }
  return true;
}

UringDoor::~UringDoor() {
  if (ring_open_) io_uring_queue_exit(&ring_);
  if (lent_ != nullptr) ::munmap(lent_, lent_entries_ * sizeof(io_uring_buf));
  if (bell_ >= 0) ::close(bell_);
}

// --- Asking.

io_uring_sqe* UringDoor::next_sqe() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (sqe != nullptr) return sqe;
  // The queue is full: hand it over early. What completes is collected at the end of the turn.
  const int rc = io_uring_submit(&ring_);
  if (rc < 0 && !is_passing(rc)) ring_failed("io_uring_submit", -rc);
  sqe = io_uring_get_sqe(&ring_);
  return sqe != nullptr ? sqe : next_sqe_of_reluctant();
}

/// The kernel takes nothing: too many completions wait for us (EBUSY), or it is short of memory
/// (EAGAIN). Both pass, the first when the completions are taken, which are kept for wait().
io_uring_sqe* UringDoor::next_sqe_of_reluctant() {
  int rc = 0;
  for (int i = 0; i < hand_over_attempts; ++i) {
    reap(early_, io_uring_cq_ready(&ring_));
    rc = io_uring_submit_and_get_events(&ring_);
    if (rc < 0 && !is_passing(rc)) break;
    if (io_uring_sqe* sqe = io_uring_get_sqe(&ring_); sqe != nullptr) return sqe;
    ::nanosleep(&hand_over_pause, nullptr);
  }
  ring_failed("io_uring_submit", -rc);
}

void UringDoor::accept(int listener, Token token) {
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_multishot_accept(sqe, listener, nullptr, nullptr, SOCK_CLOEXEC);
  sqe->user_data = token.pack();
}

void UringDoor::receive(int socket, Token token) {
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_recv_multishot(sqe, socket, nullptr, 0, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = buffer_group;
  sqe->user_data = token.pack();
}

void UringDoor::receive_first(int socket, Token token) {
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_recv(sqe, socket, nullptr, BufferPool::buffer_size, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = buffer_group;
  sqe->user_data = token.pack();
}

void UringDoor::send(int socket, const char* bytes, size_t size, Token token) {
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_send(sqe, socket, bytes, size, MSG_NOSIGNAL | MSG_WAITALL);
  sqe->user_data = token.pack();
}

void UringDoor::send(int socket, const msghdr* message, Token token) {
  io_uring_sqe* sqe = next_sqe();
  // Not MSG_WAITALL: these are large, and a slow client is to be seen taking them bit by bit.
  io_uring_prep_sendmsg(sqe, socket, message, MSG_NOSIGNAL);
  sqe->user_data = token.pack();
}

void UringDoor::cancel(Token token) {
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_cancel64(sqe, token.pack(), 0);
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  sqe->user_data = unwanted_data;
}

void UringDoor::close(int descriptor) {
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_close(sqe, descriptor);
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  sqe->user_data = unwanted_data;
}

void UringDoor::shutdown(int socket) {
  // The ring would send this one to a worker thread; the call itself is short.
  ::shutdown(socket, SHUT_RDWR);
}

void UringDoor::receive_datagrams(int socket, Token token) {
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_recvmsg_multishot(sqe, socket, &datagram_room_, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = buffer_group;
  sqe->user_data = token.pack();
}

/// Not through the ring: a call takes many, and is over when it returns.
int UringDoor::send_datagrams(int socket, std::span<mmsghdr> datagrams) {
  return send_datagrams_now(socket, datagrams);
}

void UringDoor::await_room(int socket, Token token) {
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_poll_add(sqe, socket, POLLOUT);
  sqe->user_data = token.pack();
}

void UringDoor::tick(uint32_t milliseconds, Token token) {
  // The kernel reads the time when it is handed over: until then each tick needs its own.
  RC_ASSERT(ticks_asked_ < tick_after_.size());
  __kernel_timespec& after = tick_after_[ticks_asked_++];
  after.tv_sec = milliseconds / 1000;
  after.tv_nsec = static_cast<long long>(milliseconds % 1000) * 1'000'000;
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_timeout(sqe, &after, 0, 0);
  sqe->user_data = token.pack();
}

void UringDoor::wake(int bell_of_other) {
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_write(sqe, bell_of_other, &ring_once, sizeof ring_once, 0);
  sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
  sqe->user_data = unwanted_data;
}

/// The bell is never read: every write to it is one more event. It does not block, since a ring
/// tries a write to a blocking one 128 times and then hands it to a worker thread.
void UringDoor::arm_bell() {
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_poll_multishot(sqe, bell_, POLLIN);
  sqe->user_data = bell_data;
  bell_armed_ = true;
}

void UringDoor::set_near_timer() {
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_timeout(sqe, &near_timer_after_, 0, 0);
  sqe->user_data = near_timer_data;
}

// --- Buffers.

void UringDoor::lend(uint16_t buffer) {
  io_uring_buf_ring_add(lent_, pool_.address(buffer), BufferPool::buffer_size, buffer,
                        io_uring_buf_ring_mask(lent_entries_), unpublished_);
  ++unpublished_;
}

void UringDoor::lend_new_buffers() {
  const uint16_t first = pool_.grow();
  if (first == Lease::no_buffer) return;
  for (uint16_t i = 0; i < BufferPool::step; ++i) lend(static_cast<uint16_t>(first + i));
}

void UringDoor::release(const Lease& lease) {
  pool_.note_returned(lease.buffer);
  lend(lease.buffer);
}

// --- Entering the kernel.

void UringDoor::enter(bool sleep) {
  if (unpublished_ > 0) {
    io_uring_buf_ring_advance(lent_, unpublished_);
    unpublished_ = 0;
  }
  if (!bell_armed_) arm_bell();
  if (sleep && near_timer_.on_sleep()) set_near_timer();
  // Events are asked for in either case: with DEFER_TASKRUN nothing happens otherwise.
  int rc = 0;
  do {
    rc = sleep && io_uring_cq_ready(&ring_) == 0 ? submit_and_sleep(ring_, sleep_flags_)
                                                 : io_uring_submit_and_get_events(&ring_);
    // A signal has nothing to do with us. One that comes after something was handed over shows
    // only by a sleep that brought nothing.
  } while (rc == -EINTR || (sleep && rc >= 0 && io_uring_cq_ready(&ring_) == 0));
  // What the kernel has not taken goes next turn, a tick with its time.
  if (io_uring_sq_ready(&ring_) == 0) ticks_asked_ = 0;
  if (rc < 0 && !is_passing(rc)) ring_failed("io_uring_enter", -rc);
}

std::span<const Completion> UringDoor::wait(bool sleep) {
  enter(sleep && early_.empty());
  collected_.clear();
  collected_.swap(early_);
  reap(collected_, collected_max);
  if (starved_) lend_new_buffers();
  starved_ = false;
  return collected_;
}

/// Takes at most so many completions off the queue.
void UringDoor::reap(std::vector<Completion>& into, unsigned most) {
  unsigned head = 0;
  unsigned seen = 0;
  io_uring_cqe* cqe = nullptr;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    if (seen == most) break;
    ++seen;
    translate(*cqe, into);
  }
  io_uring_cq_advance(&ring_, seen);
}

void UringDoor::translate(const io_uring_cqe& cqe, std::vector<Completion>& into) {
  if (cqe.user_data == unwanted_data) return;
  if (cqe.user_data == bell_data) {
    bell_armed_ = (cqe.flags & IORING_CQE_F_MORE) != 0;
    return;
  }
  if (cqe.user_data == near_timer_data) return near_timer_.on_timer();
  Completion completion;
  completion.token = Token::unpack(cqe.user_data);
  completion.result = cqe.res;
  completion.more = (cqe.flags & IORING_CQE_F_MORE) != 0;
  if (completion.token.act == Act::Receive || completion.token.act == Act::Datagram) {
    if ((cqe.flags & IORING_CQE_F_BUFFER) != 0) {
      const uint16_t buffer = static_cast<uint16_t>(cqe.flags >> IORING_CQE_BUFFER_SHIFT);
      completion.lease = pool_.lease(buffer, static_cast<size_t>(cqe.res > 0 ? cqe.res : 0));
      if (cqe.res <= 0) {
        release(completion.lease);
        completion.lease = {};
      }
    }
    if (cqe.res == -ENOBUFS) starved_ = true;
  }
  into.push_back(completion);
}

}  // namespace ringcached::io
