// A dump on its way through one partition: how far it is.
//
// Owner: the connection's core, except while an operation that names it is under way: then the
// partition's.
#pragma once

#include <cstdint>

#include "store/dump.h"

namespace ringcached::shard {

struct Dump {
  // Set by the session; `place` anew for each partition.
  uint64_t classes = 0;  // a bit each
  store::WalkPlace place;

  // Set by the owner.
  bool partition_done = false;
};

}  // namespace ringcached::shard
