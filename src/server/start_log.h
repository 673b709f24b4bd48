// What -vv says at the start: the classes of chunks, and who listens.
#pragma once

#include <span>
#include <vector>

#include "ringcached/config.h"
#include "store/size_classes.h"

namespace ringcached::server {

/// Lines on stderr in memcached's words; nothing unless the verbosity asks for it.
void log_start(const Config& config, const store::SizeClasses& classes,
               std::span<const int> listeners, std::span<const int> udp_sockets);

}  // namespace ringcached::server
