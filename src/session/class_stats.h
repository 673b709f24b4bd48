// What `stats items`, `stats slabs` and `stats sizes` tell, and `stats ring` of each class.
#pragma once

#include <string>

#include "session/stat_lines.h"
#include "shard/report.h"

namespace ringcached::session {

/// Per class that has items, from 1. "hot" is the small queue of S3-FIFO, "warm" main; nothing is
/// "cold".
void tell_items(const shard::Report& sum, StatSink& sink);
/// Per class that has pages, and two sums. Pages are of 64 KiB.
void tell_slabs(const shard::Report& sum, StatSink& sink);
/// Items by their bytes, rounded up to 32.
void tell_sizes(const shard::Report& sum, bool tracked, StatSink& sink);
/// Bytes of each class that has pages: in use by items, by what they asked for, free, and
/// remembered.
void tell_class_bytes(const shard::Report& sum, StatSink& sink);

/// `stats detail dump`, in lines of its own kind.
std::string prefix_lines(const shard::Report& sum);
/// `stats conns`: every socket.
void tell_connections(const shard::Report& sum, StatSink& sink);

}  // namespace ringcached::session
