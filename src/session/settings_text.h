// The reply of `stats settings`.
#pragma once

#include <string>

#include "ringcached/config.h"

namespace ringcached::session {

/// memcached 1.6.45's keys of a build without extstore, TLS, seccomp and proxy, in its order.
std::string settings_text(const Config& config, int verbosity);

}  // namespace ringcached::session
