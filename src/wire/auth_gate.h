// What a client may say before it has shown who it is (-Y): a `set` whose value is "user password".
//
// Owner: one connection. Source: memcached 1.6.45 as probed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ringcached/operation.h"
#include "wire/text_parser.h"

namespace ringcached::wire {

class AuthGate {
 public:
  /// One step at the front of `bytes`, as TextParser::next. Brings an Authenticate, whose value is
  /// what the client sent; or a Say that refuses anything else; or a Die.
  Step next(std::string_view bytes, Operation& operation);

  /// Never called: there is no value that is not taken here.
  void swallow(uint64_t) {}

 private:
  Step read_line(std::string_view bytes, Operation& operation);
  Step read_token(std::string_view bytes, Operation& operation);

  bool in_token_ = false;
  bool hang_up_ = false;
  uint32_t token_size_ = 0;  // bytes, without its CRLF
};

/// The two words of an Authenticate's value.
struct Credentials {
  std::string_view user;
  std::string_view password;
};

/// Both empty: these are not two words.
Credentials read_credentials(std::string_view token);

}  // namespace ringcached::wire
