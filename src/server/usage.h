// What ringcached says about itself: version, help and license.
#pragma once

#include <string>

#include "ringcached/config.h"

namespace ringcached::server {

/// "ringcached 0.1.0 (memcached protocol 1.6.45)" and a newline.
std::string version_text();

/// -h, in memcached's form. Lists what has an effect, from the option tables; `defaults` is the
/// configuration of a process without options.
std::string help_text(Config defaults);

std::string license_text();

}  // namespace ringcached::server
