#include "server/listeners.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/assert.h"
#include "server/listen_list.h"
#include "server/udp_sockets.h"

namespace ringcached::server {
namespace {

std::string failed(const std::string& what) {
  return "failed to " + what + ": " + std::strerror(errno);
}

void set_option(int socket, int level, int name, int value) {
  // A socket without the option still serves.
  ::setsockopt(socket, level, name, &value, sizeof value);
}

/// The options memcached gives its listeners; what is accepted inherits them.
void set_listener_options(int socket, int family) {
  set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  const linger none{0, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  if (family == AF_INET6) set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1);
}

/// One resolved address. -1: `errno` says why.
int listen_on(const addrinfo& address, const Config& config) {
  RC_ASSERT(address.ai_socktype == SOCK_STREAM && address.ai_addr != nullptr);
  const int socket = ::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  set_listener_options(socket, address.ai_family);
  if (config.extended.sock_cookie_id != 0) {
    set_option(socket, SOL_SOCKET, SO_MARK, static_cast<int>(config.extended.sock_cookie_id));
  }
  if (::bind(socket, address.ai_addr, address.ai_addrlen) == 0 &&
      ::listen(socket, config.backlog) == 0) {
    return socket;
  }
  const int error = errno;
  ::close(socket);
  errno = error;
  return -1;
}

uint16_t port_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

/// Everything that one host name stands for. An address family that this machine lacks is passed
/// over, as long as another one is there.
void listen_tcp(const std::string& host, int port, const Config& config, Listeners& made) {
  RC_ASSERT(made.error.empty());
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port < 0 ? 0 : port);
  const int rc =
      ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints, &found);
  if (rc != 0) {
    made.error = "cannot resolve the address '" + host + "': " + ::gai_strerror(rc);
    return;
  }
  size_t opened = 0;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const int socket = listen_on(*address, config);
    if (socket >= 0) {
      made.sockets.push_back(socket);
      ++opened;
    } else if (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL) {
      made.error = failed("listen on TCP port " + service);
      break;
    }
  }
  if (opened == 0 && made.error.empty()) made.error = failed("listen on TCP port " + service);
  ::freeaddrinfo(found);
}

/// The ports of one host: an explicit one is meant for both, as in memcached.
void open_host(const std::string& host, int tcp_port, int udp_port, const Config& config,
               Listeners& made) {
  if (tcp_port != 0) listen_tcp(host, tcp_port, config, made);
  if (udp_port != 0 && made.error.empty()) made.error = bind_udp(host, udp_port, made.udp);
}

void listen_unix(const Config& config, Listeners& made) {
  RC_ASSERT(!config.unix_socket.empty() && made.sockets.empty());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (config.unix_socket.size() >= sizeof address.sun_path) {
    made.error = "the path of the unix socket is too long: at most " +
                 std::to_string(sizeof address.sun_path - 1) + " bytes";
    return;
  }
  std::memcpy(address.sun_path, config.unix_socket.c_str(), config.unix_socket.size() + 1);
  struct stat status {};
  if (::lstat(address.sun_path, &status) == 0 && S_ISSOCK(status.st_mode)) {
    ::unlink(address.sun_path);
  }
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) {
    made.error = failed("make a unix socket");
    return;
  }
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  const mode_t old_mask = ::umask(static_cast<mode_t>(~config.unix_mask & 0777));
  const bool listening =
      ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::listen(socket, config.backlog) == 0;
  if (!listening) {
    made.error = failed("listen on UNIX socket: " + config.unix_socket);
    ::close(socket);
  } else {
    made.sockets.push_back(socket);
  }
  ::umask(old_mask);
}

void write_port(std::FILE* file, const char* transport, int socket) {
  RC_ASSERT(file != nullptr && socket >= 0);
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  if (address.ss_family == AF_UNIX) return;
  std::fprintf(file, "%s %s: %u\n", transport, address.ss_family == AF_INET6 ? "INET6" : "INET",
               port_of(socket));
}

/// In memcached's format, complete at the moment the file appears under its name.
void write_port_file(const Listeners& made) {
  const char* name = std::getenv("MEMCACHED_PORT_FILENAME");
  if (name == nullptr) return;
  const std::string unfinished = std::string(name) + ".lck";
  std::FILE* file = std::fopen(unfinished.c_str(), "we");
  if (file == nullptr) {
    std::fprintf(stderr, "Failed to open \"%s\": %s\n", unfinished.c_str(), std::strerror(errno));
    return;
  }
  for (const int socket : made.sockets) write_port(file, "TCP", socket);
  RC_ASSERT(!made.udp.empty());
  // Every core has the same addresses.
  for (const int socket : made.udp.front()) write_port(file, "UDP", socket);
  std::fclose(file);
  std::rename(unfinished.c_str(), name);
}

void close_all(Listeners& made) {
  for (const int socket : made.sockets) ::close(socket);
  made.sockets.clear();
  for (std::vector<int>& sockets : made.udp) {
    for (const int socket : sockets) ::close(socket);
    sockets.clear();
  }
}

}  // namespace

Listeners open_listeners(const Config& config) {
  RC_ASSERT(config.threads > 0);
  Listeners made;
  made.udp.resize(config.threads);
  if (!config.unix_socket.empty()) {
    listen_unix(config, made);
  } else if (config.listen.empty()) {
    open_host("", config.tcp_port, config.udp_port, config, made);
  } else {
    for (const std::string& text : config.listen) {
      const auto address = parse_listen_address(text);
      if (!address) {
        made.error = "cannot listen on '" + text + "': want host, host:port or [v6]:port";
        break;
      }
      const bool given = address->port >= 0;
      // Port 0 of an address is one that the kernel chooses.
      const int port = address->port > 0 ? address->port : -1;
      const int udp_port = config.udp_port != 0 && given ? port : config.udp_port;
      open_host(address->host, given ? port : config.tcp_port, udp_port, config, made);
      if (!made.error.empty()) break;
    }
  }
  if (!made.error.empty()) {
    close_all(made);
  } else {
    write_port_file(made);
  }
  return made;
}

}  // namespace ringcached::server
