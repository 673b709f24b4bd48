// What must hold between settings, whatever the order in which they were given.
#pragma once

#include <string>

#include "ringcached/config.h"

namespace ringcached::server {

/// The first relation that does not hold, as a line for the operator; empty when all do.
std::string broken_relation(const Config& config);

}  // namespace ringcached::server
