// How keys and values are spelled on the wire, so that a value proves whose it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace replay {

/// memcached's limit, and the digits of a key.
inline constexpr uint32_t key_size_max = 250;
inline constexpr uint32_t key_size_min = 16;

/// Sixteen hexadecimal digits, with zeros in front up to `size`.
void append_key(std::string& out, uint64_t key, uint32_t size);

/// The key's digits, digits that depend on key and size, then bytes that depend on the key and on
/// where they stand; cut to `size`.
void append_value(std::string& out, uint64_t key, uint32_t size);

/// Is this the value of that key? Compares every byte.
bool is_value_of(uint64_t key, std::string_view value);

}  // namespace replay
