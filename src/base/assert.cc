#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace ringcached {

void assertion_failed(const char* claim, const char* file, int line) {
  std::fprintf(stderr, "ringcached: broken invariant: %s (%s:%d)\n", claim, file, line);
  std::abort();
}

}  // namespace ringcached
