// The statistics that `stats` and its sub-commands tell, in memcached's names and order.
#pragma once

#include <string_view>

#include "ringcached/config.h"
#include "ringcached/time.h"
#include "ringcached/tuning.h"
#include "session/stat_lines.h"
#include "shard/report.h"

namespace ringcached::session {

struct StatSources {
  const shard::Report& sum;  // over all cores
  const Config& config;
  const Tuning& tuning;
  const Now& now;
};

/// Tells a sub-command that the parser lets through ("" is the general one). Source: memcached
/// 1.6.45's keys in its order; a figure that has no meaning here is 0.
void tell_stats(std::string_view sub_command, const StatSources& sources, StatSink& sink);

}  // namespace ringcached::session
