// Claims about clients that wait at the door because there are as many as there may be.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "client.h"
#include "seeds.h"

namespace ringcached::sim {
namespace {

constexpr uint64_t seeds = 20;
constexpr uint32_t cores = 4;
constexpr int turns_until_quiet = 500;

}  // namespace

TEST_CASE("who waits is let in when a connection of another core ends, within the same second") {
  for_seeds(seeds, [](uint64_t seed) {
    CAPTURE(seed);
    Config config = config_for(cores, 64ull << 20);
    config.connections_max = cores;
    config.extended.maxconns_fast = false;
    World world(seed, config, {});
    std::vector<Client> clients;  // one on each core
    for (uint32_t core = 0; core < cores; ++core) {
      clients.emplace_back(world);
      clients.back().ask("get none\r\n", "END\r\n");
    }
    for (uint32_t core = cores - 1; core > 0; --core) {
      world.run(turns_until_quiet);
      Client newcomer(world);
      newcomer.say("get none\r\n");
      world.run(turns_until_quiet);
      CHECK(newcomer.not_received() > 0);
      world.network().client_ends(clients[core].socket());
      newcomer.expect("END\r\n");
    }
    CHECK(world.stop());
  });
}

}  // namespace ringcached::sim
