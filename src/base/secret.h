// Comparing what must not be guessed byte by byte.
#pragma once

#include <cstddef>
#include <string_view>

namespace ringcached {

/// Takes as long for a wrong answer as for a right one of the same length: looks at every byte,
/// wherever the first difference is.
inline bool same_secret(std::string_view secret, std::string_view given) {
  volatile unsigned char difference = secret.size() == given.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    const char expected = secret.empty() ? '\0' : secret[i % secret.size()];
    difference = static_cast<unsigned char>(difference | (expected ^ given[i]));
  }
  return difference == 0;
}

}  // namespace ringcached
