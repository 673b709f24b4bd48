// Claims about letters between cores, and about those that sleep.
#include "shard/mailbox.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace ringcached::shard {
namespace {

/// A letter that knows when it was sent.
struct Numbered : Letter {
  uint32_t number = 0;
};

uint32_t number_of(const Letter& letter) {
  return static_cast<const Numbered&>(letter).number;
}

/// What a core sleeps on. sleep() gives up after ten seconds.
class Bell {
 public:
  Bell() : fd_(::eventfd(0, EFD_CLOEXEC)) {}
  ~Bell() { ::close(fd_); }
  void ring() {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(fd_, &one, sizeof one);
  }
  bool sleep() {
    pollfd poll{fd_, POLLIN, 0};
    if (::poll(&poll, 1, 10'000) != 1) return false;
    uint64_t count = 0;
    return ::read(fd_, &count, sizeof count) == sizeof count;
  }

 private:
  int fd_;
};

/// A core that sends numbered letters to all others while it takes theirs.
class Sender {
 public:
  static constexpr uint32_t cores = 4;
  static constexpr uint32_t letters = 100'000;

  Sender(Mailboxes& boxes, uint32_t self, Bell* bells)
      : post_(boxes, self), self_(self), bells_(bells), letters_(letters) {
    // Every core must know how much comes; the receivers take turns.
    for (uint32_t from = 0; from < cores; ++from) {
      if (from == self) continue;
      for (uint32_t i = 0; i < letters; ++i) expected_ += receiver(from, i) == self;
    }
  }

  void run() {
    while (received_ < expected_ || sent_ < letters) {
      // Bursts of all sizes, so that chains of all lengths meet takers at all moments.
      for (uint32_t burst = sent_ % 7 + 1; burst > 0 && sent_ < letters; --burst) put_one();
      post_.publish([this](uint32_t core) { bells_[core].ring(); });
      take();
      if (sent_ < letters || received_ == expected_ || !post_.fall_asleep()) continue;
      if (!bells_[self_].sleep()) ++faults;
      post_.wake_up();
      if (faults > 0) return;
    }
  }

  uint64_t received() const { return received_; }
  uint64_t expected() const { return expected_; }
  uint32_t faults = 0;  // letters out of order, sleeps without end

 private:
  static uint32_t receiver(uint32_t from, uint32_t number) {
    return (from + 1 + number % (cores - 1)) % cores;
  }

  void put_one() {
    Numbered& letter = letters_[sent_];
    letter.number = sent_;
    post_.put(receiver(self_, sent_), letter);
    ++sent_;
  }

  void take() {
    post_.drain([this](Letter& letter, uint32_t from) {
      const uint32_t number = number_of(letter);
      if (receiver(from, number) != self_ || number < next_[from]) ++faults;
      next_[from] = number + 1;
      ++received_;
    });
  }

  Post post_;
  uint32_t self_;
  Bell* bells_;
  std::vector<Numbered> letters_;
  uint32_t sent_ = 0;
  uint64_t received_ = 0;
  uint64_t expected_ = 0;
  uint32_t next_[cores] = {};
};

/// A letter goes to and fro between a core that sleeps whenever it has none and one that never
/// sleeps, and so answers in the very moment in which the other falls asleep.
class Hunt {
 public:
  static constexpr uint32_t rounds = 100'000;

  /// Sends the letter on and sleeps. false: nobody woke us.
  bool run_sleeper() {
    Post post(boxes_, 0);
    uint32_t seen = 0;
    while (seen < rounds) {
      post.drain([&](Letter& letter, uint32_t from) {
        ++seen;
        post.put(from, letter);
      });
      post.publish(no_bell);
      hesitate(seen % 509);
      if (seen == rounds || !post.fall_asleep()) continue;
      if (!bell_.sleep()) {
        given_up_ = true;
        return false;
      }
      post.wake_up();
      ++sleeps;
    }
    return true;
  }

  void run_hunter() {
    Post post(boxes_, 1);
    Letter letter;
    for (uint32_t round = 0; round < rounds; ++round) {
      post.put(0, letter);
      post.publish([this](uint32_t) { bell_.ring(); });
      bool back = false;
      for (uint32_t tries = 0; !back && !given_up_; ++tries) {
        post.drain([&](Letter&, uint32_t) { back = true; });
        if (tries > 1000) std::this_thread::yield();
      }
      if (!back) return;
    }
  }

  uint32_t sleeps = 0;

 private:
  static void no_bell(uint32_t) {}

  /// Up to the time of a letter's way there and back, so that the answer meets every step of
  /// falling asleep.
  static void hesitate(uint32_t steps) {
    for (volatile uint32_t i = 0; i < steps;) i = i + 1;
  }

  Mailboxes boxes_{2};
  Bell bell_;
  std::atomic<bool> given_up_{false};
};

std::vector<uint32_t> drained(Post& post) {
  std::vector<uint32_t> numbers;
  post.drain([&](Letter& letter, uint32_t) { numbers.push_back(number_of(letter)); });
  return numbers;
}

void no_wake(uint32_t) {
  FAIL("nobody is asleep");
}

}  // namespace

TEST_CASE("letters come in the order of sending, over several publishes") {
  Mailboxes boxes(3);
  Post sender(boxes, 0);
  Post receiver(boxes, 2);
  std::vector<Numbered> letters(10);
  for (uint32_t i = 0; i < 10; ++i) {
    letters[i].number = i;
    sender.put(2, letters[i]);
    if (i % 3 == 0) CHECK(sender.publish(no_wake) == 0);
  }
  sender.publish(no_wake);
  CHECK(drained(receiver) == std::vector<uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(drained(receiver).empty());
}

TEST_CASE("letters stay on the desk until they are published") {
  Mailboxes boxes(2);
  Post sender(boxes, 0);
  Post receiver(boxes, 1);
  Numbered letter;
  CHECK_FALSE(sender.anything_unposted());
  sender.put(1, letter);
  CHECK(sender.anything_unposted());
  CHECK(drained(receiver).empty());
  sender.publish(no_wake);
  CHECK_FALSE(sender.anything_unposted());
  CHECK(drained(receiver).size() == 1);
}

TEST_CASE("everybody's letters reach everybody, with the sender's name") {
  Mailboxes boxes(threads_max);
  std::vector<Post> posts;
  for (uint32_t core = 0; core < threads_max; ++core) posts.emplace_back(boxes, core);
  std::vector<Numbered> letters(threads_max * threads_max);
  for (uint32_t from = 0; from < threads_max; ++from) {
    for (uint32_t to = 0; to < threads_max; ++to) {
      if (from == to) continue;
      Numbered& letter = letters[from * threads_max + to];
      letter.number = from * threads_max + to;
      posts[from].put(to, letter);
    }
    posts[from].publish(no_wake);
  }
  for (uint32_t to = 0; to < threads_max; ++to) {
    uint32_t count = 0;
    posts[to].drain([&](Letter& letter, uint32_t from) {
      CHECK(number_of(letter) == from * threads_max + to);
      ++count;
    });
    CHECK(count == threads_max - 1);
  }
}

TEST_CASE("a letter that is handled may be sent on at once") {
  Mailboxes boxes(2);
  Post left(boxes, 0);
  Post right(boxes, 1);
  std::vector<Numbered> letters(5);
  for (uint32_t i = 0; i < 5; ++i) {
    letters[i].number = i;
    left.put(1, letters[i]);
  }
  left.publish(no_wake);
  right.drain([&](Letter& letter, uint32_t from) { right.put(from, letter); });
  right.publish(no_wake);
  CHECK(drained(left) == std::vector<uint32_t>{0, 1, 2, 3, 4});
}

TEST_CASE("a core with letters does not fall asleep, one without does") {
  Mailboxes boxes(2);
  Post sender(boxes, 0);
  Post receiver(boxes, 1);
  Numbered letter;
  sender.put(1, letter);
  sender.publish(no_wake);
  CHECK_FALSE(receiver.fall_asleep());
  CHECK(drained(receiver).size() == 1);
  CHECK(receiver.fall_asleep());
  receiver.wake_up();
}

TEST_CASE("a sleeper is woken once, by whoever is first") {
  Mailboxes boxes(3);
  Post sleeper(boxes, 0);
  Post first(boxes, 1);
  Post second(boxes, 2);
  Numbered letters[3];
  REQUIRE(sleeper.fall_asleep());
  uint32_t woken = threads_max;
  const auto wake = [&](uint32_t core) { woken = core; };
  first.put(0, letters[0]);
  CHECK(first.publish(wake) == 1);
  CHECK(woken == 0);
  second.put(0, letters[1]);
  CHECK(second.publish(no_wake) == 0);
  first.put(0, letters[2]);
  CHECK(first.publish(no_wake) == 0);
  sleeper.wake_up();
  CHECK(drained(sleeper).size() == 3);
}

TEST_CASE("returned pins alone wake nobody, and keep awake who looks") {
  Mailboxes boxes(2);
  Post sleeper(boxes, 0);
  Post sender(boxes, 1);
  PinsLetter pins;
  Numbered request;
  REQUIRE(sleeper.fall_asleep());
  sender.put(0, pins);
  CHECK(sender.publish(no_wake) == 0);
  SUBCASE("who wakes for another reason finds them before it sleeps again") {
    sleeper.wake_up();
    CHECK_FALSE(sleeper.fall_asleep());
  }
  SUBCASE("a later request still wakes") {
    sender.put(0, request);
    CHECK(sender.publish([](uint32_t core) { CHECK(core == 0); }) == 1);
  }
  uint32_t count = 0;
  sleeper.drain([&](Letter& letter, uint32_t) { count += letter.kind == LetterKind::Pins; });
  CHECK(count == 1);
}

TEST_CASE("pins that travel with a request wake as the request does") {
  Mailboxes boxes(2);
  Post sleeper(boxes, 0);
  Post sender(boxes, 1);
  PinsLetter pins;
  Numbered request;
  REQUIRE(sleeper.fall_asleep());
  SUBCASE("pins first") {
    sender.put(0, pins);
    sender.put(0, request);
  }
  SUBCASE("request first") {
    sender.put(0, request);
    sender.put(0, pins);
  }
  CHECK(sender.publish([](uint32_t) {}) == 1);
  sender.put(0, *new PinsLetter);
  CHECK(sender.publish(no_wake) == 0);
  uint32_t count = 0;
  sleeper.drain([&](Letter& letter, uint32_t) {
    if (++count == 3) delete static_cast<PinsLetter*>(&letter);
  });
  CHECK(count == 3);
}

// ThreadSanitizer watches these two.
TEST_CASE("four cores send each other 100,000 letters each: none is lost, all are in order") {
  Mailboxes boxes(Sender::cores);
  Bell bells[Sender::cores];
  std::vector<Sender> senders;
  for (uint32_t i = 0; i < Sender::cores; ++i) senders.emplace_back(boxes, i, bells);
  std::vector<std::thread> threads;
  for (Sender& sender : senders) threads.emplace_back([&sender] { sender.run(); });
  for (std::thread& thread : threads) thread.join();
  for (const Sender& sender : senders) {
    CHECK(sender.faults == 0);
    CHECK(sender.received() == sender.expected());
  }
}

TEST_CASE("a sleeper is always woken: a letter goes to and fro 100,000 times") {
  Hunt hunt;
  std::thread hunter([&] { hunt.run_hunter(); });
  CHECK(hunt.run_sleeper());
  hunter.join();
  CHECK(hunt.sleeps > 0);
}

}  // namespace ringcached::shard
