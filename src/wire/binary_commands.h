// The commands of the binary protocol: a table of opcodes, shapes and readers of extras.
#pragma once

#include <cstdint>
#include <string_view>

#include "ringcached/operation.h"
#include "wire/binary_header.h"
#include "wire/text_parser.h"

namespace ringcached::wire {

/// What a request may carry behind its key. Source: memcached, as probed.
enum class Behind : uint8_t {
  Nothing,    // a value makes it invalid
  Value,      // the value
  Unchecked,  // memcached reads it as the next request, and so do we
  Token,      // what a login says; if nobody listens it is dropped
};

/// What an Authenticate asks, in its `delta`; `key` is the mechanism and `value` the client's
/// words.
enum class Login : uint64_t { Mechanisms, Start, Step };

/// Reads the extras and the key into `operation`, whose key is set. Not called for a request of the
/// wrong lengths.
using BinaryReader = void (*)(std::string_view extras, const ParserRules& rules,
                              Operation& operation);

struct BinaryCommand {
  uint8_t extras_size = 0;
  bool extras_optional = false;
  bool key_needed = false;
  bool key_allowed = false;
  Behind behind = Behind::Nothing;
  bool quiet = false;        // what goes well, and a miss of the get family, draws no reply
  bool returns_key = false;  // get family: the reply tells the key
  BinaryReader read = nullptr;
  Verb verb = Verb::Say;
  StoreMode mode = StoreMode::Set;
  bool decrement = false;
  bool for_all = false;  // with -S: heard from those who have not logged in, too

  /// The lengths are those of this command.
  bool fits(const BinaryRequest& request) const;
};

/// The command with this opcode, or null.
const BinaryCommand* find_binary_command(uint8_t opcode);

}  // namespace ringcached::wire
