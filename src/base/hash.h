// The hash of keys: XXH3 with a seed that differs per process, so that nobody can aim at a bucket.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringcached {

/// Owner: every core has a copy; the seed is the same in all of them.
class KeyHasher {
 public:
  explicit KeyHasher(uint64_t seed) : seed_(seed) {}
  uint64_t operator()(std::string_view key) const;

 private:
  uint64_t seed_;
};

}  // namespace ringcached
