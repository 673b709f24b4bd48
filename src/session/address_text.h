// The ends of a socket as `stats conns` and the watchers spell them.
#pragma once

#include <string>

namespace ringcached::session {

/// Where the other side is: "tcp:1.2.3.4:80", "tcp6:[::1]:80", "unix:/path"; for a listening socket
/// its own address.
std::string peer_text(int socket);
/// Our own side.
std::string local_text(int socket);

}  // namespace ringcached::session
