// Spells the outcome of an operation in the language in which it was asked.
#pragma once

#include <cstddef>
#include <string_view>

#include "ringcached/operation.h"
#include "wire/binary_writer.h"
#include "wire/meta_writer.h"
#include "wire/text_writer.h"

namespace ringcached::wire {

/// What stands behind a value on the wire, in requests as in replies.
constexpr std::string_view value_end(Dialect dialect) {
  return dialect == Dialect::Binary ? std::string_view() : std::string_view("\r\n");
}

/// The most bytes that write_reply_head and write_reply_tail put together.
constexpr size_t reply_room(Dialect dialect) {
  return dialect == Dialect::Meta ? meta_frame_max : reply_frame_max;
}

/// No reply at all, whatever became of it.
inline bool is_silent(const Operation& operation) {
  switch (operation.dialect) {
    case Dialect::Text:
      break;
    case Dialect::Meta:
      return is_silent_in_meta(operation);
    case Dialect::Binary:
      return is_silent_in_binary(operation);
  }
  return operation.quiet;
}

/// The reply is the operation's own text (`value`), word for word, of any length.
inline bool is_ready_made(const Operation& operation) {
  return operation.verb == Verb::Say && operation.dialect != Dialect::Binary;
}

/// Writes what comes before the value, or the whole reply where there is none, at `out`, which has
/// room for reply_room; returns the end. Writes nothing for what is silent or ready made.
inline char* write_reply_head(const Operation& operation, char* out) {
  switch (operation.dialect) {
    case Dialect::Text:
      break;
    case Dialect::Meta:
      return write_meta_head(operation, out);
    case Dialect::Binary:
      return write_binary_head(operation, out);
  }
  return write_head(operation, out);
}

/// Writes what comes after the value, or after all of the reply where there is none.
inline char* write_reply_tail(const Operation& operation, char* out) {
  switch (operation.dialect) {
    case Dialect::Text:
      break;
    case Dialect::Meta:
      return write_meta_tail(operation, out);
    case Dialect::Binary:
      return out;
  }
  return write_tail(operation, out);
}

}  // namespace ringcached::wire
