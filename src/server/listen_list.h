// The value of -l: a list of addresses, each perhaps with prefixes that say what is spoken there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/setting.h"

namespace ringcached::server {

/// Adds the addresses of "a,b;c" to `addresses`, without their prefixes. Prefixes that ask for what
/// is not there yet (TLS, proxy, binary only) are refused.
Complaint add_listen_list(std::string_view list, std::vector<std::string>& addresses);

/// Where one element of Config::listen points: host (empty for "*") and port (-1: none given).
struct ListenAddress {
  std::string host;
  int port = -1;
};

/// "host", "host:port", "*", "*:port", "v6", "[v6]", "[v6]:port". A host that is bare and has
/// several colons is an IPv6 address. nullopt: the port is none, or a bracket is missing.
std::optional<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace ringcached::server
