// Claims about memory: what one client can make the server hold, and what comes of it at the bound.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "client.h"
#include "seeds.h"

namespace ringcached::sim {
namespace {

constexpr uint64_t seeds = 10;
constexpr int turns_until_quiet = 5000;

const std::string small = "small value";
const std::string medium(6000, 'm');  // pinned while it is sent
const std::string refused_get = "SERVER_ERROR out of memory writing get response\r\n";

/// A server whose large values are all held by readers that do not read, but for one.
struct Besieged {
  static constexpr uint64_t memory = 4 << 20;  // of which seven eighths may be held
  static constexpr int held = 14;

  explicit Besieged(uint64_t seed) : world(seed, config_for(2, memory), {}), writer(world) {
    writer.ask(set_command("small", small) + set_command("medium", medium), "STORED\r\nSTORED\r\n");
    for (int i = 0; i <= held; ++i) writer.ask(set_command(name(i), large), "STORED\r\n");
    for (int i = 0; i < held; ++i) {
      readers.emplace_back(world);
      readers.back().say("get " + name(i) + "\r\n");
    }
    world.run(turns_until_quiet);
  }

  static std::string name(int i) { return "large" + std::to_string(i); }

  /// The readers read.
  void relieve() {
    for (int i = 0; i < held; ++i) {
      readers[static_cast<size_t>(i)].expect(value_reply(name(i), large) + "END\r\n");
    }
  }

  const std::string large = std::string(250'000, 'l');
  World world;
  Client writer;
  std::vector<Client> readers;
};

const std::string too_large = Besieged::name(Besieged::held);

}  // namespace

TEST_CASE("a value that cannot be had ends its get line with an error, and the next is answered") {
  for_seeds(seeds, [](uint64_t seed) {
    CAPTURE(seed);
    Besieged siege(seed);
    std::string long_line = "get small " + too_large + " medium";  // more than one batch
    for (int i = 0; i < 300; ++i) long_line += " small";
    const std::string behind = "get small\r\n" + set_command("after", "x") + "get after\r\n";
    const std::string behind_answered =
        value_reply("small", small) + "END\r\nSTORED\r\n" + value_reply("after", "x") + "END\r\n";
    for (const std::string& line :
         {"get small " + too_large + " medium small", "gets " + too_large + " medium",
          "get small " + too_large, long_line}) {
      // One on each core: with a local and with a foreign partition.
      for (int i = 0; i < 2; ++i) {
        Client client(siege.world);
        const std::string before = line.starts_with("gets") ? "" : value_reply("small", small);
        client.ask(line + "\r\n" + behind, before + refused_get + behind_answered);
      }
    }
    siege.relieve();
    siege.world.run(turns_until_quiet);
    CHECK(siege.writer.stat("ring", "pinned_bytes") == 0);
    siege.writer.ask("get small " + too_large + "\r\n",
                     value_reply("small", small) + value_reply(too_large, siege.large) + "END\r\n");
    CHECK(siege.world.stop());
  });
}

TEST_CASE("a client that does not read is read from up to a bound, though buffers are short") {
  for_seeds(seeds, [](uint64_t seed) {
    CAPTURE(seed);
    World world(seed, config_for(2, 64ull << 20), {});
    Client writer(world);
    const std::string value(200'000, 'v');
    writer.ask(set_command("key", value), "STORED\r\n");
    std::string commands;
    while (commands.size() < 600'000) commands += "get key\r\n";

    // More of them than there are buffers for: what they have sent is copied aside.
    std::vector<Client> greedy;
    for (int i = 0; i < 60; ++i) {
      greedy.emplace_back(world);
      greedy.back().say(commands);
    }
    world.run(10 * turns_until_quiet);
    CHECK(writer.stat("ring", "receives_starved") > 0);
    // The bound, and a buffer each for what a batch took out and for what came before the kernel
    // had heard that enough is enough.
    constexpr size_t most = (session::Input::leases_max + 2) * io::BufferPool::buffer_size;
    for (const Client& client : greedy) CHECK(commands.size() - client.not_received() <= most);
    writer.ask("get key\r\n", value_reply("key", value) + "END\r\n");

    // Nothing was lost: who begins to read gets what it asked for.
    for (int i = 0; i < 50; ++i) greedy[0].expect(value_reply("key", value) + "END\r\n");
    CHECK(world.stop());
  });
}

TEST_CASE("who starves for a buffer is fed by few of those that hold them, not by all") {
  for_seeds(seeds, [](uint64_t seed) {
    CAPTURE(seed);
    constexpr size_t held_by_one = session::Input::leases_max;
    constexpr size_t commands_in_one = io::BufferPool::buffer_size / 8;
    World world(seed, config_for(1, 64ull << 20),
                {.short_receive = 0, .ends_early = 0, .starves = 0, .late = 0});
    Client writer(world);
    const std::string value(200'000, 'v');
    writer.ask(set_command("k", value), "STORED\r\n");
    std::string commands;  // whose replies nobody takes, so that few of them are run
    for (size_t i = 0; i < held_by_one * commands_in_one; ++i) commands += "get  k\r\n";
    std::vector<Client> holders;
    const uint32_t buffers = world.pool(0).buffers();
    for (size_t i = 0; i < buffers / held_by_one; ++i) {
      holders.emplace_back(world);
      holders.back().stop_taking();
      holders.back().say(commands);
      world.run(turns_until_quiet / 10);
    }
    REQUIRE(world.pool(0).leased() == buffers);

    Client newcomer(world);
    newcomer.say("get none\r\n");
    uint32_t least = buffers;
    std::string answer;
    for (int turn = 0; turn < turns_until_quiet && answer.empty(); ++turn) {
      world.step();
      least = std::min(least, world.pool(0).leased());
      answer = world.network().client_takes(newcomer.socket(), SIZE_MAX);
    }
    CHECK(answer == "END\r\n");
    CHECK(least < buffers);
    CHECK(least >= buffers - held_by_one);

    // Nothing was lost of what was copied.
    for (Client& holder : holders) {
      holder.go_on_taking();
      for (int i = 0; i < 20; ++i) holder.expect(value_reply("k", value) + "END\r\n");
    }
    CHECK(world.stop());
  });
}

TEST_CASE("clients that were answered nothing hold no block of output") {
  for_seeds(seeds, [](uint64_t seed) {
    CAPTURE(seed);
    World world(seed, config_for(3, 64ull << 20), {});
    const std::string quiet =
        "set key 0 0 1 noreply\r\n1\r\nincr key 1 noreply\r\ntouch key 0 noreply\r\n"
        "delete key noreply\r\nappend nothing 0 0 1 noreply\r\nx\r\n";
    std::string misses = "get";  // a line without an end, that is run as it comes
    for (int i = 0; i < 800; ++i) misses += " " + std::string(200, 'k') + std::to_string(i);
    std::vector<Client> clients;
    for (int i = 0; i < 20; ++i) {
      clients.emplace_back(world);
      clients.back().say(i % 2 == 0 ? quiet + quiet : misses);
    }
    world.run(turns_until_quiet);
    Client asker(world);
    while (asker.stat("", "cmd_get") < 10 * 100) world.run(turns_until_quiet);
    CHECK(asker.stat("ring", "output_blocks") == 0);
    for (size_t i = 0; i < clients.size(); ++i) {
      if (i % 2 == 0) {
        clients[i].ask("get nothing\r\n", "END\r\n");
      } else {
        clients[i].ask("\r\n", "END\r\n");
      }
    }
  });
}

}  // namespace ringcached::sim
