// Claims about accepting through each door.
#include <fcntl.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <set>

#include "door_fixture.h"

namespace ringcached::io {
namespace {

constexpr Token accepting{Act::Accept, 1, 1};

}  // namespace

TEST_CASE_TEMPLATE("one accept takes every client that comes", Kind, UringDoor, EpollDoor) {
  Opened<Kind> f;
  const Descriptor listener = tcp_listener();
  f.door->accept(listener, accepting);
  std::vector<Descriptor> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(tcp_client(listener));
  f.until([&] { return f.count(accepting) == 10; });
  for (int i = 0; i < 10; ++i) clients.push_back(tcp_client(listener));
  f.until([&] { return f.count(accepting) == 20; });
  std::set<int> sockets;
  for (const Completion& completion : f.seen) {
    CHECK(completion.result >= 0);
    CHECK(completion.more);
    CHECK((::fcntl(completion.result, F_GETFD) & FD_CLOEXEC) != 0);
    sockets.insert(completion.result);
  }
  CHECK(sockets.size() == 20);
  for (const int socket : sockets) ::close(socket);
}

TEST_CASE_TEMPLATE("an accepted socket talks to the client that connected", Kind, UringDoor,
                   EpollDoor) {
  Opened<Kind> f;
  const Descriptor listener = tcp_listener();
  f.door->accept(listener, accepting);
  const Descriptor client = tcp_client(listener);
  const Descriptor socket(f.last(accepting).result);
  REQUIRE(socket >= 0);
  write_all(socket, "hello");
  std::string got;
  f.until([&] {
    got += read_what_is_there(client);
    return got.size() >= 5;
  });
  CHECK(got == "hello");
}

TEST_CASE_TEMPLATE("TCP_NODELAY of the listener is the accepted socket's too", Kind, UringDoor,
                   EpollDoor) {
  Opened<Kind> f;
  const Descriptor listener = tcp_listener();
  int on = 1;
  REQUIRE(::setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
  f.door->accept(listener, accepting);
  const Descriptor client = tcp_client(listener);
  const Descriptor socket(f.last(accepting).result);
  int found = 0;
  socklen_t size = sizeof found;
  REQUIRE(::getsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &found, &size) == 0);
  CHECK(found != 0);
}

TEST_CASE_TEMPLATE("a cancelled accept ends, later clients stay in the backlog for the next one",
                   Kind, UringDoor, EpollDoor) {
  Opened<Kind> f;
  const Descriptor listener = tcp_listener();
  f.door->accept(listener, accepting);
  f.turn();
  f.door->cancel(accepting);
  const Completion end = f.end_of(accepting);
  CHECK(end.result == -ECANCELED);
  CHECK_FALSE(end.more);
  const Descriptor client = tcp_client(listener);
  constexpr Token again{Act::Accept, 1, 2};
  f.door->accept(listener, again);
  const Descriptor socket(f.last(again).result);
  CHECK(socket >= 0);
  CHECK(f.count(accepting) == 1);
}

TEST_CASE_TEMPLATE("accepting on what does not listen ends at once with the reason", Kind,
                   UringDoor, EpollDoor) {
  Opened<Kind> f;
  const Pair pair = local_pair();
  f.door->accept(pair.near, accepting);
  const Completion end = f.end_of(accepting);
  CHECK(end.result == -EINVAL);
  CHECK_FALSE(end.more);
}

}  // namespace ringcached::io
