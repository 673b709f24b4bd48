// Tells AddressSanitizer which bytes nobody may touch; nothing at all in other builds.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define RINGCACHED_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RINGCACHED_ASAN 1
#endif
#endif

#ifdef RINGCACHED_ASAN
#include <sanitizer/asan_interface.h>
#define RINGCACHED_NO_ASAN __attribute__((no_sanitize_address, noinline))
#else
#define RINGCACHED_NO_ASAN
#endif

namespace ringcached::store {

inline void poison([[maybe_unused]] const void* memory, [[maybe_unused]] size_t size) {
#ifdef RINGCACHED_ASAN
  __asan_poison_memory_region(memory, size);
#endif
}

inline void unpoison([[maybe_unused]] const void* memory, [[maybe_unused]] size_t size) {
#ifdef RINGCACHED_ASAN
  __asan_unpoison_memory_region(memory, size);
#endif
}

}  // namespace ringcached::store
