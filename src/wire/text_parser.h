// Reads the text protocol, classic and meta, in place: bytes of one connection in, operations out.
//
// Owner: one connection. Source: protocol.txt, memcached 1.6.45 as probed, and the figures in
// limits.h. The parser keeps no bytes: the views in an operation point into the bytes it was given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/hash.h"
#include "ringcached/operation.h"

namespace ringcached::wire {

struct Command;
struct PlainSet;

/// What the process allows; the same for every connection.
struct ParserRules {
  uint64_t item_size_max = 1u << 20;
  bool cas_enabled = true;
  bool flush_enabled = true;      // false: -F
  bool shutdown_enabled = false;  // true: -A
  bool debug_commands = false;    // true: -o debug_commands
  bool watch_enabled = true;      // false: -W
  bool dump_enabled = true;       // false: -X
  bool slab_reassign = true;      // false: -o no_slab_reassign
  bool lru_maintainer = true;     // false: -o no_lru_maintainer
  bool memory_adjustable = true;  // false: -L
  bool sasl = false;              // true: -S
};

struct Step {
  enum class What : uint8_t {
    Operation,   // `operation` is filled; go on after `consumed` bytes
    Nothing,     // `consumed` bytes (more than 0) were of no further use: call again
    Incomplete,  // nothing consumed; call again when at least `need` bytes are at hand in one piece
    Fill,  // as Operation, verb Reserve: the value (value_size bytes and its CRLF) follows and
           // is the caller's to read; the parser goes on behind it
    NeedsExtras,  // nothing consumed; call again with an `operation` that has extras
  };
  What what = What::Incomplete;
  size_t consumed = 0;
  size_t need = 0;
};

class TextParser {
 public:
  TextParser(const ParserRules& rules, const KeyHasher& hasher)
      : rules_(&rules), hasher_(&hasher) {}

  /// One step at the front of `bytes`, which is all that is contiguous there; `operation` is
  /// overwritten where the step brings one. Its extras are null, or to be used for a meta command;
  /// only such a one keeps them. Never reads past `bytes`. What was not consumed must
  /// come back at the front of the next call's bytes, wherever they lie then. Work is linear in the
  /// bytes over all calls.
  ///
  /// A get line that is all in `bytes` is checked whole before its first key is given out. One that
  /// has no end in more than line_size_max bytes is given out key by key as it comes: its last key
  /// has no `ends_reply` if the end of the line was not yet in sight, and a Say with END follows.
  Step next(std::string_view bytes, Operation& operation);

  /// The next `size` bytes are of no use (a value that could not be taken, its CRLF included).
  void swallow(uint64_t size) { swallow_ += size; }

  /// What comes next is the beginning of a command.
  bool at_command() const { return place_ == Place::LineStart && swallow_ == 0; }

 private:
  /// Where in the language the front of the bytes is.
  enum class Place : uint8_t {
    LineStart,
    KnownKeys,     // inside a get line that was checked whole; line_left_ bytes of it remain
    StreamedKeys,  // inside a get line whose end is not known
    LineRest,      // inside a line that was answered already
  };

  Step read_line(std::string_view bytes, Operation& operation);
  Step get_one(std::string_view key, size_t line_size, Operation& operation);
  Step set_one(const PlainSet& set, std::string_view bytes, size_t line_size, Operation& operation);
  Step read_endless_line(std::string_view bytes, Operation& operation);
  Step run_line(std::string_view bytes, size_t line_size, Operation& operation);
  Step run_unknown(std::string_view text, size_t line_size, Operation& operation);
  Step run_words(const Command& command, std::string_view text, size_t line_size,
                 Operation& operation);
  Step run_value(const Command& command, std::string_view bytes, size_t line_size,
                 Operation& operation);
  Step run_meta(const Command& command, std::string_view bytes, size_t line_size,
                Operation& operation);
  Step take_value(std::string_view bytes, size_t line_size, Operation& operation);
  Step run_keys(const Command& command, std::string_view bytes, size_t line_size,
                Operation& operation);
  Step next_known_key(std::string_view bytes, Operation& operation);
  Step next_streamed_key(std::string_view bytes, Operation& operation);
  Step end_streamed_line(size_t consumed, Operation& operation);
  Step break_streamed_line(size_t consumed, Operation& operation);
  Step drop_value(std::string_view bytes);
  Step drop_line(std::string_view bytes);

  void begin(const Command& command, Operation& operation) const;
  void give_key(std::string_view key, bool ends_reply, Operation& operation) const;
  Step say(std::string_view reply, size_t consumed, Operation& operation);
  Step say_unless(bool quiet, std::string_view reply, size_t consumed, Operation& operation);
  Step die(size_t consumed, Operation& operation);
  Step pass(Step::What what, size_t consumed);
  Step wait_for(size_t size);

  const ParserRules* rules_;
  const KeyHasher* hasher_;
  uint64_t swallow_ = 0;           // bytes of a value still to be dropped
  const Command* keys_ = nullptr;  // KnownKeys, StreamedKeys: the command
  uint32_t need_ = 1;              // with fewer bytes than this nothing can happen
  uint32_t seen_ = 0;              // LineStart: bytes at the front that hold no newline
  uint32_t line_left_ = 0;         // KnownKeys: bytes to the end of the line, its newline included
  int32_t keys_exptime_ = 0;       // of gat and gats
  Place place_ = Place::LineStart;
  bool any_key_ = false;  // StreamedKeys: one was given out
};

static_assert(sizeof(TextParser) <= 56, "every connection has one");

}  // namespace ringcached::wire
