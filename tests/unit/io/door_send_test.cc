// Claims about sending through each door, and about ends of descriptors.
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <thread>

#include "door_fixture.h"

namespace ringcached::io {
namespace {

constexpr Token sending{Act::Send, 1, 1};

/// More than all socket buffers on the way hold.
constexpr size_t too_much = 16u << 20;

/// A pair whose near end takes little before somebody reads at the far one.
Pair narrow_pair() {
  Pair pair = local_pair();
  const int little = 4096;
  REQUIRE(::setsockopt(pair.near, SOL_SOCKET, SO_SNDBUF, &little, sizeof little) == 0);
  return pair;
}

std::string numbered(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 >> 3);
  return bytes;
}

}  // namespace

TEST_CASE_TEMPLATE("what is sent arrives, from one piece and from several", Kind, UringDoor,
                   EpollDoor) {
  for (Pair (*make)() : {+[] { return local_pair(); }, +[] { return tcp_pair(); }}) {
    Opened<Kind> f;
    const Pair pair = make();
    f.door->send(pair.near, "STORED\r\n", 8, sending);
    const Completion first = f.last(sending);
    CHECK(first.result == 8);
    CHECK_FALSE(first.more);

    const std::array<std::string, 3> parts = {"VALUE a 0 1\r\n", "x", "\r\nEND\r\n"};
    std::array<iovec, 3> vectors;
    for (size_t i = 0; i < 3; ++i) {
      vectors[i] = {const_cast<char*>(parts[i].data()), parts[i].size()};
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = vectors.size();
    constexpr Token second{Act::Send, 1, 2};
    f.door->send(pair.near, &message, second);
    CHECK(f.last(second).result == 21);

    std::string got;
    f.until([&] {
      got += read_what_is_there(pair.far);
      return got.size() >= 29;
    });
    CHECK(got == "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n");
  }
}

TEST_CASE_TEMPLATE("nothing is sent before wait", Kind, UringDoor, EpollDoor) {
  Opened<Kind> f;
  const Pair pair = local_pair();
  f.door->send(pair.near, "x", 1, sending);
  CHECK(read_what_is_there(pair.far).empty());
  CHECK(f.last(sending).result == 1);
  CHECK(read_what_is_there(pair.far) == "x");
}

TEST_CASE_TEMPLATE("a send larger than the socket's buffer goes on while the peer reads", Kind,
                   UringDoor, EpollDoor) {
  Opened<Kind> f;
  Pair pair = narrow_pair();
  const std::string bytes = numbered(1u << 20);
  std::string got;
  std::thread reader([&got, far = static_cast<int>(pair.far)] {
    char some[5000];
    for (ssize_t n = 0; (n = ::recv(far, some, sizeof some, 0)) > 0;) {
      got.append(some, static_cast<size_t>(n));
    }
  });
  size_t sent = 0;
  uint32_t generation = 0;
  while (sent < bytes.size()) {
    const Token token{Act::Send, 1, ++generation};
    f.door->send(pair.near, bytes.data() + sent, bytes.size() - sent, token);
    const int32_t result = f.last(token).result;
    CHECK(result > 0);
    if (result <= 0) break;
    sent += static_cast<size_t>(result);
  }
  pair.near.reset();
  reader.join();
  CHECK(sent == bytes.size());
  CHECK(got == bytes);
}

TEST_CASE_TEMPLATE(
    "a send to a peer that does not read completes when it is cancelled, and counts true", Kind,
    UringDoor, EpollDoor) {
  Opened<Kind> f;
  const Pair pair = narrow_pair();
  const std::string bytes = numbered(too_much);
  f.door->send(pair.near, bytes.data(), bytes.size(), sending);
  for (int i = 0; i < 3; ++i) f.turn();
  CHECK(f.count(sending) == 0);
  f.door->cancel(sending);
  const Completion end = f.end_of(sending);
  CHECK(end.result < static_cast<int32_t>(too_much));
  const std::string got = read_what_is_there(pair.far);
  // A cancelled send may say that it failed, but never that less went than did.
  if (end.result > 0) CHECK(got.size() == static_cast<size_t>(end.result));
  CHECK(got == bytes.substr(0, got.size()));
  CHECK(f.count(sending) == 1);
}

TEST_CASE_TEMPLATE("a send to a peer that does not read completes when the socket is shut down",
                   Kind, UringDoor, EpollDoor) {
  for (const bool tcp : {false, true}) {
    CAPTURE(tcp);
    Opened<Kind> f;
    const Pair pair = tcp ? tcp_pair() : narrow_pair();
    const std::string bytes = numbered(too_much);
    f.door->send(pair.near, bytes.data(), bytes.size(), sending);
    for (int i = 0; i < 3; ++i) f.turn();
    CHECK(f.count(sending) == 0);
    f.door->shutdown(pair.near);
    const Completion end = f.end_of(sending);
    CHECK(end.result < static_cast<int32_t>(too_much));
    CHECK(f.count(sending) == 1);
  }
}

TEST_CASE_TEMPLATE("a send to a peer that is gone fails and raises no signal", Kind, UringDoor,
                   EpollDoor) {
  Opened<Kind> f;
  Pair pair = local_pair();
  pair.far.reset();
  f.door->send(pair.near, "x", 1, sending);
  CHECK(f.last(sending).result == -EPIPE);
}

TEST_CASE_TEMPLATE("a closed descriptor is closed for the peer too, and nobody hears of it", Kind,
                   UringDoor, EpollDoor) {
  Opened<Kind> f;
  Pair pair = local_pair();
  const int near = pair.near.release();
  f.door->close(near);
  f.door->close(near);  // a mistake of that kind is no completion either
  char byte = 0;
  f.until([&] { return ::recv(pair.far, &byte, 1, MSG_DONTWAIT) == 0; });
  f.turn();
  CHECK(f.seen.empty());
}

}  // namespace ringcached::io
