// Where the bytes of a pinned value lie, for the core that sends them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "store/item.h"

namespace ringcached::shard {

/// Calls fn(const char*, size_t) for each contiguous run of bytes [from, to) of the value of a
/// pinned item, until fn returns false. From any core: reads only what does not change under a pin.
template <class Fn>
void for_each_span(const void* holder, uint32_t from, uint32_t to, Fn&& fn) {
  uint32_t at = 0;
  bool wanted = true;
  store::for_each_span(*static_cast<const store::Item*>(holder), to,
                       [&](const char* bytes, size_t size) {
                         const uint32_t end = at + static_cast<uint32_t>(size);
                         if (wanted && end > from) {
                           const uint32_t skip = from > at ? from - at : 0;
                           wanted = fn(bytes + skip, size - skip);
                         }
                         at = end;
                       });
}

}  // namespace ringcached::shard
