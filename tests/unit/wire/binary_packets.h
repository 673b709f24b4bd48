// Builds requests of the binary protocol for tests, well-formed or not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wire/binary_header.h"

namespace ringcached::wire::testing {

template <class Number>
std::string big(Number number) {
  char bytes[sizeof(Number)];
  store_big(bytes, number);
  return std::string(bytes, sizeof bytes);
}

/// One request; the sizes are those of its parts unless they are given.
struct Packet {
  uint8_t opcode = 0;
  std::string key{};
  std::string extras{};
  std::string value{};
  uint64_t cas = 0;
  std::string opaque = "opaq";
  uint8_t magic = request_magic;
  std::optional<uint16_t> key_size{};
  std::optional<uint8_t> extras_size{};
  std::optional<uint32_t> body_size{};

  std::string header() const {
    const size_t body = key.size() + extras.size() + value.size();
    std::string bytes{static_cast<char>(magic), static_cast<char>(opcode)};
    bytes += big(key_size.value_or(static_cast<uint16_t>(key.size())));
    bytes += static_cast<char>(extras_size.value_or(static_cast<uint8_t>(extras.size())));
    bytes += std::string(3, '\0');
    return bytes + big(body_size.value_or(static_cast<uint32_t>(body))) + opaque + big(cas);
  }
  std::string bytes() const { return header() + extras + key + value; }
};

/// The extras of set, add and replace.
inline std::string flags_and_exptime(uint32_t flags, uint32_t exptime) {
  return big(flags) + big(exptime);
}

/// The extras of incr and decr.
inline std::string delta_extras(uint64_t delta, uint64_t initial, uint32_t exptime) {
  return big(delta) + big(initial) + big(exptime);
}

}  // namespace ringcached::wire::testing
