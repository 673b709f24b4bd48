// Room in a vector as an outcome: where memory is short it is told, not thrown.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <vector>

#include "store/fault_plan.h"

namespace ringcached::store {

/// The vector can grow to `size` without another allocation. false: no memory for it, nothing
/// changed.
template <class T>
bool make_room(std::vector<T>& vector, size_t size, FaultPlan& faults, Allocation kind) {
  if (size <= vector.capacity()) return true;
  if (faults.strikes(kind)) return false;
  try {
    vector.reserve(std::max(size, vector.capacity() * 2));
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

}  // namespace ringcached::store
