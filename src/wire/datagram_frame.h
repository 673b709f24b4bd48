// The frame in front of every datagram, request or reply: 8 bytes, big-endian.
//
//    0 request id | 2 sequence number | 4 datagrams of the message | 6 reserved
//
// Source: protocol.txt, "UDP protocol". The client chooses the id; every datagram of the reply
// carries it, with sequence numbers from 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "wire/binary_header.h"

namespace ringcached::wire {

inline constexpr size_t datagram_frame_size = 8;
static_assert(datagram_frame_size == 4 * sizeof(uint16_t));
/// Bytes of a reply in one datagram. Source: memcached, whose datagrams have 1400 bytes in all.
inline constexpr size_t datagram_payload_max = 1400 - datagram_frame_size;
/// The count is 16 bits.
inline constexpr size_t datagram_reply_max = 0xffff * datagram_payload_max;

inline constexpr std::string_view multi_packet_refused =
    "SERVER_ERROR multi-packet request not supported\r\n";

struct DatagramFrame {
  uint16_t request_id = 0;
  uint16_t sequence = 0;
  uint16_t count = 0;
};

/// What a datagram is by its frame.
enum class DatagramKind : uint8_t {
  Nothing,  // too short, or of a message of no datagrams: not answered
  Request,
  Part,      // the first of a request in several: refused
  LaterPart  // not answered, since the first is
};

/// `bytes` are the whole datagram, of which memcached wants at least one behind the frame. As in
/// memcached, neither the sequence number of a whole request nor what is reserved is looked at.
inline DatagramKind read_frame(std::string_view bytes, DatagramFrame& frame) {
  if (bytes.size() <= datagram_frame_size) return DatagramKind::Nothing;
  frame.request_id = load_big<uint16_t>(bytes.data());
  frame.sequence = load_big<uint16_t>(bytes.data() + 2);
  frame.count = load_big<uint16_t>(bytes.data() + 4);
  if (frame.count == 0) return DatagramKind::Nothing;
  if (frame.count == 1) return DatagramKind::Request;
  return frame.sequence == 0 ? DatagramKind::Part : DatagramKind::LaterPart;
}

/// Writes datagram_frame_size bytes; returns the end.
inline char* write_frame(char* out, const DatagramFrame& frame) {
  out = store_big<uint16_t>(out, frame.request_id);
  out = store_big<uint16_t>(out, frame.sequence);
  out = store_big<uint16_t>(out, frame.count);
  return store_big<uint16_t>(out, 0);
}

/// Datagrams that a reply of `size` bytes, at most datagram_reply_max, takes.
constexpr uint16_t datagrams_for(size_t size) {
  RC_ASSERT(size <= datagram_reply_max);
  return static_cast<uint16_t>((size + datagram_payload_max - 1) / datagram_payload_max);
}

}  // namespace ringcached::wire
