// The limits that the memcached protocol promises to its clients, and ours that relate to them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ringcached {

/// Longest key in bytes. Protocol ("Keys").
inline constexpr size_t key_size_max = 250;

/// Largest data length a storage command may announce, in bytes; above it the line is malformed.
/// Protocol, as probed: INT_MAX - 2.
inline constexpr int64_t value_length_max = 2147483645;

/// A line that has not ended within this many bytes closes the connection, unless it is a get.
/// Protocol, as probed.
inline constexpr size_t line_size_max = 2048;

/// Words of a line that are looked at, the command included; more are ignored. As probed.
inline constexpr size_t line_words_max = 23;

/// Relative expiry times end here (30 days, in seconds); larger numbers are unix times. Protocol.
inline constexpr int64_t relative_exptime_max = 60 * 60 * 24 * 30;

/// A value up to this size (bytes) that straddles received buffers is completed in a copy and runs
/// as whole; a larger one is filled into its item as it arrives. Guess: one received buffer.
inline constexpr size_t whole_value_max = 16 * 1024;

/// Cores the process can use: one bit each in the mailbox word.
inline constexpr uint32_t threads_max = 64;

/// The bytes that memcached counts for an item beside key, value and flags: 48 of header, 8 of cas,
/// 1 behind the key and 2 behind the value. We hold fewer, but refuse where memcached refuses.
constexpr bool value_fits(uint64_t item_size_max, size_t key_size, uint32_t client_flags,
                          uint64_t value_size, bool cas_enabled) {
  const uint64_t overhead = 48 + (cas_enabled ? 8 : 0) + (client_flags != 0 ? 4 : 0) + 1 + 2;
  return overhead + key_size + value_size <= item_size_max;
}

}  // namespace ringcached
