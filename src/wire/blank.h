// Makes an operation a new one.
#pragma once

#include <cstring>
#include <type_traits>

#include "ringcached/operation.h"

namespace ringcached::wire {

/// By memcpy, since g++ clears what is assigned to with `rep stos`, which costs more than all the
/// rest of reading a key (35 ns a key with it, 12 without).
inline void clear(Operation& operation) {
  static constexpr Operation blank;
  static_assert(std::is_trivially_copyable_v<Operation>);
  std::memcpy(static_cast<void*>(&operation), &blank, sizeof(operation));
}

}  // namespace ringcached::wire
