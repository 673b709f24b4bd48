// Says so when the server listens where strangers may come, and asks nobody for a password.
#pragma once

#include <sys/socket.h>

#include <span>
#include <vector>

#include "ringcached/config.h"

namespace ringcached::server {

/// Whether others than this machine and private networks (RFC 1918, 3927, 4193, 4291) may reach a
/// socket that is bound to `address`; one that is bound to every address may be reached.
bool is_public(const sockaddr& address);

/// One line on stderr if one of the sockets is public and neither -Y nor -S is given; memcached
/// says nothing.
void warn_if_open_to_all(const Config& config, std::span<const int> listeners,
                         std::span<const std::vector<int>> udp_sockets);

}  // namespace ringcached::server
