// Claims about datagrams: each is a client of its own, and gets what a client gets, or nothing.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "client.h"
#include "seeds.h"
#include "wire/datagram_frame.h"

namespace ringcached::sim {
namespace {

constexpr int turns_max = 100'000;

std::string framed(uint16_t id, std::string_view request, uint16_t sequence = 0,
                   uint16_t count = 1) {
  std::string frame(wire::datagram_frame_size, '\0');
  wire::write_frame(frame.data(), {id, sequence, count});
  return frame + std::string(request);
}

/// A client that is known by its port, and its replies put together again.
struct Peer {
  World& world;
  uint16_t port;
  struct Reply {
    uint16_t count = 0;
    std::map<uint16_t, std::string> parts{};
    std::string text{};  // once it is whole
  };
  std::map<uint16_t, Reply> replies{};

  void say(const std::string& datagram, int socket) {
    world.network().client_sends_datagram(socket, port, datagram);
  }
  void take() {
    for (const std::string& datagram : world.network().client_takes_datagrams(port)) {
      REQUIRE(datagram.size() > wire::datagram_frame_size);
      REQUIRE(datagram.size() <= wire::datagram_frame_size + wire::datagram_payload_max);
      wire::DatagramFrame frame;
      wire::read_frame(datagram, frame);
      Reply& reply = replies[frame.request_id];
      REQUIRE(reply.text.empty());
      REQUIRE(frame.sequence < frame.count);
      REQUIRE((reply.count == 0 || reply.count == frame.count));
      reply.count = frame.count;
      const auto [at, fresh] =
          reply.parts.emplace(frame.sequence, datagram.substr(wire::datagram_frame_size));
      REQUIRE(fresh);
      if (reply.parts.size() < reply.count) continue;
      for (const auto& [sequence, part] : reply.parts) reply.text += part;
    }
  }
  const std::string& await(uint16_t id) {
    for (int turn = 0; turn < turns_max && replies[id].text.empty(); ++turn) {
      world.step();
      take();
    }
    REQUIRE_FALSE(replies[id].text.empty());
    return replies[id].text;
  }
  std::string ask(uint16_t id, std::string_view request, int socket = World::first_udp_socket) {
    say(framed(id, request), socket);
    return await(id);
  }
};

}  // namespace

TEST_CASE("requests in datagrams are answered on every core, whatever core owns the key") {
  for_seeds(50, [](uint64_t seed) {
    CAPTURE(seed);
    constexpr uint32_t threads = 3;
    World world(seed, config_for(threads, 64ull << 20), {});
    Peer peer{world, 7};
    const std::string large(100'000, 'l');
    Client(world).ask(set_command("large", large), "STORED\r\n");
    uint16_t id = 0;
    for (uint32_t i = 0; i < threads; ++i) {
      const int socket = World::first_udp_socket + static_cast<int>(i);
      const std::string name = "key" + std::to_string(i);
      const std::string value(world.random()() % 5000, 'v');
      CHECK(peer.ask(++id, set_command(name, value), socket) == "STORED\r\n");
      CHECK(peer.ask(++id, "get " + name + " nothing " + name + "\r\n", socket) ==
            value_reply(name, value) + value_reply(name, value) + "END\r\n");
      CHECK(peer.ask(++id, "get large\r\n", socket) == value_reply("large", large) + "END\r\n");
      CHECK(peer.replies[id].count == wire::datagrams_for(peer.replies[id].text.size()));
    }
    world.verify();
    CHECK(world.stop());
  });
}

TEST_CASE("what is no request has no reply, and who comes after it has one") {
  for_seeds(50, [](uint64_t seed) {
    CAPTURE(seed);
    World world(seed, config_for(2, 64ull << 20), {});
    Peer peer{world, 7};
    const std::vector<std::string> silent = {
        "",
        "short",
        framed(1, ""),
        framed(2, "get a\r\n", 0, 0),
        framed(3, "get a\r\n", 1, 2),
        framed(4, "get a"),
        framed(5, "set a 0 0 100000\r\nabc"),
        framed(6, "set a 0 0 10\r\nabc"),
        framed(7, "set a 0 0 1 noreply\r\nx\r\n"),
        framed(8, "quit\r\n"),
        framed(9, std::string(20'000, 'x') + "\r\n"),
        framed(10, std::string("\x80\x00\x00\xff", 4)),
    };
    for (const std::string& datagram : silent) {
      for (int i = 0; i < 2; ++i) peer.say(datagram, World::first_udp_socket + i);
    }
    peer.say(framed(99, "get a\r\n", 0, 2), World::first_udp_socket);
    CHECK(peer.await(99) == wire::multi_packet_refused);
    for (int i = 0; i < 2; ++i) {
      const uint16_t id = static_cast<uint16_t>(100 + i);
      CHECK(peer.ask(id, "mn\r\n", World::first_udp_socket + i) == "MN\r\n");
    }
    CHECK(world.stop());
    peer.take();
    CHECK(peer.replies.size() == 3);
  });
}

TEST_CASE("many clients at once get each their own reply, none another's, or none at all") {
  for_seeds(20, [](uint64_t seed) {
    CAPTURE(seed);
    World world(seed, config_for(2, 64ull << 20), {});
    constexpr uint16_t peers = 40;
    constexpr uint16_t requests = 20;
    std::vector<Peer> all;
    for (uint16_t i = 0; i < peers; ++i) all.push_back({world, i});
    Client owner(world);
    for (uint16_t i = 0; i < peers; ++i) {
      owner.ask(set_command("k" + std::to_string(i), std::string(1 + i * 100, 'v')), "STORED\r\n");
    }
    for (uint16_t id = 0; id < requests; ++id) {
      for (Peer& peer : all) {
        peer.say(framed(id, "get k" + std::to_string(peer.port) + "\r\n"),
                 World::first_udp_socket + static_cast<int>(world.random()() % 2));
      }
    }
    size_t whole = 0;
    uint64_t dropped = 0;
    // What was dropped is counted: together they are all that was asked.
    for (int turn = 0; turn < turns_max && whole + dropped < peers * requests; ++turn) {
      world.step();
      if (turn % 100 != 0) continue;
      whole = 0;
      for (Peer& peer : all) {
        peer.take();
        for (const auto& [id, reply] : peer.replies) whole += !reply.text.empty();
      }
      if (turn % 1000 == 0) dropped = owner.stat("ring", "datagrams_dropped");
    }
    CHECK(whole + dropped == peers * requests);
    for (const Peer& peer : all) {
      const std::string wanted =
          value_reply("k" + std::to_string(peer.port), std::string(1 + peer.port * 100u, 'v')) +
          "END\r\n";
      for (const auto& [id, reply] : peer.replies) CHECK(reply.text == wanted);
    }
    CHECK(world.stop());
  });
}

TEST_CASE("a process that stops answers what it has begun with, and leaves nothing behind") {
  for_seeds(50, [](uint64_t seed) {
    CAPTURE(seed);
    World world(seed, config_for(2, 64ull << 20), {});
    Client(world).ask(set_command("large", std::string(500'000, 'l')), "STORED\r\n");
    Peer peer{world, 7};
    for (uint16_t id = 0; id < 20; ++id) {
      peer.say(framed(id, "get large\r\n"), World::first_udp_socket + id % 2);
    }
    world.run(static_cast<int>(world.random()() % 60));
    CHECK(world.stop());
    peer.take();
    for (const auto& [id, reply] : peer.replies) CHECK(reply.parts.size() == reply.count);
  });
}

}  // namespace ringcached::sim
