// Claims about what must not keep a core awake, or one client from another: each door sleeps when
// no act has anything to do, and serves everybody.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

#include "door_fixture.h"

namespace ringcached::io {
namespace {

constexpr Token receiving{Act::Receive, 1, 1};
constexpr Token sending{Act::Send, 1, 1};
constexpr Token accepting{Act::Accept, 1, 1};
constexpr size_t too_much = 4u << 20;  // more than all socket buffers on the way hold

/// Turns that come back with nothing before a tick does: a door that spins has thousands.
size_t idle_turns(Door& door) {
  constexpr Token token{Act::Tick, 5, 5};
  door.tick(30, token);
  for (size_t turns = 0;; ++turns) {
    for (const Completion& completion : door.wait(true)) {
      if (completion.token == token) return turns;
    }
  }
}
constexpr size_t idle_turns_max = 5;  // those that find out that nobody waits

/// Lets the process open no more descriptors, until its end.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const int next = ::fcntl(0, F_DUPFD_CLOEXEC, 0);
    REQUIRE(next >= 0);
    ::close(next);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(next);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &now) == 0);
  }
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE_TEMPLATE("bytes, and an end, that no receive waits for do not end sleeps", Kind,
                   UringDoor, EpollDoor) {
  Opened<Kind> f;
  Pair pair = local_pair();
  f.door->receive(pair.near, receiving);
  f.turn();
  f.door->cancel(receiving);
  CHECK(f.end_of(receiving).result == -ECANCELED);
  write_all(pair.far, "not yet");
  CHECK(idle_turns(*f.door) <= idle_turns_max);
  pair.far.reset();
  CHECK(idle_turns(*f.door) <= idle_turns_max);
  constexpr Token again{Act::Receive, 1, 2};
  f.door->receive(pair.near, again);
  CHECK(f.end_of(again).result == 0);
  CHECK(f.take_bytes(again) == "not yet");
}

TEST_CASE_TEMPLATE("a client that starves does not end sleeps", Kind, UringDoor, EpollDoor) {
  DoorConfig config;
  config.buffers_max = 64;
  Opened<Kind> f(config);
  const Pair pair = local_pair();
  f.door->receive(pair.near, receiving);
  for (size_t i = 0; i < 64; ++i) {
    write_all(pair.far, "x");
    f.until([&] { return f.count(receiving) == i + 1; });
  }
  write_all(pair.far, "y");
  CHECK(f.end_of(receiving).result == -ENOBUFS);
  CHECK(idle_turns(*f.door) <= idle_turns_max);
  f.take_bytes(receiving);
}

TEST_CASE_TEMPLATE("a client is heard while it does not read, and then gets everything", Kind,
                   UringDoor, EpollDoor) {
  Opened<Kind> f;
  const Pair pair = local_pair();
  const std::string bytes(too_much, 'b');
  f.door->receive(pair.near, receiving);
  f.door->send(pair.near, bytes.data(), bytes.size(), sending);
  for (int i = 0; i < 3; ++i) {
    write_all(pair.far, "word ");
    f.until([&] { return f.count(receiving) == static_cast<size_t>(i) + 1; });
    CHECK(f.count(sending) == 0);
  }
  size_t got = 0;
  f.until([&] {
    got += read_what_is_there(pair.far).size();
    return f.count(sending) == 1;
  });
  got += read_what_is_there(pair.far).size();
  CHECK(f.last(sending).result == static_cast<int32_t>(too_much));
  CHECK(got == too_much);
  write_all(pair.far, "end");
  f.until([&] { return f.count(receiving) == 4; });
  CHECK(f.take_bytes(receiving) == "word word word end");
  CHECK(idle_turns(*f.door) <= idle_turns_max);
  f.end_receive(receiving);
}

TEST_CASE_TEMPLATE("a message that does not fit is told of in parts, which are its beginning", Kind,
                   UringDoor, EpollDoor) {
  Opened<Kind> f;
  const Pair pair = local_pair();
  std::array<std::string, 64> parts;
  std::array<iovec, 64> vectors;
  std::string whole;
  for (size_t i = 0; i < parts.size(); ++i) {
    parts[i] = std::string(too_much / parts.size(), static_cast<char>('0' + i));
    vectors[i] = {parts[i].data(), parts[i].size()};
    whole += parts[i];
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = vectors.size();
  f.door->send(pair.near, &message, sending);
  const int32_t sent = f.last(sending).result;
  REQUIRE(sent > 0);
  CHECK(sent < static_cast<int32_t>(too_much));
  CHECK(read_what_is_there(pair.far) == whole.substr(0, static_cast<size_t>(sent)));
}

TEST_CASE_TEMPLATE("an accept without descriptors to give ends, and the client waits for the next",
                   Kind, UringDoor, EpollDoor) {
  Opened<Kind> f;
  const Descriptor listener = tcp_listener();
  const Descriptor client = tcp_client(listener);
  {
    const NoMoreDescriptors limit;
    f.door->accept(listener, accepting);
    const Completion end = f.end_of(accepting);
    CHECK(end.result == -EMFILE);
    CHECK_FALSE(end.more);
    CHECK(idle_turns(*f.door) <= idle_turns_max);
  }
  constexpr Token again{Act::Accept, 1, 2};
  f.door->accept(listener, again);
  const Descriptor socket(f.last(again).result);
  REQUIRE(socket >= 0);
  write_all(socket, "hello");
  CHECK(read_what_is_there(client) == "hello");
}

TEST_CASE_TEMPLATE("acts on what is no open socket end with an error", Kind, UringDoor, EpollDoor) {
  Opened<Kind> f;
  const Descriptor file(::open("/dev/null", O_RDWR | O_CLOEXEC));
  constexpr int closed = 1'000'000;
  uint32_t slot = 1;
  for (const int descriptor : {static_cast<int>(file), closed}) {
    CAPTURE(descriptor);
    const Token in{Act::Receive, slot++, 1};
    const Token out{Act::Send, slot++, 1};
    f.door->receive(descriptor, in);
    f.door->send(descriptor, "x", 1, out);
    CHECK(f.end_of(in).result < 0);
    CHECK(f.end_of(out).result < 0);
  }
}

TEST_CASE("on epoll a client with much to say has two buffers a turn, and the others have theirs") {
  Opened<EpollDoor> f;
  const Pair talker = local_pair();
  const std::string speech(150'000, 's');  // fits into a socket's buffer
  f.door->receive(talker.near, receiving);
  write_all(talker.far, speech);
  std::vector<Pair> others;
  for (uint32_t i = 0; i < 10; ++i) {
    others.push_back(local_pair());
    f.door->receive(others[i].near, Token{Act::Receive, 10 + i, 1});
    write_all(others[i].far, "word");
  }
  size_t said = 0;
  for (size_t turn = 0; said < speech.size(); ++turn) {
    const std::span<const Completion> completions = f.door->wait(true);
    CHECK(completions.size() <= (turn == 0 ? 2 + others.size() : 2));
    for (const Completion& completion : completions) {
      if (completion.token == receiving) said += completion.lease.bytes.size();
      if (turn > 0) CHECK(completion.token == receiving);
      f.door->release(completion.lease);
    }
  }
}

TEST_CASE("on epoll a turn takes eight clients of a listener, twice as many when it begins") {
  Opened<EpollDoor> f;
  const Descriptor listener = tcp_listener();
  std::vector<Descriptor> ends;
  for (int i = 0; i < 40; ++i) ends.push_back(tcp_client(listener));
  f.door->accept(listener, accepting);
  size_t accepted = 0;
  for (size_t most = 16; accepted < 40; most = 8) {
    const std::span<const Completion> completions = f.door->wait(true);
    CHECK(completions.size() <= most);
    for (const Completion& completion : completions) ends.emplace_back(completion.result);
    accepted += completions.size();
  }
  CHECK(accepted == 40);
}

}  // namespace ringcached::io
