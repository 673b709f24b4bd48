// Spells the outcome of an operation in the language of the meta commands.
//
// Source: protocol.txt "Meta Commands", memcached 1.6.45 as probed.
#pragma once

#include <cstddef>

#include "ringcached/operation.h"

namespace ringcached::wire {

/// The most bytes that write_meta_head and write_meta_tail put together.
inline constexpr size_t meta_frame_max = 512;

/// Asked to be quiet, and it went as expected: no reply.
bool is_silent_in_meta(const Operation& operation);

/// Writes what comes before the value, or the whole reply where there is none, at `out`, which has
/// room for meta_frame_max; returns the end. Writes nothing for what is silent.
char* write_meta_head(const Operation& operation, char* out);

/// Writes what comes after the value: its CRLF.
char* write_meta_tail(const Operation& operation, char* out);

}  // namespace ringcached::wire
