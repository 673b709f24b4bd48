#include "server/open_to_all.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdio>
#include <cstring>

#include "session/address_text.h"

namespace ringcached::server {
namespace {

struct Network {
  uint32_t address;
  uint32_t mask;
};

constexpr Network private_networks[] = {
    {0x7f000000, 0xff000000},  // 127.0.0.0/8
    {0x0a000000, 0xff000000},  // 10.0.0.0/8
    {0xac100000, 0xfff00000},  // 172.16.0.0/12
    {0xc0a80000, 0xffff0000},  // 192.168.0.0/16
    {0xa9fe0000, 0xffff0000},  // 169.254.0.0/16
};

bool is_public_v4(uint32_t address) {
  for (const Network& network : private_networks) {
    if ((address & network.mask) == network.address) return false;
  }
  return true;
}

bool is_public_v6(const in6_addr& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    uint32_t last = 0;
    std::memcpy(&last, &address.s6_addr[12], sizeof last);
    return is_public_v4(ntohl(last));
  }
  const bool unique_local = (address.s6_addr[0] & 0xfe) == 0xfc;
  return !IN6_IS_ADDR_LOOPBACK(&address) && !IN6_IS_ADDR_LINKLOCAL(&address) && !unique_local;
}

bool is_public_socket(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  return ::getsockname(socket, generic, &size) == 0 && is_public(*generic);
}

/// The first one, or -1.
int public_one(std::span<const int> sockets) {
  for (const int socket : sockets) {
    if (is_public_socket(socket)) return socket;
  }
  return -1;
}

}  // namespace

bool is_public(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    return is_public_v4(ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr));
  }
  return address.sa_family == AF_INET6 &&
         is_public_v6(reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
}

void warn_if_open_to_all(const Config& config, std::span<const int> listeners,
                         std::span<const std::vector<int>> udp_sockets) {
  if (!config.auth_file.empty() || config.sasl) return;
  int found = public_one(listeners);
  for (size_t i = 0; found < 0 && i < udp_sockets.size(); ++i) found = public_one(udp_sockets[i]);
  if (found < 0) return;
  std::fprintf(stderr,
               "Warning: listening on %s without authentication: whoever reaches it may read, "
               "change and flush everything; see -l, -Y and -S\n",
               session::local_text(found).c_str());
}

}  // namespace ringcached::server
