#include "session/address_text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace ringcached::session {
namespace {

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
  sockaddr_un path;
};

/// "tcp" or "udp".
std::string transport_of(int socket) {
  int type = SOCK_STREAM;
  socklen_t size = sizeof type;
  ::getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size);
  return type == SOCK_DGRAM ? "udp" : "tcp";
}

std::string spelled_v4(const sockaddr_in& address) {
  char text[INET_ADDRSTRLEN] = "";
  ::inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
  return std::string(":").append(text).append(":").append(std::to_string(ntohs(address.sin_port)));
}

std::string spelled_v6(const sockaddr_in6& address) {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof text);
  return "6:[" + std::string(text) + "]:" + std::to_string(ntohs(address.sin6_port));
}

std::string spelled_path(const sockaddr_un& address, socklen_t size) {
  const size_t room =
      size > offsetof(sockaddr_un, sun_path)
          ? std::min<size_t>(size - offsetof(sockaddr_un, sun_path), sizeof address.sun_path)
          : 0;
  const std::string path(address.sun_path, ::strnlen(address.sun_path, room));
  return path.empty() ? "unix:<AF " + std::to_string(AF_UNIX) + ">" : "unix:" + path;
}

std::string spelled(int socket, const Address& address, socklen_t size) {
  switch (address.any.sa_family) {
    case AF_INET:
      return transport_of(socket) + spelled_v4(address.v4);
    case AF_INET6:
      return transport_of(socket) + spelled_v6(address.v6);
    case AF_UNIX:
      return spelled_path(address.path, size);
    default:
      return "<AF " + std::to_string(address.any.sa_family) + ">";
  }
}

}  // namespace

std::string peer_text(int socket) {
  Address address{};
  socklen_t size = sizeof address;
  if (::getpeername(socket, &address.any, &size) != 0) return local_text(socket);
  return spelled(socket, address, size);
}

PeerEnd peer_end(int socket) {
  Address address{};
  socklen_t size = sizeof address;
  if (::getpeername(socket, &address.any, &size) != 0) return {"unknown", 0};
  char text[INET6_ADDRSTRLEN] = "";
  switch (address.any.sa_family) {
    case AF_INET:
      ::inet_ntop(AF_INET, &address.v4.sin_addr, text, sizeof text);
      return {text, ntohs(address.v4.sin_port)};
    case AF_INET6:
      ::inet_ntop(AF_INET6, &address.v6.sin6_addr, text, sizeof text);
      return {text, ntohs(address.v6.sin6_port)};
    default:
      return {"unix", 0};
  }
}

std::string local_text(int socket) {
  Address address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, &address.any, &size) != 0) return "<unknown>";
  return spelled(socket, address, size);
}

}  // namespace ringcached::session
