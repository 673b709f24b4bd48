#include "ringload/ring.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "ringload/failure.h"

namespace ringload {

namespace {

// Only flags that liburing 2.3 knows: another one could hang the process for good.
constexpr unsigned set_up_flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                  IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE |
                                  IORING_SETUP_CLAMP;
constexpr int buffer_group = 0;
constexpr uint64_t tick_ns = 100'000'000;
constexpr uint64_t second_ns = 1'000'000'000;

// A buffer for every connection's reply, as long as they all stay in a second-level cache.
constexpr size_t buffer_size_min = 2 * 1024;
constexpr size_t buffer_size_max = 64 * 1024;
constexpr size_t buffer_count_min = 16;
constexpr size_t buffer_count_max = 32 * 1024;  // the kernel's bound
constexpr size_t buffers_size_max = 2 * 1024 * 1024;

void check(const char* what, int result) {
  if (result >= 0) return;
  const char* hint = result == -EPERM || result == -ENOSYS || result == -EINVAL
                         ? "; ringload needs Linux 6.1 or newer with io_uring allowed"
                         : "";
  throw Failure(Exit::System, std::string(what) + " refused: " + std::strerror(-result) + hint);
}

void check_entry(int result) {
  // EBUSY: completions overflow; they are taken now, and what is queued goes next time.
  if (result == -EINTR || result == -EBUSY || result == -EAGAIN || result == -ETIME) return;
  check("io_uring_enter", result);
}

void* map_memory(size_t size) {
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  if (memory == MAP_FAILED) check("memory for receiving", -errno);
  return memory;
}

__kernel_timespec timespec_of(uint64_t ns) {
  return {static_cast<long long>(ns / second_ns), static_cast<long long>(ns % second_ns)};
}

}  // namespace

Ring::Ring(std::span<const int> sockets, size_t reply_size)
    : tick_(timespec_of(tick_ns)), messages_(sockets.size()) {
  set_up_ring(sockets);
  try {
    set_up_buffers(sockets.size(), reply_size);
  } catch (...) {
    io_uring_queue_exit(&ring_);
    throw;
  }
  for (uint32_t i = 0; i < sockets.size(); ++i) receive(i);
  arm_tick();
}

Ring::~Ring() {
  io_uring_queue_exit(&ring_);
  ::munmap(lent_, buffer_count_ * sizeof(io_uring_buf));
  ::munmap(memory_, buffer_count_ * buffer_size_);
}

void Ring::set_up_ring(std::span<const int> sockets) {
  io_uring_params params{};
  params.flags = set_up_flags;
  const unsigned connections = static_cast<unsigned>(sockets.size());
  params.cq_entries = std::bit_ceil(4 * connections + 1024);
  check("io_uring_setup", io_uring_queue_init_params(connections + 8, &ring_, &params));
  io_uring_register_ring_fd(&ring_);  // saves a lookup per entry; fine without
  const int result = io_uring_register_files(&ring_, sockets.data(), connections);
  if (result < 0) io_uring_queue_exit(&ring_);
  check("registering sockets", result);
}

void Ring::set_up_buffers(size_t connections, size_t reply_size) {
  buffer_size_ = std::bit_ceil(std::clamp(reply_size, buffer_size_min, buffer_size_max));
  const size_t fitting = std::max(buffers_size_max / buffer_size_, buffer_count_min);
  const size_t wanted = std::clamp(connections, buffer_count_min, buffer_count_max);
  buffer_count_ = static_cast<unsigned>(std::bit_ceil(std::min(wanted, fitting)));
  memory_ = static_cast<char*>(map_memory(buffer_count_ * buffer_size_));
  void* const ring_memory = map_memory(buffer_count_ * sizeof(io_uring_buf));
  lent_ = static_cast<io_uring_buf_ring*>(ring_memory);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<uint64_t>(ring_memory);
  registration.ring_entries = buffer_count_;
  registration.bgid = buffer_group;
  check("registering buffers", io_uring_register_buf_ring(&ring_, &registration, 0));
  io_uring_buf_ring_init(lent_);
  for (unsigned i = 0; i < buffer_count_; ++i) give_back(static_cast<uint16_t>(i));
  publish_buffers();
}

void Ring::give_back(uint16_t buffer) {
  io_uring_buf_ring_add(lent_, address(buffer), static_cast<unsigned>(buffer_size_), buffer,
                        io_uring_buf_ring_mask(buffer_count_), unpublished_++);
}

void Ring::publish_buffers() {
  if (unpublished_ > 0) io_uring_buf_ring_advance(lent_, unpublished_);
  unpublished_ = 0;
}

io_uring_sqe* Ring::next_sqe() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (sqe == nullptr) {
    flush();
    sqe = io_uring_get_sqe(&ring_);
    if (sqe == nullptr) check("room in the submission queue", -EBUSY);
  }
  return sqe;
}

void Ring::mark(io_uring_sqe* sqe, Act act, uint32_t connection) {
  sqe->user_data = uint64_t{connection} << act_bits | static_cast<uint64_t>(act);
}

void Ring::receive(uint32_t connection) {
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_recv_multishot(sqe, static_cast<int>(connection), nullptr, 0, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT | IOSQE_FIXED_FILE;
  sqe->buf_group = buffer_group;
  mark(sqe, Act::Receive, connection);
}

void Ring::send(uint32_t connection, std::span<const iovec> slices) {
  io_uring_sqe* sqe = next_sqe();
  const int socket = static_cast<int>(connection);
  constexpr int flags = MSG_NOSIGNAL | MSG_WAITALL;
  if (slices.size() == 1) {
    io_uring_prep_send(sqe, socket, slices[0].iov_base, slices[0].iov_len, flags);
  } else {
    msghdr& message = messages_[connection];
    message.msg_iov = const_cast<iovec*>(slices.data());  // the kernel only reads them
    message.msg_iovlen = slices.size();
    io_uring_prep_sendmsg(sqe, socket, &message, flags);
  }
  sqe->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
  mark(sqe, Act::Send, connection);
}

void Ring::arm_tick() {
  io_uring_sqe* sqe = next_sqe();
  io_uring_prep_timeout(sqe, &tick_, 0, 0);
  mark(sqe, Act::Tick, 0);
}

void Ring::flush() {
  check_entry(io_uring_submit(&ring_));
}

void Ring::wait() {
  check_entry(io_uring_submit_and_wait(&ring_, 1));
}

void Ring::wait_at_most(uint64_t ns) {
  __kernel_timespec limit = timespec_of(ns);
  io_uring_cqe* cqe = nullptr;
  check_entry(io_uring_submit_and_wait_timeout(&ring_, &cqe, 1, &limit, nullptr));
}

}  // namespace ringload
