// A whole ringcached in one thread: its real cores on fake doors, stepped by a seed.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "io/fake_door.h"
#include "server/core.h"
#include "server/process.h"

namespace ringcached::sim {

/// What all worlds of this process have seen; printed when it ends.
struct Tally {
  ~Tally();
  uint64_t commands = 0;  // of players, whose every reply is compared
  uint64_t seconds = 0;   // that the worlds' clocks have moved
};
extern Tally tally;

class World {
 public:
  World(uint64_t seed, const Config& config, const io::FakeMoods& moods,
        uint32_t buffers_max = io::BufferPool::step);
  ~World();

  /// Core i has the socket of datagrams first_udp_socket + i.
  static constexpr int first_udp_socket = 20;

  io::FakeNetwork& network() { return network_; }
  std::mt19937_64& random() { return random_; }
  /// The receive buffers of a core.
  const io::BufferPool& pool(uint32_t core) const { return doors_[core]->pool(); }

  /// A client connects to the only listener.
  int connect() { return network_.connect(listener); }
  /// One turn of one core, which the seed chooses.
  void step();
  void run(int turns);
  void pass_seconds(uint32_t seconds);
  /// The next allocations of one partition, which the seed chooses, fail: the nth or it and all
  /// behind it.
  void fail_allocations(uint64_t nth, bool and_all_behind);
  /// None fails any more.
  void end_failures();
  /// Every invariant of every partition.
  void verify() const;
  /// Stops the process and turns its cores until they have ended; false: they do not end.
  bool stop();

 private:
  static constexpr int listener = 10;
  /// Turns after which a stop that has not ended never will.
  static constexpr int stop_turns_max = 200'000;

  std::mt19937_64 random_;
  io::FakeNetwork network_;
  Now now_;
  server::Process process_;
  std::vector<std::unique_ptr<io::FakeDoor>> doors_;
  std::vector<std::unique_ptr<server::Core>> cores_;
  bool stopped_ = false;
};

}  // namespace ringcached::sim
