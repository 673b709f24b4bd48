// Claims about the whole server, in a world that is unkind in every way the seed can think of.
#include <doctest/doctest.h>

#include <string>

#include "player.h"
#include "seeds.h"

namespace ringcached::sim {
namespace {

/// Turns until every player has every reply. Bounded: a lost reply is a failure, not a hang. A
/// second passes now and then, since a client that could not be accepted waits for one.
void settle(World& world, std::vector<Player>& players) {
  for (int turn = 0; turn < 400'000; ++turn) {
    world.step();
    bool all = true;
    for (Player& player : players) {
      player.play();
      all = all && player.settled();
    }
    if (all) return;
    if (turn % 1000 == 999) world.pass_seconds(1);
  }
  FAIL("replies are missing");
}

void play(uint64_t seed, uint32_t threads, const io::FakeMoods& moods, bool vanishing) {
  CAPTURE(seed);
  CAPTURE(threads);
  World world(seed, config_for(threads, 64ull << 20), moods);
  std::vector<Player> players;
  for (uint32_t i = 0; i < 7; ++i) players.emplace_back(world, i);
  for (int turn = 0; turn < 1500; ++turn) {
    Player& player = players[world.random()() % players.size()];
    if (world.random()() % 8 == 0) player.think();
    if (vanishing && world.random()() % 200 == 0) player.vanish();
    player.play();
    world.step();
    // What a core does once a second falls between any two things that clients do.
    if (world.random()() % 20 == 0) {
      world.pass_seconds(1 + static_cast<uint32_t>(world.random()() % 5));
    }
    if (turn % 500 == 0) world.verify();
  }
  settle(world, players);
  world.verify();
  for (Player& player : players) player.end();
  for (int turn = 1; turn < 100'000 && world.network().open_sockets() > 0; ++turn) {
    world.step();
    if (turn % 1000 == 0) world.pass_seconds(1);
  }
  CHECK(world.network().open_sockets() == 0);
  CHECK(world.stop());
}

TEST_CASE("two partitions in one thread answer every client exactly as its model says") {
  for_seeds(100, [](uint64_t seed) { play(seed, 2, {}, false); });
}

TEST_CASE("one partition alone answers the same") {
  for_seeds(25, [](uint64_t seed) { play(seed, 1, {}, false); });
}

TEST_CASE("five cores, of which one has no partition, answer the same") {
  for_seeds(100, [](uint64_t seed) { play(seed, 5, {}, false); });
}

TEST_CASE("clients that vanish leave the others right and nothing behind") {
  for_seeds(100, [](uint64_t seed) { play(seed, 3, {}, true); });
}

TEST_CASE("a world that starves and cuts receives short all the time is only slower") {
  io::FakeMoods moods;
  moods.starves = 400;
  moods.ends_early = 500;
  moods.short_receive = 950;
  moods.short_send = 950;
  moods.overflow = 300;
  for_seeds(100, [&](uint64_t seed) { play(seed, 2, moods, true); });
}

TEST_CASE("clients that come when there is no descriptor left are served when there is one") {
  io::FakeMoods moods;
  moods.no_descriptor = 500;
  for_seeds(50, [&](uint64_t seed) { play(seed, 3, moods, true); });
}

TEST_CASE("a stop in the middle of everything ends, with every lease, pin and parcel home") {
  for_seeds(100, [](uint64_t seed) {
    CAPTURE(seed);
    World world(seed, config_for(3, 64ull << 20), {});
    std::vector<Player> players;
    for (uint32_t i = 0; i < 7; ++i) players.emplace_back(world, i);
    for (int turn = 0; turn < 400; ++turn) {
      for (Player& player : players) {
        if (world.random()() % 6 == 0) player.think();
        player.play();
      }
      world.step();
    }
    CHECK(world.stop());
    CHECK(world.network().open_sockets() == 0);
  });
}

TEST_CASE("a client that never reads holds no more than its share, and the rest is served") {
  for_seeds(10, [](uint64_t seed) {
    CAPTURE(seed);
    World world(seed, config_for(2, 64ull << 20), {});
    Player honest(world, 1);
    const int greedy = world.connect();
    const std::string value(200'000, 'v');
    world.network().client_sends(greedy, "set big 0 0 200000\r\n" + value + "\r\n");
    for (int i = 0; i < 2000; ++i) world.network().client_sends(greedy, "get big\r\n");
    std::vector<Player> players;
    players.push_back(std::move(honest));
    for (int turn = 0; turn < 2000; ++turn) {
      if (turn % 10 == 0) players[0].think();
      players[0].play();
      world.step();
    }
    settle(world, players);
    world.verify();
    // It holds an item and takes nothing: after a minute it is cut off.
    for (int turn = 0; turn < 5000 && !world.network().server_has_closed(greedy); ++turn) {
      if (turn % 20 == 0) world.pass_seconds(1);
      world.step();
    }
    CHECK(world.network().server_has_closed(greedy));
    CHECK(world.stop());
  });
}

}  // namespace
}  // namespace ringcached::sim
