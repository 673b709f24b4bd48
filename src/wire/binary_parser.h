// Reads the binary protocol in place: bytes of one connection in, operations out.
//
// Owner: one connection. Source: the binary protocol's specification, memcached 1.6.45 as probed.
// The parser keeps no bytes: the views in an operation point into the bytes it was given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/hash.h"
#include "ringcached/operation.h"
#include "wire/binary_header.h"
#include "wire/text_parser.h"

namespace ringcached::wire {

struct BinaryCommand;

class BinaryParser {
 public:
  BinaryParser(const ParserRules& rules, const KeyHasher& hasher)
      : rules_(&rules), hasher_(&hasher), admitted_(!rules.sasl) {}

  /// One step at the front of `bytes`, as TextParser::next. Every operation but Die has an `echo`:
  /// the header of its request.
  Step next(std::string_view bytes, Operation& operation);

  /// The next `size` bytes are of no use (a value that could not be taken).
  void swallow(uint64_t size) { swallow_ += size; }

  /// What comes next is the beginning of a request.
  bool at_command() const { return swallow_ == 0; }

  /// With -S: the client has logged in, or is nobody (again).
  void admit(bool admitted) { admitted_ = admitted; }

 private:
  Step read_request(std::string_view bytes, Operation& operation);
  Step run(const BinaryCommand& command, const BinaryRequest& request, std::string_view bytes,
           Operation& operation);
  Step take_value(const BinaryRequest& request, std::string_view bytes, Operation& operation);
  Step take_token(const BinaryRequest& request, std::string_view bytes, Operation& operation);
  Step drop_value(std::string_view bytes);
  Step part(BinaryStatus status, size_t consumed, Operation& operation);
  Step pass(Step::What what, size_t consumed);
  Step wait_for(size_t size);

  const ParserRules* rules_;
  const KeyHasher* hasher_;
  uint64_t swallow_ = 0;              // bytes of a value still to be dropped
  size_t need_ = binary_header_size;  // with fewer bytes than this nothing can happen
  bool admitted_;
};

static_assert(sizeof(BinaryParser) <= 56, "every connection has room for one");

}  // namespace ringcached::wire
