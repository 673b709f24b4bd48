// Clients of many connections act upon the same keys of a running server, and check what they read.
//
//   consistency PORT THREADS CONNECTIONS ACTS SEED MIB
//
// MIB is the server's -m. Meanwhile another client changes it, moves pages, sweeps and flushes.
// Ends with 0 if nothing was read that should not have been, 1 if something was, 2 if it could not
// play.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "player.h"

namespace ringcached::consistency {
namespace {

constexpr auto pause = std::chrono::milliseconds(5);

/// Until the players are done.
void disturb(Stage& stage, uint16_t port, uint64_t mib, uint64_t seed,
             const std::atomic<bool>& done) {
  Link link(port);
  std::mt19937_64 random(seed);
  while (!done.load()) {
    const uint64_t drawn = random() % 100;
    const Time begun = now();
    if (drawn < 40) {
      link.send("cache_memlimit " + std::to_string(mib / (1 + random() % 2)) + "\r\n");
    } else if (drawn < 70) {
      link.send("slabs reassign -1 " + std::to_string(1 + random() % 20) + "\r\n");
    } else if (drawn < 99) {
      link.send("lru_crawler crawl all\r\n");
    } else {
      link.send("flush_all\r\n");
    }
    link.read_line();
    if (drawn >= 99) stage.history.all_were_gone(begun);
    std::this_thread::sleep_for(pause);
  }
}

int run(char** words) {
  const auto number = [&](int which) { return std::strtoull(words[which], nullptr, 10); };
  const auto port = static_cast<uint16_t>(number(1));
  const auto threads = static_cast<uint32_t>(number(2));
  const auto connections = static_cast<uint32_t>(number(3));
  const uint64_t acts = number(4), seed = number(5), mib = number(6);
  Stage stage(threads);
  std::atomic<bool> done{false};
  std::thread disturber(disturb, std::ref(stage), port, mib, seed, std::cref(done));
  std::vector<std::thread> players;
  for (uint32_t i = 0; i < threads; ++i) {
    players.emplace_back(
        [&, i] { Player(stage, port, connections, i, seed + 1 + i).play(acts / threads); });
  }
  for (std::thread& player : players) player.join();
  done.store(true);
  disturber.join();
  std::printf("%" PRIu64 " acts, %" PRIu64 " values read, %" PRIu64 " violations\n", acts,
              stage.reads.load(), stage.violations.load());
  return stage.violations.load() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace ringcached::consistency

int main(int count, char** words) {
  if (count != 7) ringcached::consistency::fail("PORT THREADS CONNECTIONS ACTS SEED MIB");
  return ringcached::consistency::run(words);
}
