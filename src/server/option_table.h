// The table of the lettered options: one row per option of memcached's command line.
#pragma once

#include <span>
#include <vector>

#include "server/setting.h"

namespace ringcached::server {

/// The rows, pointing into `config`, in the order in which -h lists them.
std::vector<Setting> option_table(Config& config);

}  // namespace ringcached::server
