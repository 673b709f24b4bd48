// An event as a watcher reads it: one line of names and values.
//
// Source: protocol.txt "Watchers", memcached 1.6.45 (1.6.18 as probed, which lacks `deleted`).
#pragma once

#include <cstdint>
#include <string_view>

#include "ringcached/event.h"

namespace ringcached::wire {

/// Every byte of a text escaped, and all that stands around it.
inline constexpr size_t event_line_max = 3 * event_text_max + 320;

/// Writes the line, its end included, at `out`, which has room for event_line_max; returns its
/// end. `gid` numbers the events of the process.
char* write_event_line(const Event& event, std::string_view text, uint64_t gid, char* out);
/// What a watcher reads in place of `count` lines that it was too slow for.
char* write_skipped_line(uint64_t count, char* out);

}  // namespace ringcached::wire
