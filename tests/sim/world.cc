// A whole ringcached in one thread: how it is built, stepped and stopped.
#include "world.h"

#include <cinttypes>
#include <cstdio>

#include "base/assert.h"

namespace ringcached::sim {

Tally tally;

Tally::~Tally() {
  std::printf("simulated: %" PRIu64 " commands, %" PRIu64 " seconds\n", commands, seconds);
}

World::World(uint64_t seed, const Config& config, const io::FakeMoods& moods, uint32_t buffers_max)
    : random_(seed),
      network_(seed + 1),
      now_{clock_start, 1'700'000'000},
      process_(config, Clock(now_), seed) {
  for (uint32_t i = 0; i < config.threads; ++i) {
    doors_.push_back(std::make_unique<io::FakeDoor>(network_, moods, buffers_max));
    const std::vector<int> listeners = i == 0 ? std::vector<int>{listener} : std::vector<int>();
    cores_.push_back(
        std::make_unique<server::Core>(process_, i, *doors_[i], listeners,
                                       std::vector<int>{first_udp_socket + static_cast<int>(i)}));
    cores_.back()->start();
  }
}

World::~World() {
  if (!stopped_) stop();
}

void World::step() {
  cores_[random_() % cores_.size()]->turn(false);
}

void World::run(int turns) {
  for (; turns > 0; --turns) step();
}

void World::pass_seconds(uint32_t seconds) {
  tally.seconds += seconds;
  now_.seconds += seconds;
  now_.unix_seconds += seconds;
  for (const auto& door : doors_) door->set_milliseconds(uint64_t{now_.seconds} * 1000);
}

void World::fail_allocations(uint64_t nth, bool and_all_behind) {
  store::FaultPlan* const faults = cores_[random_() % cores_.size()]->faults();
  if (faults != nullptr) faults->fail_nth(nth, and_all_behind);
}

void World::end_failures() {
  for (const auto& core : cores_) {
    if (store::FaultPlan* const faults = core->faults(); faults != nullptr) faults->fail_nth(0);
  }
}

void World::verify() const {
  for (const auto& core : cores_) core->verify();
}

bool World::stop() {
  stopped_ = true;
  process_.request_stop();
  const auto all_ended = [this] {
    for (const auto& core : cores_) {
      if (!core->ended()) return false;
    }
    return true;
  };
  for (int turn = 0; turn < stop_turns_max && !all_ended(); ++turn) {
    step();
    // Clients that take nothing are cut off by the deadline.
    if (turn % 1000 == 999) pass_seconds(1);
  }
  const bool ended = all_ended();
  RC_ASSERT(ended);
  for (const auto& core : cores_) core->drain_last_letters();
  return ended;
}

}  // namespace ringcached::sim
