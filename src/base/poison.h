// Marks memory that nobody may touch, for AddressSanitizer; nothing in other builds.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define RINGCACHED_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RINGCACHED_POISON 1
#endif
#endif

#ifdef RINGCACHED_POISON
#include <sanitizer/asan_interface.h>
#endif

namespace ringcached {

inline void poison([[maybe_unused]] const void* memory, [[maybe_unused]] size_t size) {
#ifdef RINGCACHED_POISON
  __asan_poison_memory_region(memory, size);
#endif
}

inline void unpoison([[maybe_unused]] const void* memory, [[maybe_unused]] size_t size) {
#ifdef RINGCACHED_POISON
  __asan_unpoison_memory_region(memory, size);
#endif
}

}  // namespace ringcached
