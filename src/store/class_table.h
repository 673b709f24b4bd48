// What the parts of a store count per class, in one place.
//
// Owner: one core.
#pragma once

#include <array>

#include "ringcached/class_figures.h"
#include "store/size_classes.h"

namespace ringcached::store {

/// `evicted_unread` is how long the item evicted last had not been read, in seconds.
struct ClassTally {
  ClassCounters counters;
  uint64_t bytes_requested = 0;
  uint64_t evicted_unread = 0;
};

using ClassTable = std::array<ClassTally, classes_max>;

}  // namespace ringcached::store
