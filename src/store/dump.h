// A walk over all items of a partition in pieces, for dumps: where it is, and what it tells of
// each.
//
// Owner: one core. Items that move or come while the walk is under way may be met twice or not at
// all; what stays where it is, is met once.
#pragma once

#include <cstdint>

#include "ringcached/time.h"
#include "store/item.h"
#include "store/slab.h"

namespace ringcached::store {

/// Where the walk goes on. A new one begins at the beginning.
struct WalkPlace {
  uint32_t page = 1;
  uint32_t chunk = 0;
};

/// Looks at up to `chunks` chunks of the classes in `classes` (a bit each) from `place` on, calls
/// visit(const Item&) for each linked item; visit answers false to be shown this item again later.
/// true: the walk is at its end.
template <class Visit>
bool walk_items(const Slab& slab, WalkPlace& place, uint64_t classes, uint32_t chunks,
                Visit&& visit) {
  while (place.page < slab.page_numbers()) {
    const Slab::Page& page = slab.page(place.page);
    const bool wanted = page.live != 0 && (classes >> page.class_number & 1) != 0;
    while (wanted && place.chunk < page.carved) {
      if (chunks-- == 0) return false;
      const void* chunk = slab.chunk_at((place.page << chunk_index_bits) | place.chunk);
      if (kind_of(Slab::shape_at(chunk)) == ChunkKind::Item) {
        const Item& item = *static_cast<const Item*>(chunk);
        if (item.is_linked() && !visit(item)) return false;
      }
      ++place.chunk;
    }
    ++place.page;
    place.chunk = 0;
    if (chunks == 0) return false;
    --chunks;  // a page costs something too
  }
  return true;
}

}  // namespace ringcached::store
