// Spells the outcome of an operation in the binary protocol.
#pragma once

#include <string>
#include <string_view>

#include "ringcached/operation.h"

namespace ringcached::wire {

/// No reply at all: a quiet command that went well, a quiet get that found nothing.
bool is_silent_in_binary(const Operation& operation);

/// Writes the reply at `out` (room for reply_frame_max), up to the value of a Hit, which follows
/// it; returns the end. Writes nothing for what is silent.
char* write_binary_head(const Operation& operation, char* out);

/// Appends one packet of a `stat` reply to `text`; the one without name and value ends it. `echo`
/// is the header of the request.
void append_binary_stat(std::string& text, std::string_view name, std::string_view value,
                        std::string_view echo);

}  // namespace ringcached::wire
