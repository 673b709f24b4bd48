#include "link.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ringcached::consistency {
namespace {

constexpr int patience_s = 60;
constexpr size_t read_size = 1 << 16;

}  // namespace

void fail(const std::string& why) {
  std::fprintf(stderr, "consistency: %s\n", why.c_str());
  std::exit(2);
}

Link::Link(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{patience_s, 0};
  const int yes = 1;
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail(std::string("connect: ") + std::strerror(errno));
  }
}

Link::~Link() {
  ::close(socket_);
}

void Link::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) fail(std::string("send: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

std::string_view Link::read_line() {
  size_t searched = taken_;
  size_t end;
  while ((end = buffer_.find("\r\n", searched)) == std::string::npos) {
    const size_t left = buffer_.size() - taken_;
    need(left + 1);
    searched = taken_ + (left > 0 ? left - 1 : 0);  // the CR may have been there
  }
  const std::string_view line(buffer_.data() + taken_, end - taken_);
  taken_ = end + 2;
  return line;
}

std::string_view Link::read_value(size_t size) {
  need(size + 2);
  const std::string_view value(buffer_.data() + taken_, size);
  if (buffer_.compare(taken_ + size, 2, "\r\n") != 0) fail("no CRLF behind a value");
  taken_ += size + 2;
  return value;
}

/// So many bytes that were not given out are in the buffer.
void Link::need(size_t size) {
  if (buffer_.size() - taken_ >= size) return;
  buffer_.erase(0, taken_);
  taken_ = 0;
  while (buffer_.size() < size) read_more();
}

void Link::read_more() {
  const size_t before = buffer_.size();
  buffer_.resize(before + read_size);
  const ssize_t got = ::recv(socket_, buffer_.data() + before, read_size, 0);
  if (got <= 0) fail(got == 0 ? "the server closed" : std::string("recv: ") + std::strerror(errno));
  buffer_.resize(before + static_cast<size_t>(got));
}

}  // namespace ringcached::consistency
