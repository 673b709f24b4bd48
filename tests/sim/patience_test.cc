// Claims about time: whom the server waits for, and for how long.
#include <doctest/doctest.h>

#include <string>

#include "client.h"
#include "seeds.h"

namespace ringcached::sim {
namespace {

constexpr uint64_t memory = 64ull << 20;
constexpr uint64_t seeds = 20;

const std::string big(200'000, 'b');
const std::string text(3000, 't');  // copied, not pinned

/// What is to happen has happened by then, ticks included.
constexpr int turns_a_second = 200;
constexpr int turns_until_quiet = 3000;

void pass(World& world, uint32_t seconds) {
  for (; seconds > 0; --seconds) {
    world.pass_seconds(1);
    world.run(turns_a_second);
  }
}

/// With a large value, and text enough to fill what the kernel takes for a client.
void fill(Client& client) {
  client.ask(set_command("big", big) + set_command("text", text), "STORED\r\nSTORED\r\n");
}

}  // namespace

TEST_CASE("a client that sends no byte in the middle of a large value is closed after a minute") {
  for_seeds(seeds, [](uint64_t seed) {
    CAPTURE(seed);
    World world(seed, config_for(3, memory), {});
    Client other(world);
    fill(other);
    Client stalls(world);
    stalls.say("get nothing\r\nset big 0 0 200000\r\n" + std::string(50'000, 'x'));
    world.run(turns_until_quiet);
    pass(world, 57);
    CHECK(!stalls.closed());
    pass(world, 5);
    CHECK(stalls.closed());
    other.ask("get big\r\n", value_reply("big", big) + "END\r\n");  // the old value
  });
}

TEST_CASE("a client that sends a byte of its large value now and then is waited for") {
  for_seeds(seeds, [](uint64_t seed) {
    CAPTURE(seed);
    World world(seed, config_for(3, memory), {});
    Client slow(world);
    slow.say("set big 0 0 200000\r\n" + big.substr(4));
    for (int i = 0; i < 4; ++i) {
      world.run(turns_until_quiet);
      pass(world, 50);
      slow.say("b");
    }
    slow.ask("\r\nget big\r\n", "STORED\r\n" + value_reply("big", big) + "END\r\n");
  });
}

TEST_CASE("the minute of a reader that was silent for long begins with its reply") {
  for_seeds(seeds, [](uint64_t seed) {
    CAPTURE(seed);
    World world(seed, config_for(3, memory), {});
    Client reader(world);
    fill(reader);
    pass(world, 100);
    // Its window is closed for the moment: the text is under way when the large value comes.
    reader.stop_taking();
    reader.say("get text\r\n");
    world.run(turns_until_quiet);
    reader.say("get big\r\n");
    world.run(turns_until_quiet);
    pass(world, 55);
    CHECK(!reader.closed());
    reader.go_on_taking();
    reader.expect(value_reply("text", text) + "END\r\n" + value_reply("big", big) + "END\r\n");
  });
}

TEST_CASE("items behind a send that is stuck are given home after a minute, whatever follows") {
  for_seeds(seeds, [](uint64_t seed) {
    CAPTURE(seed);
    World world(seed, config_for(3, memory), {});
    Client other(world);
    fill(other);
    Client reader(world);
    reader.stop_taking();
    reader.say("get text\r\n");
    world.run(turns_until_quiet);
    for (int i = 0; i < 3; ++i) {
      reader.say("get big\r\n");
      world.run(turns_until_quiet);
      pass(world, 18);
    }
    CHECK(!reader.closed());
    CHECK(other.stat("ring", "pinned_bytes") > 0);
    pass(world, 10);
    CHECK(reader.closed());
    CHECK(other.stat("ring", "pinned_bytes") == 0);
  });
}

TEST_CASE("a reader that takes a little now and then is waited for") {
  for_seeds(seeds, [](uint64_t seed) {
    CAPTURE(seed);
    World world(seed, config_for(3, memory), {});
    Client reader(world);
    fill(reader);
    reader.say("get big\r\n");
    std::string reply = value_reply("big", big) + "END\r\n";
    for (int i = 0; i < 5; ++i) {
      world.run(turns_until_quiet);
      pass(world, 50);
      reader.expect(reply.substr(0, 1000));
      reply.erase(0, 1000);
    }
    CHECK(!reader.closed());
    reader.expect(reply);
  });
}

TEST_CASE("the idle timeout is for clients that ask and take nothing, not for slow readers") {
  for_seeds(seeds, [](uint64_t seed) {
    CAPTURE(seed);
    Config config = config_for(3, memory);
    config.extended.idle_timeout = 5;
    World world(seed, config, {});
    Client reader(world);
    fill(reader);
    reader.say("get big\r\n");
    std::string reply = value_reply("big", big) + "END\r\n";
    while (reply.size() > 70'000) {
      world.run(turns_until_quiet);
      pass(world, 12);
      REQUIRE(!reader.closed());
      reader.expect(reply.substr(0, 40'000));
      reply.erase(0, 40'000);
    }
    // The kernel has taken the rest by now, or will at once: from here on it is idle.
    reader.expect(reply);
    world.run(turns_until_quiet);
    pass(world, 4);
    CHECK(!reader.closed());
    pass(world, 4);
    CHECK(reader.closed());
    Client asker(world);
    CHECK(asker.stat("", "idle_kicks") == 1);
  });
}

}  // namespace ringcached::sim
