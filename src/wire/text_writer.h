// Spells the outcome of an operation in the classic text protocol.
#pragma once

#include <cstddef>
#include <string_view>

#include "ringcached/operation.h"

namespace ringcached::wire {

/// The most bytes that write_head and write_tail put together (a Say's text, which is longer at
/// will, is not theirs: see has_text).
inline constexpr size_t reply_frame_max = 384;

/// A value stands between head and tail (a Hit).
inline bool has_value(const Operation& operation) {
  return operation.outcome == Outcome::Hit;
}

/// The reply is the operation's own text (`value`), word for word.
inline bool has_text(const Operation& operation) {
  return operation.verb == Verb::Say;
}

/// The line that tells `outcome` of `verb`; empty where it is told by no line that is always the
/// same (a Hit, a Miss, a Number), or by none at all.
std::string_view spelled(Outcome outcome, Verb verb);

/// Writes what comes before the value, or the whole reply where there is none, at `out`, which has
/// room for reply_frame_max; returns the end. Writes nothing for what is silent (quiet, a miss).
char* write_head(const Operation& operation, char* out);

/// Writes the reply whole: head, tail, and between them the value of a Hit, which is a copy. At
/// `out` is room for reply_frame_max and the value.
char* write_reply(const Operation& operation, char* out);

/// Writes what comes after the value: its CRLF, and END where the operation ends the reply. A get
/// that failed for want of memory is answered by its error alone, without END.
char* write_tail(const Operation& operation, char* out);

}  // namespace ringcached::wire
