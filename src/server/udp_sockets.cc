#include "server/udp_sockets.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/assert.h"

namespace ringcached::server {
namespace {

/// -1: `errno` says why.
int bind_one(const addrinfo& address, const sockaddr* to, bool shared) {
  const int socket = ::socket(address.ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  constexpr int yes = 1;
  if (address.ai_family == AF_INET6) {
    ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  }
  if ((!shared || ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) == 0) &&
      ::bind(socket, to, address.ai_addrlen) == 0) {
    return socket;
  }
  const int error = errno;
  ::close(socket);
  errno = error;
  return -1;
}

/// One resolved address, for every core. A shared port would also be shared with another server of
/// this user, in silence: so it is bound alone first, which also settles the port. 0, or an errno.
int bind_for_all(const addrinfo& address, std::vector<std::vector<int>>& per_core) {
  RC_ASSERT(address.ai_addrlen <= sizeof(sockaddr_storage));
  const int alone = bind_one(address, address.ai_addr, false);
  if (alone < 0) return errno;
  sockaddr_storage settled{};
  socklen_t size = sizeof settled;
  ::getsockname(alone, reinterpret_cast<sockaddr*>(&settled), &size);
  ::close(alone);
  for (std::vector<int>& sockets : per_core) {
    const int socket = bind_one(address, reinterpret_cast<const sockaddr*>(&settled), true);
    if (socket < 0) return errno;
    sockets.push_back(socket);
  }
  return 0;
}

}  // namespace

std::string bind_udp(const std::string& host, int port, std::vector<std::vector<int>>& per_core) {
  RC_ASSERT(!per_core.empty());
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port < 0 ? 0 : port);
  const int rc =
      ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints, &found);
  if (rc != 0) return "cannot resolve the address '" + host + "': " + ::gai_strerror(rc);
  int opened = 0;
  int error = 0;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    error = bind_for_all(*address, per_core);
    // An address family that this machine lacks is passed over if another one is there.
    if (error != 0 && error != EAFNOSUPPORT && error != EADDRNOTAVAIL) break;
    if (error == 0) ++opened;
  }
  ::freeaddrinfo(found);
  const bool passed_over = error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
  if (error == 0 || (passed_over && opened > 0)) return {};
  return "failed to listen on UDP port " + service + ": " + std::strerror(error);
}

}  // namespace ringcached::server
