// Which door is to be had on this machine: io_uring, or epoll where it is refused.
#pragma once

#include <memory>
#include <string>

#include "io/door.h"
#include "ringcached/config.h"

namespace ringcached::io {

/// What a wish comes to.
struct Choice {
  Io io = Io::Auto;         // Uring or Epoll; Auto: neither is to be had
  std::string reason = {};  // why it is not io_uring, or nothing at all; empty: nothing to tell
};

/// Tries io_uring, unless epoll is asked for, by opening a ring for a moment.
Choice choose_door(Io wanted);

/// A door of the kind (Uring or Epoll) for the calling thread. nullptr: `error` says why, in a
/// line.
std::unique_ptr<Door> open_door(Io io, std::string& error);

}  // namespace ringcached::io
