#include "ringload/sockets.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "ringload/failure.h"

namespace ringload {

namespace {

constexpr uint32_t descriptors_besides = 40;  // standard ones, files of /proc; a guess

[[noreturn]] void cannot_connect(const std::string& address, int error) {
  const bool ours = error == EMFILE || error == ENFILE || error == EADDRNOTAVAIL;
  throw Failure(ours ? Exit::System : Exit::Unavailable,
                "cannot connect to " + address + ": " + std::strerror(error));
}

Socket connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    throw Failure(Exit::Usage, "--server: the path is longer than a unix socket's may be");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.descriptor() < 0 ||
      ::connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
          0) {
    cannot_connect(path, errno);
  }
  return socket;
}

struct HostAndPort {
  std::string host, port;
};

HostAndPort split(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
    throw Failure(Exit::Usage,
                  "--server wants host:port or a path with a slash, not '" + address + "'");
  }
  std::string host = address.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return {host, address.substr(colon + 1)};
}

using Found = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

Found look_up(const std::string& address) {
  const HostAndPort split_address = split(address);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error =
      ::getaddrinfo(split_address.host.c_str(), split_address.port.c_str(), &hints, &found);
  if (error != 0) {
    throw Failure(Exit::Unavailable, "cannot find " + address + ": " + ::gai_strerror(error));
  }
  return {found, ::freeaddrinfo};
}

Socket connect_tcp(const std::string& address) {
  const Found found = look_up(address);
  int error = 0;
  for (const addrinfo* each = found.get(); each != nullptr; each = each->ai_next) {
    Socket socket(::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket.descriptor() >= 0 &&
        ::connect(socket.descriptor(), each->ai_addr, each->ai_addrlen) == 0) {
      const int on = 1;
      ::setsockopt(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return socket;
    }
    error = errno;
  }
  cannot_connect(address, error);
}

}  // namespace

Socket::~Socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Socket connect_to(const std::string& address) {
  return address.find('/') != std::string::npos ? connect_unix(address) : connect_tcp(address);
}

void allow_descriptors(uint32_t count) {
  const rlim_t needed = count + descriptors_besides;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= needed) return;
  limit.rlim_cur = needed;
  if (limit.rlim_max < needed) limit.rlim_max = needed;  // root may
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    throw Failure(Exit::System, "so many connections need " + std::to_string(needed) +
                                    " descriptors; raise the limit (ulimit -n)");
  }
}

IdleConnections::IdleConnections(const std::string& address, uint32_t count) {
  sockets_.reserve(count);
  for (uint32_t i = 0; i < count; ++i) sockets_.push_back(connect_to(address));
}

uint32_t IdleConnections::disturbed() const {
  std::vector<pollfd> polled;
  polled.reserve(sockets_.size());
  for (const Socket& socket : sockets_) polled.push_back({socket.descriptor(), POLLIN, 0});
  const int ready = ::poll(polled.data(), polled.size(), 0);
  return ready < 0 ? 0 : static_cast<uint32_t>(ready);
}

}  // namespace ringload
