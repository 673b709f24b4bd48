#include "replay/link.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace replay {

namespace {

constexpr int patience_ms = 30'000;
constexpr size_t room_least = 256 * 1024;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int connect_unix(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof(name.sun_path)) throw std::runtime_error(path + ": path too long");
  std::memcpy(name.sun_path, path.data(), path.size());
  const int made = socket(AF_UNIX, SOCK_STREAM, 0);
  if (made < 0 || connect(made, reinterpret_cast<sockaddr*>(&name), sizeof(name)) < 0) fail(path);
  return made;
}

int connect_tcp(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos)
    throw std::runtime_error(address + ": neither host:port nor path");
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string host = address.substr(0, colon), port = address.substr(colon + 1);
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &wanted, &found); error != 0) {
    throw std::runtime_error(address + ": " + gai_strerror(error));
  }
  const int made = socket(found->ai_family, SOCK_STREAM, 0);
  const bool connected = made >= 0 && connect(made, found->ai_addr, found->ai_addrlen) == 0;
  freeaddrinfo(found);
  if (!connected) fail(address);
  const int yes = 1;
  setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  return made;
}

}  // namespace

Link::Link(const std::string& address)
    : socket_(address.find('/') != std::string::npos ? connect_unix(address)
                                                     : connect_tcp(address)) {
  if (fcntl(socket_, F_SETFL, O_NONBLOCK) < 0) fail(address);
}

Link::~Link() {
  close(socket_);
}

void Link::exchange(std::string_view request, const Reader& reader) {
  for (bool done = false; !done || !request.empty();) {
    const bool can_read = wait(!request.empty());
    if (!request.empty()) request.remove_prefix(send_some(request));
    if (!can_read) continue;
    receive_some();
    from_ += reader({received_.data() + from_, to_ - from_}, done);
  }
}

/// true: there is something to receive.
bool Link::wait(bool to_send) {
  const auto events = static_cast<short>(to_send ? POLLIN | POLLOUT : POLLIN);
  pollfd watched{socket_, events, 0};
  const int ready = poll(&watched, 1, patience_ms);
  if (ready < 0 && errno != EINTR) fail("poll");
  if (ready == 0) throw std::runtime_error("the server has said nothing for half a minute");
  return (watched.revents & ~POLLOUT) != 0;
}

size_t Link::send_some(std::string_view bytes) {
  const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<size_t>(sent);
  if (errno != EAGAIN && errno != EINTR) fail("send");
  return 0;
}

void Link::receive_some() {
  make_room();
  const ssize_t got = recv(socket_, received_.data() + to_, received_.size() - to_, 0);
  if (got == 0) throw std::runtime_error("the server has closed the connection");
  if (got > 0) {
    to_ += static_cast<size_t>(got);
  } else if (errno != EAGAIN && errno != EINTR) {
    fail("receive");
  }
}

/// What is left goes to the front; there is room for as much again behind it.
void Link::make_room() {
  if (from_ != 0) {
    std::memmove(received_.data(), received_.data() + from_, to_ - from_);
    to_ -= from_;
    from_ = 0;
  }
  if (received_.size() - to_ < room_least) received_.resize(2 * to_ + room_least);
}

}  // namespace replay
