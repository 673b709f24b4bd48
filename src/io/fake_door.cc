#include "io/fake_door.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "io/datagram.h"

namespace ringcached::io {
namespace {

constexpr size_t former_max = 64;        // receives that may complete again, a long time after
constexpr size_t overflow_room_max = 4;  // completions of a turn in which the queue overflows

}  // namespace

// --- The clients' side.

int FakeNetwork::connect(int listener) {
  sockets_[++last_socket_].listener = listener;
  return last_socket_;
}

void FakeNetwork::client_sends(int socket, std::string_view bytes) {
  sockets_.at(socket).to_server.append(bytes);
}

std::string FakeNetwork::client_takes(int socket, size_t most) {
  Stream& bytes = sockets_.at(socket).to_client;
  std::string taken(bytes.data(), std::min(most, bytes.size()));
  bytes.drop(taken.size());
  return taken;
}

void FakeNetwork::client_ends(int socket) {
  sockets_.at(socket).ended = true;
}

void FakeNetwork::client_stops_taking(int socket) {
  sockets_.at(socket).stalled = true;
}

void FakeNetwork::client_goes_on_taking(int socket) {
  sockets_.at(socket).stalled = false;
}

void FakeNetwork::client_ignores(int socket) {
  sockets_.at(socket).ignores = true;
  sockets_.at(socket).to_client.clear();
}

void FakeNetwork::client_resets(int socket) {
  Socket& s = sockets_.at(socket);
  s.reset = true;
  s.to_server.clear();
}

bool FakeNetwork::server_has_closed(int socket) const {
  return sockets_.at(socket).closed;
}

size_t FakeNetwork::not_received(int socket) const {
  return sockets_.at(socket).to_server.size();
}

size_t FakeNetwork::open_sockets() const {
  return static_cast<size_t>(std::count_if(sockets_.begin(), sockets_.end(),
                                           [](const auto& s) { return !s.second.closed; }));
}

void FakeNetwork::client_sends_datagram(int socket, uint16_t port, std::string_view bytes) {
  datagrams_[socket].push_back({port, std::string(bytes)});
}

std::vector<std::string> FakeNetwork::client_takes_datagrams(uint16_t port) {
  return std::exchange(answers_[port], {});
}

// --- The server's side.

FakeDoor::FakeDoor(FakeNetwork& network, const FakeMoods& moods, uint32_t buffers_max)
    : network_(network), moods_(moods), pool_(buffers_max) {
  lend_more();
}

void FakeDoor::lend_more() {
  const uint16_t first = pool_.grow();
  if (first == Lease::no_buffer) return;
  for (uint16_t i = 0; i < BufferPool::step; ++i) free_.push_back(static_cast<uint16_t>(first + i));
}

void FakeDoor::accept(int listener, Token token) {
  pending_.push_back({token, listener, false, 0, {}});
}
void FakeDoor::receive(int socket, Token token) {
  pending_.push_back({token, socket, false, 0, {}});
}

void FakeDoor::send(int socket, const char* bytes, size_t size, Token token) {
  pending_.push_back({token, socket, false, 0, {{const_cast<char*>(bytes), size}}});
}

void FakeDoor::send(int socket, const msghdr* message, Token token) {
  pending_.push_back(
      {token, socket, false, 0, {message->msg_iov, message->msg_iov + message->msg_iovlen}});
}

void FakeDoor::cancel(Token token) {
  for (Pending& act : pending_) act.cancelled = act.cancelled || act.token == token;
}

void FakeDoor::close(int descriptor) {
  for (const Pending& act : pending_) RC_ASSERT(act.descriptor != descriptor || act.cancelled);
  const auto found = network_.sockets_.find(descriptor);
  if (found != network_.sockets_.end()) {
    RC_ASSERT(!found->second.closed);
    found->second.closed = true;
  }
}

void FakeDoor::shutdown(int socket) {
  network_.sockets_.at(socket).shut = true;
}

void FakeDoor::receive_datagrams(int socket, Token token) {
  pending_.push_back({token, socket});
}

int FakeDoor::send_datagrams(int, std::span<mmsghdr> datagrams) {
  if (network_.chance(moods_.no_room)) return -EAGAIN;
  const size_t taken = network_.up_to(datagrams.size());
  for (const mmsghdr& each : datagrams.first(taken)) {
    sockaddr_in6 address;
    RC_ASSERT(each.msg_hdr.msg_namelen == sizeof address);
    std::memcpy(&address, each.msg_hdr.msg_name, sizeof address);
    std::string bytes;
    for (size_t i = 0; i < each.msg_hdr.msg_iovlen; ++i) {
      const iovec& part = each.msg_hdr.msg_iov[i];
      bytes.append(static_cast<const char*>(part.iov_base), part.iov_len);
    }
    network_.answers_[ntohs(address.sin6_port)].push_back(std::move(bytes));
  }
  return static_cast<int>(taken);
}

void FakeDoor::await_room(int socket, Token token) {
  pending_.push_back({token, socket});
}

void FakeDoor::tick(uint32_t milliseconds, Token token) {
  pending_.push_back({token, -1, false, now_ms_ + milliseconds, {}});
}

/// Plays every act under way, in random order; what does not complete now stays. Where the queue
/// of completions overflows, what has happened is told later, in order, and a multishot ends.
std::span<const Completion> FakeDoor::wait(bool) {
  collected_.clear();
  const bool overflows = network_.chance(moods_.overflow);
  const size_t room = overflows ? network_.up_to(overflow_room_max) : SIZE_MAX;
  take_overflown(room);
  std::shuffle(pending_.begin(), pending_.end(), network_.random_);
  size_t left = 0;
  for (Pending& act : pending_) {
    Completion completion;
    completion.token = act.token;
    const bool done = !network_.chance(moods_.delay) && try_to_complete(act, completion);
    if (done && collected_.size() < room) {
      collected_.push_back(completion);
    } else if (done) {
      completion.more = false;
      overflown_.push_back(completion);
    }
    if (!done || completion.more) {
      if (&act != &pending_[left]) pending_[left] = std::move(act);
      ++left;
    } else if (act.token.act == Act::Receive) {
      if (former_.size() == former_max) former_.erase(former_.begin());
      former_.push_back(std::move(act));
    }
  }
  pending_.erase(pending_.begin() + static_cast<ptrdiff_t>(left), pending_.end());
  if (network_.chance(moods_.late)) complete_late();
  return collected_;
}

void FakeDoor::take_overflown(size_t room) {
  while (!overflown_.empty() && collected_.size() < room) {
    collected_.push_back(overflown_.front());
    overflown_.pop_front();
  }
}

/// Something comes for a client that is long gone: an error, or bytes that nobody sent.
void FakeDoor::complete_late() {
  if (former_.empty()) return;
  const Pending& act = former_[network_.random_() % former_.size()];
  if (!network_.sockets_.at(act.descriptor).closed) return;
  Completion completion;
  completion.token = act.token;
  completion.result = -ECONNRESET;
  if (!free_.empty() && network_.chance(500)) {
    constexpr std::string_view nonsense = "late\r\n";
    const uint16_t buffer = free_.back();
    free_.pop_back();
    completion.lease = pool_.lease(buffer, nonsense.size());
    std::memcpy(pool_.address(buffer), nonsense.data(), nonsense.size());
    completion.result = static_cast<int32_t>(nonsense.size());
  }
  collected_.push_back(completion);
}

bool FakeDoor::try_to_complete(Pending& act, Completion& completion) {
  switch (act.token.act) {
    case Act::Accept:
      return complete_accept(act, completion);
    case Act::Receive:
      return complete_receive(act, completion);
    case Act::Send:
      return complete_send(act, completion);
    case Act::Datagram:
      return complete_datagram(act, completion);
    case Act::Room:
      completion.result = act.cancelled ? -ECANCELED : 0;
      return true;
    case Act::Tick:
      return now_ms_ >= act.due_ms;
    case Act::None:
      break;
  }
  RC_ASSERT(false);  // an act of no kind
}

bool FakeDoor::complete_accept(Pending& act, Completion& completion) {
  if (act.cancelled) {
    completion.result = -ECANCELED;
    return true;
  }
  for (auto& [descriptor, socket] : network_.sockets_) {
    if (socket.accepted || socket.listener != act.descriptor) continue;
    if (network_.chance(moods_.no_descriptor)) {
      completion.result = network_.chance(500) ? -EMFILE : -ENFILE;
      return true;
    }
    socket.accepted = true;
    completion.result = descriptor;
    completion.more = !network_.chance(moods_.ends_early);
    return true;
  }
  return false;
}

bool FakeDoor::complete_receive(Pending& act, Completion& completion) {
  FakeNetwork::Socket& socket = network_.sockets_.at(act.descriptor);
  RC_ASSERT(!socket.closed);
  const bool has_bytes = !socket.to_server.empty();
  if (act.cancelled || socket.reset) {
    completion.result = act.cancelled ? -ECANCELED : -ECONNRESET;
    return true;
  }
  if (socket.shut || (socket.ended && !has_bytes)) return true;  // 0: the end of the stream
  if (!has_bytes) return false;
  if (free_.empty() || network_.chance(moods_.starves)) {
    completion.result = -ENOBUFS;
    if (free_.empty()) lend_more();
    return true;
  }
  size_t size = std::min(socket.to_server.size(), BufferPool::buffer_size);
  if (network_.chance(moods_.short_receive)) size = network_.up_to(size);
  const uint16_t buffer = free_.back();
  free_.pop_back();
  completion.lease = pool_.lease(buffer, size);
  std::memcpy(pool_.address(buffer), socket.to_server.data(), size);
  socket.to_server.drop(size);
  completion.result = static_cast<int32_t>(size);
  completion.more = !network_.chance(moods_.ends_early);
  return true;
}

/// The bytes are read now, as late as they may be: whoever freed them early is caught.
bool FakeDoor::complete_send(Pending& act, Completion& completion) {
  size_t asked = 0;
  for (const iovec& part : act.bytes) asked += part.iov_len;
  network_.largest_send_ = std::max(network_.largest_send_, asked);
  FakeNetwork::Socket& socket = network_.sockets_.at(act.descriptor);
  RC_ASSERT(!socket.closed);
  if (act.cancelled || socket.reset || socket.shut) {
    completion.result = act.cancelled ? -ECANCELED : -EPIPE;
    return true;
  }
  const size_t taken = socket.to_client.size();
  if (socket.stalled || taken >= FakeNetwork::socket_buffer) return false;
  size_t room = FakeNetwork::socket_buffer - taken;
  if (network_.chance(moods_.short_send)) room = network_.up_to(room);
  for (const iovec& part : act.bytes) {
    const size_t step = std::min(room, part.iov_len);
    socket.to_client.append({static_cast<const char*>(part.iov_base), step});
    room -= step;
  }
  completion.result = static_cast<int32_t>(socket.to_client.size() - taken);
  if (socket.ignores) socket.to_client.clear();
  return true;
}

/// In the order they were sent; a longer one than a buffer comes without its end.
bool FakeDoor::complete_datagram(Pending& act, Completion& completion) {
  std::deque<FakeNetwork::FakeDatagram>& waiting = network_.datagrams_[act.descriptor];
  if (act.cancelled || free_.empty() || network_.chance(moods_.starves)) {
    completion.result = act.cancelled ? -ECANCELED : -ENOBUFS;
    if (!act.cancelled && free_.empty()) lend_more();
    return act.cancelled || !waiting.empty();
  }
  if (waiting.empty()) return false;
  const FakeNetwork::FakeDatagram datagram = std::move(waiting.front());
  waiting.pop_front();
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(datagram.port);
  const size_t size = std::min(datagram.bytes.size(), BufferPool::buffer_size - datagram_bytes_at);
  const DatagramHead head{sizeof address, 0, static_cast<uint32_t>(datagram.bytes.size()),
                          size < datagram.bytes.size() ? uint32_t{MSG_TRUNC} : 0};
  const uint16_t buffer = free_.back();
  free_.pop_back();
  char* const memory = pool_.address(buffer);
  completion.lease = pool_.lease(buffer, datagram_bytes_at + size);
  std::memcpy(memory, &head, sizeof head);
  std::memcpy(memory + sizeof head, &address, sizeof address);
  std::memcpy(memory + datagram_bytes_at, datagram.bytes.data(), size);
  completion.result = static_cast<int32_t>(datagram_bytes_at + size);
  completion.more = !network_.chance(moods_.ends_early);
  return true;
}

void FakeDoor::release(const Lease& lease) {
  // Whoever still looks is to see nonsense.
  std::memset(pool_.address(lease.buffer), 0xdd, lease.bytes.size());
  pool_.note_returned(lease.buffer);
  free_.push_back(lease.buffer);
}

}  // namespace ringcached::io
