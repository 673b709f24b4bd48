// Claims about what one client may take of a turn while others wait.
#include <doctest/doctest.h>

#include <string>

#include "client.h"
#include "seeds.h"
#include "session/connection.h"
#include "shard/owner.h"

namespace ringcached::sim {
namespace {

constexpr uint64_t seeds = 10;
/// Operations of a batch at the least bound, which is the default: see README, -R.
constexpr size_t batch = 128;
/// A request needs a turn to be run in and one to be sent in; the first may just have begun.
constexpr size_t turns_of_an_answer = 3;

/// A world in which everything happens at once: turns can be counted.
constexpr io::FakeMoods kind{.delay = 0,
                             .short_receive = 0,
                             .ends_early = 0,
                             .starves = 0,
                             .short_send = 0,
                             .late = 0,
                             .overflow = 0};

size_t count_of(const std::string& what, const std::string& bytes) {
  size_t count = 0;
  for (size_t at = bytes.find(what); at != std::string::npos; at = bytes.find(what, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("who has piled up commands gets no more than a batch of them run in a turn") {
  for_seeds(seeds, [](uint64_t seed) {
    CAPTURE(seed);
    World world(seed, config_for(1, 64ull << 20), kind);
    Client greedy(world);
    Client modest(world);
    greedy.ask("get none\r\n", "END\r\n");
    modest.ask("get none\r\n", "END\r\n");
    std::string pile;
    for (int i = 0; i < 5000; ++i) pile += "get none\r\n";
    greedy.say(pile);
    const std::string miss = "END\r\n";
    std::string taken;
    while (taken.size() < 1000 * miss.size()) {
      world.step();
      taken += world.network().client_takes(greedy.socket(), SIZE_MAX);
    }
    modest.say("get none\r\n");
    std::string answer;
    std::string meanwhile;
    for (size_t turn = 0; turn < turns_of_an_answer && answer.empty(); ++turn) {
      world.step();
      meanwhile += world.network().client_takes(greedy.socket(), SIZE_MAX);
      answer = world.network().client_takes(modest.socket(), SIZE_MAX);
    }
    CHECK(answer == miss);
    CHECK(count_of(miss, meanwhile) > 0);  // it was busy
    CHECK(count_of(miss, meanwhile) <= turns_of_an_answer * batch);
    CHECK(world.stop());
  });
}

TEST_CASE("who has piled up large values is sent no more of them at a time than may be run ahead") {
  for_seeds(seeds, [](uint64_t seed) {
    CAPTURE(seed);
    World world(seed, config_for(2, 64ull << 20), {});
    Client client(world);
    const std::string large(900'000, 'l');
    client.ask(set_command("large", large), "STORED\r\n");
    const std::string reply = value_reply("large", large) + "END\r\n";
    std::string commands;
    std::string replies;
    for (int i = 0; i < 6; ++i) {
      commands += "get large\r\n";
      replies += reply;
    }
    client.ask(commands, replies);
    // Nothing runs for it above output_high, and what runs ends with the value that is enough.
    const uint64_t most =
        session::Connection::output_high + shard::Owner::reply_bytes_max + reply.size();
    CHECK(world.network().largest_send() >= large.size());
    CHECK(world.network().largest_send() <= most);
    CHECK(most < replies.size() / 2);
    CHECK(world.stop());
  });
}

}  // namespace ringcached::sim
