// A value on its way into its item: what the owner grants, the session writes.
//
// Owner: the connection's core, except while an operation that names it is under way: then the
// partition's. It outlives both the connection's interest and the last such operation.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "ringcached/meta_extras.h"
#include "ringcached/operation.h"

namespace ringcached::store {
class Item;
}

namespace ringcached::shard {

struct Fill {
  /// Credit ahead of what has come, in bytes (DESIGN section 4).
  static constexpr uint32_t credit = 256 * 1024;
  static constexpr uint32_t spans_max = 64;

  // Set by the owner.
  store::Item* item = nullptr;
  uint32_t granted = 0;                // bytes of the value that have room
  std::array<iovec, spans_max> spans;  // room of the last grant
  uint32_t span_count = 0;

  // Set by the session.
  uint64_t hash = 0;
  uint64_t cas_wanted = 0;
  uint32_t size = 0;    // of the whole value
  uint32_t filled = 0;  // bytes written
  uint32_t span = 0;    // the one being written
  StoreMode mode = StoreMode::Set;
  bool quiet = false;
  Dialect dialect = Dialect::Text;
  std::string echo;  // what the reply repeats of the request, which is gone by then
  // Only of an ms, which shows its key too.
  std::string key;
  std::unique_ptr<MetaExtras> extras;
};

}  // namespace ringcached::shard
