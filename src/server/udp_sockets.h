// Binds the sockets that datagrams come to: on every address one for each core.
#pragma once

#include <string>
#include <vector>

#include "ringcached/config.h"

namespace ringcached::server {

/// Adds to `per_core`, which has a list for every thread, a socket each for all that `host` (empty:
/// every address) stands for. `port` may be -1: one that the kernel chooses. Returns what is wrong,
/// or nothing; sockets that were opened until then are the caller's to close.
std::string bind_udp(const std::string& host, int port, std::vector<std::vector<int>>& per_core);

}  // namespace ringcached::server
