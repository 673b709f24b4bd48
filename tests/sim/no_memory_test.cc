// Claims about the whole server while memory is refused to it here and there.
#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "client.h"
#include "seeds.h"

namespace ringcached::sim {
namespace {

constexpr uint64_t seeds = 60;
constexpr int acts = 300;
/// From one chunk of a class to chains of many segments.
constexpr std::array<size_t, 6> sizes = {10, 900, 5000, 20'000, 100'000, 700'000};

/// A client whose keys nobody else touches. A value may go whenever memory is short; what is read
/// must be the last that was stored, or one whose replacement was refused since.
class Keeper {
 public:
  Keeper(World& world, int number) : client_(world), prefix_("k" + std::to_string(number) + "-") {}

  void act(World& world) {
    const size_t key = world.random()() % legal_.size();
    const size_t size = sizes[world.random()() % sizes.size()];
    switch (world.random()() % 4) {
      case 0:
        client_.say("delete " + name(key) + "\r\n");
        took(client_.take_line(), "DELETED", "NOT_FOUND");
        return legal_[key].clear();
      case 1:
        return store(key, std::string(size, static_cast<char>('a' + world.random()() % 26)));
      default:
        return read(key);
    }
  }

  int socket() const { return client_.socket(); }
  uint32_t refused() const { return refused_; }

 private:
  std::string name(size_t key) const { return prefix_ + std::to_string(key); }

  void took(const std::string& line, const std::string& one, const std::string& other) {
    CAPTURE(line);
    const bool refused = line.starts_with("SERVER_ERROR ");
    const bool legal = line == one || line == other || refused;
    REQUIRE(legal);
    refused_ += refused;
  }

  void store(size_t key, const std::string& value) {
    client_.say(set_command(name(key), value));
    const std::string line = client_.take_line();
    took(line, "STORED", "STORED");
    if (line == "STORED") legal_[key] = value;
  }

  void read(size_t key) {
    client_.say("get " + name(key) + "\r\n");
    const std::string line = client_.take_line();
    if (!line.starts_with("VALUE ")) return took(line, "END", "END");
    const std::string value = client_.take(std::stoull(line.substr(line.rfind(' '))));
    CHECK(value == legal_[key]);
    CHECK(client_.take(7) == "\r\nEND\r\n");
  }

  Client client_;
  std::string prefix_;
  std::array<std::string, 6> legal_{};
  uint32_t refused_ = 0;  // requests
};

}  // namespace

TEST_CASE("where memory is refused there is an error or a miss, and never a wrong value") {
  uint32_t refused = 0;
  for_seeds(seeds, [&](uint64_t seed) {
    CAPTURE(seed);
    World world(seed, config_for(static_cast<uint32_t>(1 + seed % 3), 64ull << 20), {});
    std::vector<Keeper> keepers;
    for (int i = 0; i < 4; ++i) keepers.emplace_back(world, i);
    for (int act = 0; act < acts; ++act) {
      if (world.random()() % 4 == 0) {
        world.fail_allocations(1 + world.random()() % 8, world.random()() % 8 == 0);
      }
      keepers[world.random()() % keepers.size()].act(world);
      if (world.random()() % 8 == 0) world.end_failures();
      // The clock of a machine that slept jumps.
      if (world.random()() % 50 == 0) world.pass_seconds(100'000);
      if (act % 100 == 0) world.verify();
    }
    world.end_failures();
    world.verify();
    for (Keeper& keeper : keepers) {
      world.network().client_ends(keeper.socket());
      refused += keeper.refused();
    }
    for (int turn = 0; turn < 100'000 && world.network().open_sockets() > 0; ++turn) world.step();
    CHECK(world.network().open_sockets() == 0);
    CHECK(world.stop());
  });
  CHECK(refused > 0);
}

}  // namespace ringcached::sim
