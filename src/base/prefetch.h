// Memory that will be wanted soon.
#pragma once

namespace ringcached {

/// Has the cache line at `place` fetched, for reading; any address will do.
///
/// To GCC 12 a function that does nothing but prefetch does nothing, and its calls go; the empty
/// statement is what keeps them.
inline void prefetch_line(const void* place) {
  __builtin_prefetch(place);
  asm volatile("");
}

}  // namespace ringcached
