// The replies of `stats`: general, settings and ring, in memcached's names and order.
#pragma once

#include <string>
#include <string_view>

#include "ringcached/config.h"
#include "ringcached/counters.h"
#include "ringcached/time.h"

namespace ringcached::session {

/// STAT lines and END for a sub-command that the parser lets through ("" is the general one).
/// `sum` is over all cores, `verbosity` what it is now. Source: memcached 1.6.45's keys in its
/// order; a figure that has no meaning here is 0.
std::string stats_text(std::string_view sub_command, const Counters& sum, const Config& config,
                       const Now& now, int verbosity);

}  // namespace ringcached::session
