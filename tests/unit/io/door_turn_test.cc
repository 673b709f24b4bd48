// Claims about a door's turns: sleeping, bells, ticks, and more completions than fit.
#include <signal.h>

#include <atomic>
#include <thread>

#include "door_fixture.h"

namespace ringcached::io {
namespace {

/// In these tests wait() sleeps without a heartbeat: who sleeps for ever meets the time limit of
/// the whole test.
size_t ticks_in(std::span<const Completion> completions, Token token) {
  size_t n = 0;
  for (const Completion& completion : completions) n += completion.token == token;
  return n;
}

/// Two cores that wake each other in turns. `turn` says whose it is.
struct Rally {
  static constexpr uint32_t rounds = 2000;
  std::atomic<uint32_t> turn{0};
  std::atomic<int> bells[2] = {-1, -1};
  std::atomic<bool> ended[2] = {false, false};
  std::atomic<bool> failed{false};

  template <class Kind>
  void play(uint32_t self) {
    std::string error;
    const std::unique_ptr<Door> door = open_kind<Kind>({}, error);
    if (door == nullptr) failed = true;
    bells[self] = door == nullptr ? 0 : door->bell();
    while (bells[1 - self] < 0) std::this_thread::yield();
    if (failed) return;
    for (uint32_t i = self; i < rounds; i += 2) {
      while (turn.load() != i) door->wait(true);
      turn = i + 1;
      door->wake(bells[1 - self]);
    }
    ended[self] = true;
    // The last wake-up is on its way, and the other may still ring: both need the door.
    while (!ended[1 - self]) {
      door->wait(false);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
};

}  // namespace

TEST_CASE_TEMPLATE("wait without sleep comes back with nothing when nothing happens", Kind,
                   UringDoor, EpollDoor) {
  Opened<Kind> f;
  CHECK(f.door->wait(false).empty());
  CHECK(f.door->wait(false).empty());
}

TEST_CASE_TEMPLATE("a tick comes once, and a wait sleeps for it", Kind, UringDoor, EpollDoor) {
  Opened<Kind> f;
  constexpr Token token{Act::Tick, 3, 9};
  f.door->tick(20, token);
  const std::span<const Completion> completions = f.door->wait(true);
  REQUIRE(completions.size() == 1);
  CHECK(completions[0].token == token);
  CHECK_FALSE(completions[0].more);
  constexpr Token next{Act::Tick, 4, 9};
  f.door->tick(20, next);
  size_t seen = 0;
  while (seen == 0) {
    const std::span<const Completion> more = f.door->wait(true);
    CHECK(ticks_in(more, token) == 0);
    seen = ticks_in(more, next);
  }
}

TEST_CASE_TEMPLATE("ticks asked for in the same turn come each after its own time", Kind, UringDoor,
                   EpollDoor) {
  Opened<Kind> f;
  constexpr Token soon{Act::Tick, 1, 1};
  constexpr Token late{Act::Tick, 2, 1};
  f.door->tick(1, soon);
  f.door->tick(3'600'000, late);
  // The bell rings after a generous while, should the first one not come.
  std::atomic<bool> came{false};
  std::thread ringer([&came, bell = f.door->bell()] {
    for (int i = 0; i < 1000 && !came; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    wake_now(bell);
  });
  const std::span<const Completion> completions = f.door->wait(true);
  CHECK(ticks_in(completions, soon) == 1);
  CHECK(ticks_in(completions, late) == 0);
  came = true;
  ringer.join();
}

TEST_CASE_TEMPLATE("tick after tick comes, one asked for when the one before has come", Kind,
                   UringDoor, EpollDoor) {
  Opened<Kind> f;
  for (uint32_t i = 0; i < 50; ++i) {
    const Token token{Act::Tick, 1, i};
    f.door->tick(1, token);
    size_t seen = 0;
    while (seen == 0) seen = ticks_in(f.door->wait(true), token);
    CHECK(seen == 1);
  }
}

TEST_CASE_TEMPLATE("a door that has slept often brings nothing that was not asked for", Kind,
                   UringDoor, EpollDoor) {
  Opened<Kind> f;
  constexpr Token token{Act::Tick, 1, 1};
  for (int i = 0; i < 200; ++i) {
    f.door->tick(1, token);
    std::span<const Completion> completions;
    while (completions.empty()) completions = f.door->wait(true);
    REQUIRE(completions.size() == 1);
    CHECK(completions[0].token == token);
  }
}

TEST_CASE_TEMPLATE("wake_now from another thread ends a sleep, without a completion", Kind,
                   UringDoor, EpollDoor) {
  Opened<Kind> f;
  for (int i = 0; i < 100; ++i) {
    std::thread other([bell = f.door->bell()] { wake_now(bell); });
    CHECK(f.door->wait(true).empty());
    other.join();
  }
}

TEST_CASE_TEMPLATE("a signal neither ends a sleep nor loses what was asked for", Kind, UringDoor,
                   EpollDoor) {
  struct sigaction counting {};
  struct sigaction before {};
  static std::atomic<int> signals;
  signals = 0;
  counting.sa_handler = [](int) { ++signals; };
  REQUIRE(::sigaction(SIGUSR1, &counting, &before) == 0);
  {
    Opened<Kind> f;
    Pair pair = local_pair();
    constexpr Token receiving{Act::Receive, 1, 1};
    f.door->receive(pair.near, receiving);
    std::thread other([&pair, sleeper = ::pthread_self()] {
      // One after another, else they are one.
      for (int i = 0; i < 20; ++i) {
        ::pthread_kill(sleeper, SIGUSR1);
        while (signals.load() <= i) std::this_thread::yield();
      }
      write_all(pair.far, "word");
    });
    const std::span<const Completion> completions = f.door->wait(true);
    other.join();
    CHECK(signals == 20);
    REQUIRE(completions.size() == 1);
    CHECK(completions[0].lease.bytes == "word");
    f.door->release(completions[0].lease);
    f.end_receive(receiving);
  }
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_CASE_TEMPLATE("a wake-up that comes before the sleep is not lost, and many are one", Kind,
                   UringDoor, EpollDoor) {
  Opened<Kind> f;
  for (int i = 0; i < 10; ++i) wake_now(f.door->bell());
  CHECK(f.door->wait(true).empty());
  // Awake for good: the next sleep ends with the tick only.
  constexpr Token token{Act::Tick, 1, 1};
  f.door->tick(20, token);
  CHECK(ticks_in(f.door->wait(true), token) == 1);
}

TEST_CASE_TEMPLATE("a core wakes another through its own door, every time", Kind, UringDoor,
                   EpollDoor) {
  Rally rally;
  std::thread other([&] { rally.play<Kind>(1); });
  rally.play<Kind>(0);
  other.join();
  CHECK_FALSE(rally.failed);
  CHECK(rally.turn == Rally::rounds);
}

TEST_CASE_TEMPLATE("completions beyond the completion queue are not lost: sends", Kind, UringDoor,
                   EpollDoor) {
  DoorConfig config;
  config.submissions = 64;
  config.completions = 64;
  Opened<Kind> f(config);
  constexpr uint32_t count = 500;
  std::vector<Pair> pairs;
  for (uint32_t i = 0; i < count; ++i) pairs.push_back(local_pair());
  for (uint32_t i = 0; i < count; ++i) {
    f.door->send(pairs[i].near, "x", 1, Token{Act::Send, i, 1});
  }
  f.until([&] { return f.seen.size() >= count; });
  std::vector<bool> done(count);
  for (const Completion& completion : f.seen) {
    CHECK(completion.result == 1);
    CHECK_FALSE(done[completion.token.slot]);
    done[completion.token.slot] = true;
  }
  CHECK(f.seen.size() == count);
}

TEST_CASE_TEMPLATE("completions beyond the completion queue are not lost: receives", Kind,
                   UringDoor, EpollDoor) {
  DoorConfig config;
  config.submissions = 64;
  config.completions = 64;
  Opened<Kind> f(config);
  constexpr uint32_t count = 300;
  std::vector<Pair> pairs;
  for (uint32_t i = 0; i < count; ++i) pairs.push_back(local_pair());
  for (uint32_t i = 0; i < count; ++i) {
    f.door->receive(pairs[i].near, Token{Act::Receive, i, 1});
  }
  f.turn();
  for (const Pair& pair : pairs) write_all(pair.far, "word");
  // Some starve: there are fewer buffers than clients. Some receives end early: both ask again.
  std::vector<std::string> heard(count);
  std::vector<bool> under_way(count, true);
  uint32_t whole = 0;
  while (whole < count) {
    f.until([&] { return !f.seen.empty(); });
    std::vector<Token> again;
    for (const Completion& c : f.seen) {
      if (c.result > 0) {
        heard[c.token.slot] += c.lease.bytes;
        whole += heard[c.token.slot] == "word";
        f.door->release(c.lease);
      } else {
        CHECK(c.result == -ENOBUFS);
      }
      if (!c.more) again.push_back(c.token);
    }
    f.seen.clear();
    for (const Token token : again) f.door->receive(pairs[token.slot].near, token);
  }
  for (uint32_t i = 0; i < count; ++i) CHECK(heard[i] == "word");
}

}  // namespace ringcached::io
