#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ringcached {

uint64_t KeyHasher::operator()(std::string_view key) const {
  return XXH3_64bits_withSeed(key.data(), key.size(), seed_);
}

}  // namespace ringcached
