#include "io/epoll_door.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/assert.h"

namespace ringcached::io {
namespace {

/// Sockets that one turn serves; the kernel puts those that were served behind the others. Guess.
constexpr int events_max = 256;
/// Buffers that one socket fills in a turn: fair to the others. Measured: more gains nothing.
constexpr int reads_max = 2;
/// Clients that one listener takes in a turn (twice as many in its first): few, since all of them
/// come before the acceptor can say that it has enough. Guess.
constexpr int accepts_max = 8;

constexpr uint32_t broken = EPOLLERR | EPOLLHUP;  // told whether asked for or not
constexpr uint64_t ns_per_ms = 1'000'000;
constexpr uint64_t ns_per_second = 1'000'000'000;

constexpr Token bell_token{Act::None, 0, 0};
constexpr Token timer_token{Act::Tick, 0, 0};
constexpr Token near_timer_token{Act::None, 1, 0};

uint64_t now_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * ns_per_second + static_cast<uint64_t>(time.tv_nsec);
}

Completion ended_with(Token token, int32_t result) {
  Completion completion;
  completion.token = token;
  completion.result = result;
  return completion;
}

bool again(int error) {
  return error == EAGAIN || error == EINTR;
}

/// Edges suffice for what is never read: each write to the bell is one, each expiry of the timer.
bool watch_edges(int set, int descriptor, Token token) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = token.pack();
  return descriptor >= 0 && ::epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

}  // namespace

std::unique_ptr<EpollDoor> EpollDoor::open(const EpollConfig& config, std::string& error) {
  std::unique_ptr<EpollDoor> door(new EpollDoor(config));
  if (!door->set_up(error)) return nullptr;
  return door;
}

EpollDoor::EpollDoor(const EpollConfig& config) : pool_(config.buffers_max) {
  free_.reserve(pool_.buffers_max());
}

bool EpollDoor::set_up(std::string& error) {
  lend_new_buffers();
  set_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (set_ >= 0) bell_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (bell_ >= 0) timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (timer_ >= 0 && watch_edges(set_, bell_, bell_token) &&
      watch_edges(set_, timer_, timer_token)) {
    return true;
  }
  error = std::string("setting up epoll failed: ") + std::strerror(errno);
  return false;
}

EpollDoor::~EpollDoor() {
  for (const int descriptor : {set_, bell_, timer_}) {
    if (descriptor >= 0) ::close(descriptor);
  }
}

// --- The set.

/// The entry of the token's slot. A tenant that is new there has a socket the set does not know:
/// the one before left the set when it was closed.
EpollDoor::Client& EpollDoor::client_of(int socket, Token token) {
  if (token.slot >= clients_.size()) clients_.resize(token.slot + 1);
  Client& client = clients_[token.slot];
  if (client.at.descriptor != socket || client.at.generation != token.generation) {
    RC_ASSERT(!client.receiving && !client.sending);
    client.at = {socket, token.generation, 0};
  }
  return client;
}

/// Makes the set look for just these events. 0, or the errno of a refusal.
int EpollDoor::look_for(Watched& at, uint32_t events, Token token) {
  if (at.events == events) return 0;
  epoll_event event{};
  event.events = events;
  event.data.u64 = Token{token.act == Act::Send ? Act::Receive : token.act, token.slot, 0}.pack();
  int act = EPOLL_CTL_MOD;
  if (at.events == 0) act = EPOLL_CTL_ADD;
  if (events == 0) act = EPOLL_CTL_DEL;
  int rc = ::epoll_ctl(set_, act, at.descriptor, &event);
  // A slot that goes on with the same socket under another generation.
  if (rc != 0 && errno == EEXIST) rc = ::epoll_ctl(set_, EPOLL_CTL_MOD, at.descriptor, &event);
  if (rc != 0) return errno;
  at.events = events;
  return 0;
}

/// An event that no act waits for takes what is not wanted out of the set. Not before: most acts
/// that end are asked for again at once.
void EpollDoor::on_ready(Token token, uint32_t events) {
  if (token.act == Act::Tick) return ring_due_alarms();
  if (token.act == Act::Accept) return accept_now(token);
  if (token.act == Act::Datagram) return on_datagrams_ready(token, events);
  if (token.act != Act::Receive) return;  // the bell: it has ended our sleep
  Client& client = clients_[token.slot];
  token.generation = client.at.generation;
  bool waited_for = false;
  if (client.parked && (events & (EPOLLOUT | broken)) != 0) {
    waited_for = true;
    send_now(client, token);
  }
  if (client.receiving && (events & (EPOLLIN | broken)) != 0) {
    waited_for = true;
    receive_now(client, token);
  }
  if (waited_for) return;
  uint32_t wanted = 0;
  if (client.receiving) wanted |= EPOLLIN;
  if (client.parked) wanted |= EPOLLOUT;
  look_for(client.at, wanted, token);
}

// --- Accepting.

void EpollDoor::accept(int listener, Token token) {
  if (token.slot >= listeners_.size()) listeners_.resize(token.slot + 1);
  Listener& entry = listeners_[token.slot];
  RC_ASSERT(!entry.accepting);
  // Whoever waits there may have gone before we take it.
  ::fcntl(listener, F_SETFL, ::fcntl(listener, F_GETFL) | O_NONBLOCK);
  entry.at = {listener, token.generation, 0};
  entry.accepting = true;
  asked_.push_back(token);
}

void EpollDoor::accept_now(Token token) {
  Listener& listener = listeners_[token.slot];
  if (!listener.accepting) return;  // cancelled before it began
  token.generation = listener.at.generation;
  int error = look_for(listener.at, EPOLLIN, token);
  for (int i = 0; i < accepts_max && error == 0; ++i) {
    const int socket = ::accept4(listener.at.descriptor, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0 && again(errno)) return;
    if (socket < 0) error = errno;
    if (socket >= 0) {
      collected_.push_back(ended_with(token, socket));
      collected_.back().more = true;
    }
  }
  if (error == 0) return;
  // Out of descriptors, mostly. Out of the set as well: it would tell of those who wait for ever.
  listener.accepting = false;
  look_for(listener.at, 0, token);
  collected_.push_back(ended_with(token, -error));
}

// --- Receiving.

void EpollDoor::receive(int socket, Token token) {
  Client& client = client_of(socket, token);
  RC_ASSERT(!client.receiving);
  const int error = look_for(client.at, client.at.events | EPOLLIN, token);
  if (error != 0) {
    ended_.push_back(ended_with(token, -error));
    return;
  }
  client.receiving = true;
}

void EpollDoor::receive_now(Client& client, Token token) {
  for (int i = 0; i < reads_max; ++i) {
    if (free_.empty()) {
      starved_ = true;
      client.receiving = false;
      collected_.push_back(ended_with(token, -ENOBUFS));
      return;
    }
    const uint16_t buffer = free_.back();
    const Lease whole = pool_.lease(buffer, BufferPool::buffer_size);
    const ssize_t n =
        ::recv(client.at.descriptor, pool_.address(buffer), whole.bytes.size(), MSG_DONTWAIT);
    const int error = n < 0 ? errno : 0;
    if (n <= 0) pool_.note_returned(buffer);
    if (n < 0 && again(error)) return;
    collected_.push_back(ended_with(token, n < 0 ? -error : static_cast<int32_t>(n)));
    Completion& completion = collected_.back();
    if (n <= 0) {
      client.receiving = false;
      return;
    }
    free_.pop_back();
    completion.more = true;
    completion.lease = pool_.shorten(whole, static_cast<size_t>(n));
    if (completion.lease.bytes.size() < whole.bytes.size()) return;
  }
}

// --- Sending.

void EpollDoor::send(int socket, const char* bytes, size_t size, Token token) {
  Client& client = client_of(socket, token);
  client.bytes = bytes;
  client.size = size;
  start_send(client, token);
}

void EpollDoor::send(int socket, const msghdr* message, Token token) {
  Client& client = client_of(socket, token);
  client.bytes = nullptr;
  client.message = message;
  start_send(client, token);
}

void EpollDoor::start_send(Client& client, Token token) {
  RC_ASSERT(!client.sending);
  client.sending = true;
  client.sent = 0;
  asked_.push_back(token);
}

/// Plain bytes are sent to their end; of a message, which is large, each part that goes is told.
void EpollDoor::send_now(Client& client, Token token) {
  token.act = Act::Send;
  constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
  const int socket = client.at.descriptor;
  const ssize_t n = client.bytes == nullptr ? ::sendmsg(socket, client.message, flags)
                                            : ::send(socket, client.bytes + client.sent,
                                                     client.size - client.sent, flags);
  if (n < 0 && again(errno)) return park(client, token);
  if (n < 0) return end_send(client, token, -errno);
  client.sent += static_cast<size_t>(n);
  if (client.bytes != nullptr && client.sent < client.size) return park(client, token);
  end_send(client, token, 0);
}

void EpollDoor::park(Client& client, Token token) {
  client.parked = true;
  const int error = look_for(client.at, client.at.events | EPOLLOUT, token);
  if (error != 0) end_send(client, token, -error);
}

/// `result` counts only if nothing at all was sent.
void EpollDoor::end_send(Client& client, Token token, int32_t result) {
  client.sending = client.parked = false;
  collected_.push_back(
      ended_with(token, client.sent > 0 ? static_cast<int32_t>(client.sent) : result));
}

// --- Ending.

void EpollDoor::cancel(Token token) {
  const auto under_way = [token](const auto& table, auto act) {
    return token.slot < table.size() && table[token.slot].at.generation == token.generation &&
           table[token.slot].*act;
  };
  if (token.act == Act::Datagram || token.act == Act::Room) return cancel_datagrams(token);
  int32_t result = -ECANCELED;
  if (token.act == Act::Accept && under_way(listeners_, &Listener::accepting)) {
    Listener& listener = listeners_[token.slot];
    listener.accepting = false;
    look_for(listener.at, 0, token);
  } else if (token.act == Act::Receive && under_way(clients_, &Client::receiving)) {
    clients_[token.slot].receiving = false;
  } else if (token.act == Act::Send && under_way(clients_, &Client::sending)) {
    Client& client = clients_[token.slot];
    client.sending = client.parked = false;
    if (client.sent > 0) result = static_cast<int32_t>(client.sent);
  } else {
    return;
  }
  ended_.push_back(ended_with(token, result));
}

void EpollDoor::close(int descriptor) {
  ::close(descriptor);  // leaves the set by that
}

/// It stays open, so it would stay in the set.
void EpollDoor::hand_over(int socket, Token token) {
  Client& client = client_of(socket, token);
  RC_ASSERT(!client.receiving && !client.sending);
  look_for(client.at, 0, token);
  client.at = {};
}

void EpollDoor::shutdown(int socket) {
  ::shutdown(socket, SHUT_RDWR);
}

// --- Time and other cores.

void EpollDoor::tick(uint32_t milliseconds, Token token) {
  alarms_.push_back({now_ns() + milliseconds * ns_per_ms, token});
  set_timer();
}

void EpollDoor::set_timer() {
  if (alarms_.empty()) return;
  uint64_t first = UINT64_MAX;
  for (const Alarm& alarm : alarms_) first = std::min(first, alarm.due_ns);
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(first / ns_per_second);
  when.it_value.tv_nsec = static_cast<long>(first % ns_per_second);
  ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
}

void EpollDoor::set_near_timer() {
  alarms_.push_back({now_ns() + near_timer_.nanoseconds(), near_timer_token});
  set_timer();
}

void EpollDoor::ring_due_alarms() {
  const uint64_t now = now_ns();
  std::erase_if(alarms_, [&](const Alarm& alarm) {
    if (alarm.due_ns > now) return false;
    if (alarm.token == near_timer_token) {
      near_timer_.on_timer();
    } else {
      collected_.push_back(ended_with(alarm.token, 0));
    }
    return true;
  });
  set_timer();
}

void EpollDoor::wake(int bell_of_other) {
  wake_now(bell_of_other);
}

// --- Buffers.

void EpollDoor::lend_new_buffers() {
  const uint16_t first = pool_.grow();
  if (first == Lease::no_buffer) return;
  for (uint16_t i = BufferPool::step; i > 0; --i) {
    free_.push_back(static_cast<uint16_t>(first + i - 1));
  }
}

void EpollDoor::release(const Lease& lease) {
  pool_.note_returned(lease.buffer);
  free_.push_back(lease.buffer);
}

// --- A turn.

std::span<const Completion> EpollDoor::wait(bool sleep) {
  collected_.clear();
  collected_.swap(ended_);
  for (const Token token : asked_) {
    if (token.act == Act::Accept) {
      accept_now(token);
    } else if (Client& client = clients_[token.slot]; client.sending && !client.parked) {
      send_now(client, token);
    }
  }
  asked_.clear();
  // What is done is handed over before the set is asked, which most often would know of nothing
  // new yet; but not twice in a row.
  looked_ = collected_.empty() || !looked_;
  if (looked_) look(sleep && collected_.empty());
  if (starved_) lend_new_buffers();
  starved_ = false;
  return collected_;
}

void EpollDoor::look(bool sleep) {
  if (sleep && near_timer_.on_sleep()) set_near_timer();
  std::array<epoll_event, events_max> events;
  int count = -1;
  do {
    count = ::epoll_wait(set_, events.data(), events_max, sleep ? -1 : 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    std::fprintf(stderr, "ringcached: epoll_wait failed: %s\n", std::strerror(errno));
    std::abort();
  }
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    on_ready(Token::unpack(event.data.u64), event.events);
  }
}

}  // namespace ringcached::io
