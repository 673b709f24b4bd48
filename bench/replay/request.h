// One request for a key, wherever requests come from.
#pragma once

#include <cstdint>

namespace replay {

/// A value is at most so large; memcached's -I ends at 1 GiB.
inline constexpr uint64_t value_size_limit = 1u << 30;

struct Request {
  uint64_t key;
  uint32_t size;  // bytes of its value, if it must be set
};

/// Requests in order, until there are no more.
class Source {
 public:
  virtual ~Source() = default;
  /// false: no more; `request` is as it was.
  virtual bool next(Request& request) = 0;
};

}  // namespace replay
