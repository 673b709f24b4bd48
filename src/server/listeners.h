// Opens the sockets that clients connect to: TCP on every address asked for, or one unix socket.
#pragma once

#include <string>
#include <vector>

#include "ringcached/config.h"

namespace ringcached::server {

struct Listeners {
  std::vector<int> sockets;  // listening; the caller's to close
  std::string error;         // not empty: nothing is open, and this says why
};

/// Binds and listens as `config` says. Writes the ports to the file that the environment variable
/// MEMCACHED_PORT_FILENAME names, if it is set.
Listeners open_listeners(const Config& config);

}  // namespace ringcached::server
