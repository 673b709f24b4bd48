// Claims about receiving through each door: bytes, ends, buffers that run out, leases that stay.
#include <sys/socket.h>

#include <cerrno>
#include <random>

#include "door_fixture.h"

namespace ringcached::io {
namespace {

constexpr Token receiving{Act::Receive, 1, 1};

struct Link {
  const char* name;
  Pair (*make)();
};

constexpr Link links[] = {{"local", [] { return local_pair(); }}, {"TCP", tcp_pair}};

/// Receives message by message, one buffer each, until `count` are leased.
void lease_messages(DoorFixture& f, int far, Token token, size_t count) {
  const size_t before = f.count(token);
  for (size_t i = 0; i < count; ++i) {
    write_all(far, std::string(1, static_cast<char>('a' + i % 26)));
    f.until([&] { return f.count(token) == before + i + 1; });
    REQUIRE(f.seen.back().result == 1);
  }
}

void expect_starving(DoorFixture& f, Token token) {
  const Completion end = f.end_of(token);
  CHECK(end.result == -ENOBUFS);
  CHECK_FALSE(end.more);
  CHECK(end.lease.buffer == Lease::no_buffer);
}

}  // namespace

TEST_CASE_TEMPLATE("a receive delivers what the peer says and ends with 0 when it closes", Kind,
                   UringDoor, EpollDoor) {
  for (const Link& link : links) {
    CAPTURE(link.name);
    Opened<Kind> f;
    Pair pair = link.make();
    f.door->receive(pair.near, receiving);
    write_all(pair.far, "get a\r\n");
    const Completion first = f.last(receiving);
    CHECK(first.result == 7);
    CHECK(first.lease.bytes == "get a\r\n");
    write_all(pair.far, "get b\r\n");
    f.until([&] { return f.count(receiving) == 2; });
    pair.far.reset();
    const Completion end = f.end_of(receiving);
    CHECK(end.result == 0);
    CHECK_FALSE(end.more);
    CHECK(end.lease.buffer == Lease::no_buffer);
    CHECK(f.take_bytes(receiving) == "get a\r\nget b\r\n");
  }
}

TEST_CASE_TEMPLATE("bytes that came before the peer closed come before the end", Kind, UringDoor,
                   EpollDoor) {
  for (const Link& link : links) {
    CAPTURE(link.name);
    Opened<Kind> f;
    Pair pair = link.make();
    write_all(pair.far, "version\r\n");
    pair.far.reset();
    f.door->receive(pair.near, receiving);
    // A receive may end after the bytes; the next one says that this is the end.
    f.until([&] { return !f.seen.empty() && !f.seen.back().more; });
    if (f.seen.back().result != 0) f.door->receive(pair.near, receiving);
    f.until([&] { return f.seen.back().result == 0; });
    CHECK(f.take_bytes(receiving) == "version\r\n");
  }
}

TEST_CASE_TEMPLATE("a long stream comes whole and in order, through buffers that are used again",
                   Kind, UringDoor, EpollDoor) {
  for (const Link& link : links) {
    CAPTURE(link.name);
    DoorConfig config;
    config.buffers_max = 64;
    Opened<Kind> f(config);
    const Pair pair = link.make();
    std::mt19937 random(7);
    std::string said;
    while (said.size() < 4'000'000) said.push_back(static_cast<char>(random()));
    std::string heard;
    size_t written = 0;
    f.door->receive(pair.near, receiving);
    while (heard.size() < said.size()) {
      const ssize_t n = ::send(pair.far, said.data() + written, said.size() - written,
                               MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n > 0) written += static_cast<size_t>(n);
      f.until([&] { return !f.seen.empty(); });
      bool ended = false;
      for (const Completion& c : f.seen) ended = ended || (c.token == receiving && !c.more);
      heard += f.take_bytes(receiving);
      if (ended) f.door->receive(pair.near, receiving);
    }
    CHECK(heard == said);
    CHECK(f.door->pool().buffers() == 64);
    f.end_receive(receiving);
  }
}

TEST_CASE("a first receive on io_uring ends with its first buffer, however much has come") {
  for (const Link& link : links) {
    CAPTURE(link.name);
    Opened<UringDoor> f;
    const Pair pair = link.make();
    const std::string said = std::string(BufferPool::buffer_size, 'x') + std::string(30'000, 'y');
    write_all(pair.far, said);
    f.door->receive_first(pair.near, receiving);
    CHECK_FALSE(f.last(receiving).more);
    CHECK(f.count(receiving) == 1);
    std::string heard = f.take_bytes(receiving);
    CHECK(heard.size() <= BufferPool::buffer_size);
    f.door->receive(pair.near, receiving);
    while (heard.size() < said.size()) {
      f.until([&] { return f.count(receiving) > 0; });
      heard += f.take_bytes(receiving);
    }
    CHECK(heard == said);
    f.end_receive(receiving);
  }
}

TEST_CASE_TEMPLATE("a peer that resets ends the receive with the reason", Kind, UringDoor,
                   EpollDoor) {
  Opened<Kind> f;
  Pair pair = tcp_pair();
  f.door->receive(pair.near, receiving);
  f.turn();
  const linger at_once{1, 0};
  REQUIRE(::setsockopt(pair.far, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
  pair.far.reset();
  const Completion end = f.end_of(receiving);
  CHECK(end.result == -ECONNRESET);
  CHECK_FALSE(end.more);
}

TEST_CASE_TEMPLATE("a cancelled receive ends, and what comes later is the next one's", Kind,
                   UringDoor, EpollDoor) {
  for (const Link& link : links) {
    CAPTURE(link.name);
    Opened<Kind> f;
    const Pair pair = link.make();
    f.door->receive(pair.near, receiving);
    f.turn();
    f.door->cancel(receiving);
    const Completion end = f.end_of(receiving);
    CHECK(end.result == -ECANCELED);
    CHECK_FALSE(end.more);
    write_all(pair.far, "later");
    constexpr Token again{Act::Receive, 1, 2};
    f.door->receive(pair.near, again);
    CHECK(f.last(again).lease.bytes == "later");
    CHECK(f.count(receiving) == 1);
    f.end_receive(again);
  }
}

TEST_CASE_TEMPLATE("cancelling what has ended does nothing", Kind, UringDoor, EpollDoor) {
  Opened<Kind> f;
  Pair pair = local_pair();
  f.door->receive(pair.near, receiving);
  pair.far.reset();
  f.end_of(receiving);
  f.door->cancel(receiving);
  f.door->cancel(Token{Act::Send, 99, 1});
  for (int i = 0; i < 3; ++i) f.turn();
  CHECK(f.seen.size() == 1);
}

TEST_CASE_TEMPLATE("shutting a socket down ends its receive", Kind, UringDoor, EpollDoor) {
  for (const Link& link : links) {
    CAPTURE(link.name);
    Opened<Kind> f;
    const Pair pair = link.make();
    f.door->receive(pair.near, receiving);
    f.turn();
    f.door->shutdown(pair.near);
    CHECK(f.end_of(receiving).result == 0);
  }
}

TEST_CASE_TEMPLATE("a slot's next tenant is told apart from late completions of the one before",
                   Kind, UringDoor, EpollDoor) {
  Opened<Kind> f;
  const Pair pair = local_pair();
  f.door->receive(pair.near, receiving);
  f.turn();
  std::string heard;
  std::string said;
  for (uint32_t generation = 2; generation < 50; ++generation) {
    const Token before{Act::Receive, 1, generation - 1};
    const Token after{Act::Receive, 1, generation};
    const std::string word = "word " + std::to_string(generation) + ";";
    write_all(pair.far, word);
    said += word;
    f.door->cancel(before);
    f.door->receive(pair.near, after);
    size_t size = 0;
    f.until([&] {
      size = 0;
      bool ended = false;
      for (const Completion& c : f.seen) {
        const bool ours = c.token == before || c.token == after;
        CHECK(ours);
        if (c.result > 0) size += static_cast<size_t>(c.result);
        ended = ended || (c.token == before && !c.more);
      }
      return ended && size == word.size();
    });
    CHECK(f.end_of(before).token.generation == generation - 1);
    heard += f.take_bytes(before);
    // Either of the two may have got the word, and take_bytes() forgets the other's.
    if (heard.size() < said.size()) heard += word;
  }
  CHECK(heard == said);
  f.end_receive(Token{Act::Receive, 1, 49});
}

TEST_CASE_TEMPLATE("without a buffer a receive ends with -ENOBUFS, and works again after a release",
                   Kind, UringDoor, EpollDoor) {
  DoorConfig config;
  config.buffers_max = 64;
  Opened<Kind> f(config);
  const Pair pair = local_pair();
  f.door->receive(pair.near, receiving);
  lease_messages(f, pair.far, receiving, 64);
  CHECK(f.door->pool().leased() == 64);
  write_all(pair.far, "x");
  expect_starving(f, receiving);
  CHECK(f.door->pool().buffers() == 64);

  constexpr Token in_vain{Act::Receive, 1, 2};
  f.door->receive(pair.near, in_vain);
  expect_starving(f, in_vain);

  f.door->release(f.seen.front().lease);
  f.seen.erase(f.seen.begin());
  constexpr Token again{Act::Receive, 1, 3};
  f.door->receive(pair.near, again);
  CHECK(f.last(again).lease.bytes == "x");
  CHECK(f.door->pool().leased() == 64);
  f.end_receive(again);
}

TEST_CASE_TEMPLATE("a pool that runs out grows by a step, up to its maximum", Kind, UringDoor,
                   EpollDoor) {
  DoorConfig config;
  config.buffers_max = 192;
  Opened<Kind> f(config);
  const Pair pair = local_pair();
  uint32_t generation = 0;
  for (const uint32_t buffers : {64u, 128u, 192u}) {
    CHECK(f.door->pool().buffers() == buffers);
    const Token token{Act::Receive, 1, ++generation};
    f.door->receive(pair.near, token);
    // The message that starved is among the next step's.
    const bool first = buffers == 64;
    if (!first) f.until([&] { return f.count(token) == 1; });
    lease_messages(f, pair.far, token, first ? 64 : 63);
    write_all(pair.far, "x");
    expect_starving(f, token);
  }
  CHECK(f.door->pool().leased() == 192);
  CHECK(f.door->pool().buffers() == 192);
  f.take_bytes(receiving);
}

TEST_CASE_TEMPLATE("leased bytes stay as they are while a thousand others come and go", Kind,
                   UringDoor, EpollDoor) {
  DoorConfig config;
  config.buffers_max = 64;
  Opened<Kind> f(config);
  const Pair held_pair = local_pair();
  const Pair busy_pair = local_pair();
  constexpr Token holding{Act::Receive, 2, 1};
  f.door->receive(held_pair.near, holding);
  std::vector<Lease> held;
  for (int i = 0; i < 32; ++i) {
    write_all(held_pair.far, std::string(static_cast<size_t>(i + 1) * 100, static_cast<char>(i)));
    f.until([&] { return !f.seen.empty(); });
    held.push_back(f.seen.back().lease);
    f.seen.clear();
  }
  f.door->receive(busy_pair.near, receiving);
  for (int i = 0; i < 1000; ++i) {
    write_all(busy_pair.far, std::string(3000, 'x'));
    f.until([&] { return !f.seen.empty(); });
    REQUIRE(f.seen.back().more);
    f.take_bytes(receiving);
  }
  for (int i = 0; i < 32; ++i) {
    const Lease& lease = held[static_cast<size_t>(i)];
    CHECK(lease.bytes == std::string(static_cast<size_t>(i + 1) * 100, static_cast<char>(i)));
    f.door->release(lease);
  }
  f.end_receive(receiving);
  f.end_receive(holding);
}

}  // namespace ringcached::io
