// What `stats settings` tells.
#pragma once

#include "ringcached/config.h"
#include "ringcached/tuning.h"
#include "session/stat_lines.h"

namespace ringcached::session {

/// memcached 1.6.45's keys of a build without extstore, TLS, seccomp and proxy, in its order.
void tell_settings(const Config& config, const Tuning& tuning, StatSink& sink);

}  // namespace ringcached::session
