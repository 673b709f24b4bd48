// Keys as dumps and watchers show them: what is not plain in a URI is escaped.
#pragma once

#include <string_view>

namespace ringcached::wire {

/// RFC 3986's unreserved bytes stand for themselves.
constexpr bool is_plain(unsigned char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

/// Writes at most three bytes for each of the key; returns the end.
inline char* put_escaped(char* out, std::string_view key) {
  constexpr char hex[] = "0123456789ABCDEF";
  for (const char letter : key) {
    const auto byte = static_cast<unsigned char>(letter);
    if (is_plain(byte)) {
      *out++ = letter;
      continue;
    }
    *out++ = '%';
    *out++ = hex[byte >> 4];
    *out++ = hex[byte & 15];
  }
  return out;
}

}  // namespace ringcached::wire
