// One datagram as it lies in a received buffer: a head, the sender's address, the bytes.
//
//   | DatagramHead, 16 | address, 28 (its size is in the head) | bytes |
//
// The layout is the one that io_uring writes (struct io_uring_recvmsg_out, no control data); the
// other doors write the same.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/assert.h"

namespace ringcached::io {

/// Who sent a datagram; room for the longer of IPv4 and IPv6.
struct DatagramAddress {
  sockaddr_in6 bytes{};
  socklen_t size = 0;  // of what is in it
};

struct DatagramHead {
  uint32_t address_size = 0;  // as the kernel tells it
  uint32_t control_size = 0;
  uint32_t payload_size = 0;  // of the datagram, received or cut off
  uint32_t flags = 0;         // MSG_TRUNC: it was longer than the buffer
};

inline constexpr size_t datagram_address_room = sizeof(sockaddr_in6);
/// Where the bytes begin.
inline constexpr size_t datagram_bytes_at = sizeof(DatagramHead) + datagram_address_room;

struct Datagram {
  DatagramAddress sender;
  std::string_view bytes;  // lives as long as the lease
  bool whole = false;      // false: its end was cut off
};

/// `received` are the bytes of a lease that came with an Act::Datagram completion.
inline Datagram read_datagram(std::string_view received) {
  RC_ASSERT(received.size() >= datagram_bytes_at);
  DatagramHead head;
  std::memcpy(&head, received.data(), sizeof head);
  Datagram datagram;
  datagram.sender.size =
      head.address_size < datagram_address_room ? head.address_size : datagram_address_room;
  std::memcpy(&datagram.sender.bytes, received.data() + sizeof head, datagram_address_room);
  datagram.bytes = received.substr(datagram_bytes_at);
  datagram.whole = (head.flags & MSG_TRUNC) == 0;
  return datagram;
}

/// Door::send_datagrams() of every real door.
int send_datagrams_now(int socket, std::span<mmsghdr> datagrams);

}  // namespace ringcached::io
