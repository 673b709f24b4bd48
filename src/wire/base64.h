// Base64 as memcached reads and writes it in keys.
//
// Source: RFC 4648, and memcached as probed where a text is none: bytes that are not of the
// alphabet are passed over, and behind the first padding everything is.
#pragma once

#include <cstddef>
#include <string_view>

namespace ringcached::wire {

/// The most bytes that a text of `size` decodes to.
constexpr size_t decoded_size_max(size_t size) {
  return size / 4 * 3;
}

/// The bytes that `size` bytes are encoded to.
constexpr size_t encoded_size(size_t size) {
  return (size + 2) / 3 * 4;
}

/// Decodes `text` to `out`, which has room for decoded_size_max. Returns how many bytes that were;
/// 0 if it is no base64, or decodes to nothing.
size_t decode_base64(std::string_view text, char* out);

/// Encodes `bytes` at `out`, which has room for encoded_size; returns the end.
char* encode_base64(std::string_view bytes, char* out);

}  // namespace ringcached::wire
