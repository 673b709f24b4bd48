// What -vv says of requests and replies: the lines of memcached's log.
//
// Source: memcached 1.6.18's stderr, as probed. Only called while somebody wants to read it, hence
// strings. Every line ends in LF; bytes of a key are shown as they are.
#pragma once

#include <string>
#include <string_view>

#include "ringcached/operation.h"

namespace ringcached::wire {

/// A line of the text protocol that `client` has sent, the first of `bytes`; or the beginning of
/// one, where it goes on for ever.
std::string log_of_line(int client, std::string_view bytes);

/// A request of the binary protocol, which begins `bytes`; `made` is what the parser made of it.
std::string log_of_packet(int client, std::string_view bytes, const Operation& made);

/// The reply to `answered`; empty where memcached says nothing (statistics, dumps, most of meta).
std::string log_of_reply(int client, const Operation& answered);

}  // namespace ringcached::wire
