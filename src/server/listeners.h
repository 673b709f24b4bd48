// Opens the sockets that clients come to: TCP and UDP on every address asked for, or a unix socket.
#pragma once

#include <string>
#include <vector>

#include "ringcached/config.h"

namespace ringcached::server {

struct Listeners {
  std::vector<int> sockets;           // listening; the caller's to close
  std::vector<std::vector<int>> udp;  // per core, bound; likewise
  std::string error;                  // not empty: nothing is open, and this says why
};

/// Binds and listens as `config` says. Writes the ports to the file that the environment variable
/// MEMCACHED_PORT_FILENAME names, if it is set.
Listeners open_listeners(const Config& config);

}  // namespace ringcached::server
