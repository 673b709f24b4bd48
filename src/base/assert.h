// RC_ASSERT: a programmer's error ends the process, in release builds too.
#pragma once

namespace ringcached {

/// Prints the claim with its place on stderr and aborts. Never returns.
[[noreturn]] void assertion_failed(const char* claim, const char* file, int line);

}  // namespace ringcached

#define RC_ASSERT(claim)                         \
  (__builtin_expect(static_cast<bool>(claim), 1) \
       ? static_cast<void>(0)                    \
       : ::ringcached::assertion_failed(#claim, __FILE__, __LINE__))
