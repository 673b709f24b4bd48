// Claims about a kernel that does not take what a ring hands over: nothing is lost, nobody dies.
//
// The functions of liburing that enter the kernel are replaced in this executable; they refuse as
// often as a test wants and are the library's own for everybody else.
#include <dlfcn.h>

#include <cerrno>

#include "door_fixture.h"

namespace {

struct Refusals {
  int left = 0;
  int answer = 0;  // -errno, or 0: as if nothing had been to hand over
};
Refusals refusals;

using Enter = int (*)(io_uring*);

int enter_unless_refused(const char* name, io_uring* ring) {
  if (refusals.left > 0) {
    --refusals.left;
    return refusals.answer;
  }
  return reinterpret_cast<Enter>(::dlsym(RTLD_NEXT, name))(ring);
}

}  // namespace

extern "C" int io_uring_submit(io_uring* ring) {
  return enter_unless_refused("io_uring_submit", ring);
}

extern "C" int io_uring_submit_and_get_events(io_uring* ring) {
  return enter_unless_refused("io_uring_submit_and_get_events", ring);
}

namespace ringcached::io {
namespace {

constexpr uint32_t queue = 64;  // entries of the submission queue

DoorConfig small_queue() {
  DoorConfig config;
  config.submissions = queue;
  return config;
}

}  // namespace

TEST_CASE(
    "a full queue that the kernel refuses to take is handed over again, and nothing is lost") {
  for (const int answer : {-EBUSY, -EAGAIN, 0}) {
    CAPTURE(answer);
    Opened<UringDoor> f(small_queue());
    constexpr uint32_t count = 3 * queue;
    std::vector<Pair> pairs;
    for (uint32_t i = 0; i < count; ++i) pairs.push_back(local_pair());
    for (uint32_t i = 0; i < count; ++i) {
      if (i % queue == 0) refusals = {10, answer};
      f.door->send(pairs[i].near, "x", 1, Token{Act::Send, i, 1});
    }
    CHECK(refusals.left < 10);
    refusals = {};
    f.until([&] { return f.seen.size() >= count; });
    std::vector<int> done(count);
    for (const Completion& completion : f.seen) {
      CHECK(completion.result == 1);
      ++done[completion.token.slot];
    }
    CHECK(done == std::vector<int>(count, 1));
  }
}

TEST_CASE("what completes while the kernel refuses is told at the next wait, in order") {
  Opened<UringDoor> f(small_queue());
  const Pair talker = local_pair();
  constexpr Token receiving{Act::Receive, queue * 2, 1};
  f.door->receive(talker.near, receiving);
  f.turn();
  write_all(talker.far, "first ");
  f.until([&] { return f.count(receiving) == 1; });
  write_all(talker.far, "second ");
  std::vector<Pair> pairs;
  for (uint32_t i = 0; i < queue + 1; ++i) pairs.push_back(local_pair());
  refusals = {0, 0};
  for (uint32_t i = 0; i < queue + 1; ++i) {
    if (i == queue) refusals = {3, -EBUSY};
    f.door->send(pairs[i].near, "x", 1, Token{Act::Send, i, 1});
  }
  CHECK(refusals.left == 0);
  f.until([&] { return f.seen.size() == queue + 3; });
  write_all(talker.far, "third");
  f.until([&] { return f.count(receiving) == 3; });
  CHECK(f.take_bytes(receiving) == "first second third");
  f.end_receive(receiving);
}

TEST_CASE("a tick that the kernel has not taken yet keeps its time when another is asked for") {
  Opened<UringDoor> f;
  constexpr Token soon{Act::Tick, 1, 1};
  constexpr Token late{Act::Tick, 2, 1};
  f.door->tick(1, soon);
  refusals = {1, 0};
  CHECK(f.door->wait(false).empty());
  f.door->tick(3'600'000, late);
  CHECK(f.last(soon).result == -ETIME);
  CHECK(f.count(late) == 0);
}

}  // namespace ringcached::io
