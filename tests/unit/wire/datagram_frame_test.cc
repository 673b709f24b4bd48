// Claims about the frame of a datagram.
#include <doctest/doctest.h>

#include <array>
#include <initializer_list>
#include <string>

#include "wire/datagram_frame.h"

namespace ringcached::wire {
namespace {

std::string framed(uint16_t id, uint16_t sequence, uint16_t count, std::string_view rest) {
  std::array<char, datagram_frame_size> frame;
  char* const end = write_frame(frame.data(), {id, sequence, count});
  CHECK(end == frame.data() + frame.size());
  return std::string(frame.data(), frame.size()) + std::string(rest);
}

}  // namespace

TEST_CASE("a frame is written big-endian, with nothing in what is reserved") {
  CHECK(framed(0x1234, 0x0506, 0x789a, "") == std::string("\x12\x34\x05\x06\x78\x9a\0\0", 8));
}

TEST_CASE("what is written is read") {
  for (const uint16_t number : std::initializer_list<uint16_t>{0, 1, 255, 256, 65535}) {
    DatagramFrame frame;
    const std::string bytes = framed(number, static_cast<uint16_t>(number / 2), 1, "x");
    CHECK(read_frame(bytes, frame) == DatagramKind::Request);
    CHECK(frame.request_id == number);
    CHECK(frame.sequence == number / 2);
    CHECK(frame.count == 1);
  }
}

TEST_CASE("what has no byte behind a whole frame is nothing") {
  DatagramFrame frame;
  const std::string whole = framed(1, 0, 1, "x");
  for (size_t size = 0; size <= datagram_frame_size; ++size) {
    // Memory of just that size: AddressSanitizer sees who reads on.
    const std::string part(whole, 0, size);
    CHECK(read_frame(part, frame) == DatagramKind::Nothing);
  }
  CHECK(read_frame(whole, frame) == DatagramKind::Request);
}

TEST_CASE("neither the sequence number of a whole request nor what is reserved matters") {
  DatagramFrame frame;
  std::string bytes = framed(7, 9, 1, "get a\r\n");
  bytes[6] = bytes[7] = '\xff';
  CHECK(read_frame(bytes, frame) == DatagramKind::Request);
  CHECK(frame.request_id == 7);
}

TEST_CASE("of a message in several datagrams the first is told from the rest") {
  DatagramFrame frame;
  CHECK(read_frame(framed(7, 0, 2, "x"), frame) == DatagramKind::Part);
  CHECK(read_frame(framed(7, 0, 256, "x"), frame) == DatagramKind::Part);
  CHECK(read_frame(framed(7, 1, 2, "x"), frame) == DatagramKind::LaterPart);
  CHECK(read_frame(framed(7, 256, 65535, "x"), frame) == DatagramKind::LaterPart);
  CHECK(read_frame(framed(7, 0, 0, "x"), frame) == DatagramKind::Nothing);
}

TEST_CASE("a reply takes as many datagrams as it has payloads begun") {
  CHECK(datagrams_for(1) == 1);
  CHECK(datagrams_for(1392) == 1);
  CHECK(datagrams_for(1393) == 2);
  CHECK(datagrams_for(2 * 1392) == 2);
  CHECK(datagrams_for(datagram_reply_max) == 65535);
}

}  // namespace ringcached::wire
