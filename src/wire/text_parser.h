// Reads the classic text protocol in place: bytes of one connection in, operations out.
//
// Owner: one connection. Source: protocol.txt, and the figures in limits.h. The parser keeps no
// bytes: the views in an operation point into the bytes it was given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/hash.h"
#include "ringcached/operation.h"

namespace ringcached::wire {

/// What the process allows; the same for every connection.
struct ParserRules {
  uint64_t item_size_max = 1u << 20;
  bool cas_enabled = true;
  bool flush_enabled = true;     // false: -F
  bool shutdown_enabled = false;  // true: -A
};

struct Step {
  enum class What : uint8_t {
    Operation,   // `operation` is filled; go on after `consumed` bytes
    Nothing,     // `consumed` bytes (more than 0) were of no further use: call again
    Incomplete,  // nothing consumed; call again when at least `need` bytes are at hand in one piece
    Fill,        // as Operation, verb Reserve: the value (value_size bytes and its CRLF) follows and
                 // is the caller's to read; the parser goes on behind it
  };
  What what = What::Incomplete;
  size_t consumed = 0;
  size_t need = 0;
};

class TextParser {
 public:
  TextParser(const ParserRules& rules, const KeyHasher& hasher) : rules_(&rules), hasher_(&hasher) {}

  /// One step at the front of `bytes`, which is all that is contiguous there; `operation` is
  /// overwritten. Never reads past `bytes`. Work is linear in the bytes over all calls.
  Step next(std::string_view bytes, Operation& operation);

  /// The next `size` bytes are of no use (a value that could not be taken, its CRLF included).
  void swallow(uint64_t size) { swallow_ += size; }

 private:
  const ParserRules* rules_;
  const KeyHasher* hasher_;
  uint64_t swallow_ = 0;
};

}  // namespace ringcached::wire
