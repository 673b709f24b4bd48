// Claims about datagrams through each door: who sent them, what is cut off, buffers that run out.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>

#include "door_fixture.h"
#include "io/datagram.h"

namespace ringcached::io {
namespace {

constexpr Token hearing{Act::Datagram, 1, 0};
constexpr Token room{Act::Room, 1, 0};

sockaddr_in address_of(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  REQUIRE(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return address;
}

/// On a port of the kernel's choice; it does not block.
Descriptor udp_socket() {
  Descriptor made(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(made, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return made;
}

void send_to(int from, int to, std::string_view bytes) {
  const sockaddr_in address = address_of(to);
  const ssize_t sent = ::sendto(from, bytes.data(), bytes.size(), 0,
                                reinterpret_cast<const sockaddr*>(&address), sizeof address);
  REQUIRE(sent == static_cast<ssize_t>(bytes.size()));
}

/// The next datagram, waited for by turning.
Datagram next(DoorFixture& f, size_t number) {
  f.until([&] { return f.count(hearing) > number; });
  const Completion& completion = f.seen[number];
  REQUIRE(completion.result == static_cast<int32_t>(completion.lease.bytes.size()));
  return read_datagram(completion.lease.bytes);
}

}  // namespace

TEST_CASE_TEMPLATE("datagrams come whole, in order, with their senders, the empty ones too", Kind,
                   UringDoor, EpollDoor) {
  Opened<Kind> f;
  const Descriptor near = udp_socket();
  const Descriptor one = udp_socket();
  const Descriptor other = udp_socket();
  const std::string long_one(9000, 'l');
  f.door->receive_datagrams(near, hearing);
  send_to(one, near, "first");
  send_to(other, near, long_one);
  send_to(one, near, "third");
  const std::array<std::string, 3> wanted{"first", long_one, "third"};
  for (size_t i = 0; i < wanted.size(); ++i) {
    const Datagram datagram = next(f, i);
    CHECK(datagram.bytes == wanted[i]);
    CHECK(datagram.whole);
    const sockaddr_in from = address_of(i == 1 ? other : one);
    REQUIRE(datagram.sender.size == sizeof from);
    CHECK(std::memcmp(&datagram.sender.bytes, &from, sizeof from) == 0);
  }
  send_to(one, near, "");
  CHECK(next(f, 3).bytes.empty());
  if (f.seen[3].more) f.end_receive(hearing);
  f.take_bytes(hearing);
}

TEST_CASE_TEMPLATE("a datagram longer than a buffer says that it was cut", Kind, UringDoor,
                   EpollDoor) {
  Opened<Kind> f;
  const Descriptor near = udp_socket();
  const Descriptor far = udp_socket();
  constexpr size_t fits = BufferPool::buffer_size - datagram_bytes_at;
  f.door->receive_datagrams(near, hearing);
  send_to(far, near, std::string(fits, 'f'));
  send_to(far, near, std::string(fits + 1, 't'));
  CHECK(next(f, 0).whole);
  CHECK(next(f, 0).bytes == std::string(fits, 'f'));
  CHECK_FALSE(next(f, 1).whole);
  CHECK(next(f, 1).bytes == std::string(fits, 't'));
  f.end_receive(hearing);
}

TEST_CASE_TEMPLATE("a receive of datagrams starves and goes on where it stopped", Kind, UringDoor,
                   EpollDoor) {
  Opened<Kind> f({.buffers_max = BufferPool::step});
  const Descriptor near = udp_socket();
  const Descriptor far = udp_socket();
  f.door->receive_datagrams(near, hearing);
  for (uint32_t i = 0; i < BufferPool::step; ++i) {
    send_to(far, near, std::to_string(i));
    CHECK(next(f, i).bytes == std::to_string(i));
  }
  send_to(far, near, "one more");
  const Completion end = f.end_of(hearing);
  CHECK(end.result == -ENOBUFS);
  f.take_bytes(hearing);
  f.door->receive_datagrams(near, hearing);
  CHECK(next(f, 0).bytes == "one more");
  f.end_receive(hearing);
}

TEST_CASE_TEMPLATE("datagrams leave in one call, each to its address, and there is room again",
                   Kind, UringDoor, EpollDoor) {
  Opened<Kind> f;
  const Descriptor near = udp_socket();
  const Descriptor one = udp_socket();
  const Descriptor other = udp_socket();
  std::array<sockaddr_in, 2> to{address_of(one), address_of(other)};
  std::array<std::string, 2> texts{"to one", "to the other"};
  std::array<iovec, 2> parts;
  std::array<mmsghdr, 2> messages{};
  for (size_t i = 0; i < 2; ++i) {
    parts[i] = {texts[i].data(), texts[i].size()};
    messages[i].msg_hdr.msg_name = &to[i];
    messages[i].msg_hdr.msg_namelen = sizeof to[i];
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  CHECK(f.door->send_datagrams(near, messages) == 2);
  CHECK(read_what_is_there(one) == texts[0]);
  CHECK(read_what_is_there(other) == texts[1]);
  // Beside a receive on the same socket, which goes on.
  f.door->receive_datagrams(near, hearing);
  f.door->await_room(near, room);
  CHECK(f.end_of(room).result >= 0);
  f.seen.clear();
  send_to(one, near, "answer");
  CHECK(next(f, 0).bytes == "answer");
  f.end_receive(hearing);
}

}  // namespace ringcached::io
