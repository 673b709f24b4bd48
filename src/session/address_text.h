// The ends of a socket as `stats conns` and the watchers spell them.
#pragma once

#include <cstdint>
#include <string>

namespace ringcached::session {

/// Where the other side is: "tcp:1.2.3.4:80", "tcp6:[::1]:80", "udp:...", "unix:/path"; for a
/// listening socket its own address.
std::string peer_text(int socket);
/// The other side in parts, as watchers are told it: "1.2.3.4" and 80; "unix" and 0. "unknown" once
/// the system has forgotten it: after a reset.
struct PeerEnd {
  std::string address;
  uint16_t port = 0;
};
PeerEnd peer_end(int socket);
/// Our own side.
std::string local_text(int socket);

}  // namespace ringcached::session
