// The header in front of every request and reply of the binary protocol: 24 bytes, big-endian.
//
//    0 magic | 1 opcode | 2 key size | 4 extras size | 5 data type | 6 vbucket, or status |
//    8 body size: extras, key and value | 12 opaque | 16 cas
//
// Source: the binary protocol's specification ("Packet Structure"), and memcached as probed. The
// data type and the vbucket of a request are not looked at.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ringcached::wire {

inline constexpr size_t binary_header_size = 24;
inline constexpr uint8_t request_magic = 0x80;
inline constexpr uint8_t reply_magic = 0x81;

enum class BinaryStatus : uint16_t {
  Ok = 0x00,
  NotFound = 0x01,
  Exists = 0x02,
  TooLarge = 0x03,
  Invalid = 0x04,
  NotStored = 0x05,
  NotNumeric = 0x06,
  Refused = 0x20,  // as memcached answers what may not be done, and a login that fails
  AuthContinue = 0x21,
  Unknown = 0x81,
  NoMemory = 0x82,
};

/// The number at `bytes`, most significant byte first.
template <class Number>
Number load_big(const char* bytes) {
  static_assert(std::endian::native == std::endian::little);
  Number number;
  std::memcpy(&number, bytes, sizeof(number));
  if constexpr (sizeof(Number) == 2) return __builtin_bswap16(number);
  if constexpr (sizeof(Number) == 4) return __builtin_bswap32(number);
  if constexpr (sizeof(Number) == 8) return __builtin_bswap64(number);
}

/// Writes `number` at `out`, most significant byte first; returns the end.
template <class Number>
char* store_big(char* out, Number number) {
  if constexpr (sizeof(Number) == 2) number = __builtin_bswap16(number);
  if constexpr (sizeof(Number) == 4) number = __builtin_bswap32(number);
  if constexpr (sizeof(Number) == 8) number = __builtin_bswap64(number);
  std::memcpy(out, &number, sizeof(number));
  return out + sizeof(number);
}

/// What a request says of itself.
struct BinaryRequest {
  uint8_t magic;
  uint8_t opcode;
  uint16_t key_size;
  uint8_t extras_size;
  uint32_t body_size;
  uint64_t cas;

  /// The header, the extras and the key: what stands before the value.
  size_t head_size() const { return binary_header_size + extras_size + key_size; }
  /// Extras and key lie within the body.
  bool consistent() const { return uint32_t{extras_size} + key_size <= body_size; }
  uint32_t value_size() const { return body_size - extras_size - key_size; }
};

/// `bytes` has binary_header_size of them.
inline BinaryRequest read_binary_request(const char* bytes) {
  return {.magic = static_cast<uint8_t>(bytes[0]),
          .opcode = static_cast<uint8_t>(bytes[1]),
          .key_size = load_big<uint16_t>(bytes + 2),
          .extras_size = static_cast<uint8_t>(bytes[4]),
          .body_size = load_big<uint32_t>(bytes + 8),
          .cas = load_big<uint64_t>(bytes + 16)};
}

/// What a reply says of itself.
struct BinaryReply {
  BinaryStatus status = BinaryStatus::Ok;
  uint8_t extras_size = 0;
  uint16_t key_size = 0;
  uint32_t body_size = 0;
  uint64_t cas = 0;
};

/// Writes the header of a reply at `out`, with the opcode and the opaque of the request whose
/// header is `echo`; returns the end.
inline char* write_binary_reply(char* out, const BinaryReply& reply, const char* echo) {
  *out++ = static_cast<char>(reply_magic);
  *out++ = echo[1];
  out = store_big(out, reply.key_size);
  *out++ = static_cast<char>(reply.extras_size);
  *out++ = 0;
  out = store_big(out, static_cast<uint16_t>(reply.status));
  out = store_big(out, reply.body_size);
  std::memcpy(out, echo + 12, sizeof(uint32_t));
  return store_big(out + sizeof(uint32_t), reply.cas);
}

}  // namespace ringcached::wire
