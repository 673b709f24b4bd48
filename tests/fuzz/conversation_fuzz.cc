// A whole server on the simulated kernel, and clients that do what the input says.
//
// An input is a program: each act is a byte that chooses it and some bytes more. Commands are made
// of a small vocabulary, so that clients meet at the same keys; raw bytes come in as well.
#include <array>
#include <cstdint>
#include <string>

#include "../sim/seeds.h"
#include "../sim/world.h"
#include "base/assert.h"

using namespace ringcached;
using namespace ringcached::sim;

namespace {

constexpr size_t clients_most = 4;
constexpr int acts_most = 400;

constexpr std::array<const char*, 12> keys = {"a", "b", "c", "d:1", "d:2", "e",
                                              "f", "g", "h", "i",   "j",   "YWJj"};
// The largest is too large; more bytes than these would only take longer.
constexpr uint32_t item_size_max = 100'000;
constexpr std::array<uint32_t, 12> sizes = {0,    1,      9,      100,    900,    4095,
                                            4096, 16'383, 16'400, 40'000, 70'000, 120'000};

// K a key, S a size with its value behind the line, N a number, V the text of a small number.
constexpr std::array<const char*, 56> commands = {"set K 0 0 S",
                                                  "set K 5 N S",
                                                  "add K 0 0 S",
                                                  "replace K 0 0 S",
                                                  "append K 0 0 S",
                                                  "prepend K 0 0 S",
                                                  "cas K 0 0 S N",
                                                  "set K 0 0 S noreply",
                                                  "get K",
                                                  "get K K K",
                                                  "gets K K",
                                                  "gat N K",
                                                  "gats N K K",
                                                  "delete K",
                                                  "delete K noreply",
                                                  "incr K N",
                                                  "decr K N",
                                                  "touch K N",
                                                  "flush_all",
                                                  "flush_all N",
                                                  "verbosity N",
                                                  "version",
                                                  "stats",
                                                  "stats items",
                                                  "stats slabs",
                                                  "stats ring",
                                                  "stats sizes",
                                                  "stats conns",
                                                  "stats settings",
                                                  "stats reset",
                                                  "stats detail on",
                                                  "stats detail dump",
                                                  "stats cachedump N N",
                                                  "mg K v k O123 q",
                                                  "mg K s v t f c h l N30 R20",
                                                  "mg K b v",
                                                  "ms K SIZE T N",
                                                  "ms K SIZE c I",
                                                  "ms K SIZE MA N9",
                                                  "md K q I T20",
                                                  "md K x",
                                                  "ma K N0 J5 v t",
                                                  "ma K MD D3 q",
                                                  "me K",
                                                  "mn",
                                                  "lru_crawler metadump all",
                                                  "lru_crawler mgdump all",
                                                  "lru_crawler crawl all",
                                                  "lru_crawler enable",
                                                  "slabs reassign N N",
                                                  "slabs automove N",
                                                  "cache_memlimit N",
                                                  "lru tune 10 25 0.1 2.0",
                                                  "nonsense K N",
                                                  "get",
                                                  "quit"};

/// What is left of the program; past its end all bytes are 0.
class Program {
 public:
  Program(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}

  bool is_over() const { return at_ == end_; }
  uint8_t byte() { return is_over() ? uint8_t{0} : *at_++; }
  std::string bytes(size_t count) {
    count = std::min(count, static_cast<size_t>(end_ - at_));
    std::string taken(reinterpret_cast<const char*>(at_), count);
    at_ += count;
    return taken;
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

std::string number_from(Program& program) {
  static constexpr std::array<const char*, 10> odd = {
      "-1", "0", "1", "60", "2592001", "4294967295", "18446744073709551615", "x", "007", "1e3"};
  const uint8_t choice = program.byte();
  return choice < odd.size() ? odd[choice] : std::to_string(choice);
}

std::string command_from(Program& program) {
  const std::string_view form = commands[program.byte() % commands.size()];
  std::string line, value;
  for (size_t i = 0; i < form.size(); ++i) {
    const bool is_word = i == 0 || form[i - 1] == ' ';
    const bool ends = i + 1 == form.size() || form[i + 1] == ' ';
    if (is_word && ends && form[i] == 'K') {
      line += keys[program.byte() % keys.size()];
    } else if (is_word && ends && form[i] == 'N') {
      line += number_from(program);
    } else if (is_word && (ends || form.substr(i).starts_with("SIZE")) && form[i] == 'S') {
      const uint32_t size = sizes[program.byte() % sizes.size()];
      value =
          size < 12 ? std::to_string(1000000000 + size).substr(0, size) : std::string(size, 'v');
      line += std::to_string(size);
      value += "\r\n";
      if (form.substr(i).starts_with("SIZE")) i += 3;
    } else {
      line += form[i];
    }
  }
  return line + "\r\n" + value;
}

/// A request of the binary protocol, whose lengths may lie.
std::string packet_from(Program& program) {
  const std::string key = keys[program.byte() % keys.size()];
  const uint8_t opcode = program.byte(), extras = program.byte() % 25, lie = program.byte();
  const uint32_t value = sizes[program.byte() % 9];
  const uint32_t body = static_cast<uint32_t>(extras + key.size()) + value;
  std::string packet(24, '\0');
  packet[0] = static_cast<char>(0x80);
  packet[1] = static_cast<char>(opcode);
  packet[3] = static_cast<char>(key.size() + (lie == 1 ? 1 : 0));
  packet[4] = static_cast<char>(extras + (lie == 2 ? 1 : 0));
  for (int i = 0; i < 4; ++i)
    packet[static_cast<size_t>(11 - i)] = static_cast<char>(body >> (8 * i));
  if (lie == 3) packet[8] = static_cast<char>(program.byte());
  if (lie == 4) packet[23] = static_cast<char>(program.byte());  // cas
  return packet + program.bytes(extras) + std::string(extras, '\0').substr(0, extras) + key +
         std::string(value, 'w');
}

/// A client's commands may be written in any number of pieces.
class Player {
 public:
  explicit Player(World& world) : world_(&world) {}

  int socket() {
    if (socket_ < 0) socket_ = world_->connect();
    return socket_;
  }
  void say(std::string_view bytes, uint8_t cut) {
    const size_t at = cut == 0 ? bytes.size() : std::min<size_t>(bytes.size(), cut);
    world_->network().client_sends(socket(), bytes.substr(0, at));
    if (at == bytes.size()) return;
    world_->run(3);
    world_->network().client_sends(socket(), bytes.substr(at));
  }
  /// What has come is taken and forgotten.
  void take() {
    if (socket_ >= 0) world_->network().client_takes(socket_, SIZE_MAX);
  }
  void leave(bool rudely) {
    if (socket_ < 0) return;
    rudely ? world_->network().client_resets(socket_) : world_->network().client_ends(socket_);
    socket_ = -1;
  }

 private:
  World* world_;
  int socket_ = -1;
};

void act(World& world, std::array<Player, clients_most>& players, Program& program) {
  const uint8_t choice = program.byte();
  Player& player = players[choice >> 6];
  switch (choice % 16) {
    case 0:
      player.leave((choice & 0x20) != 0);
      break;
    case 1:
      world.pass_seconds(program.byte());
      break;
    case 2:
      player.say(program.bytes(program.byte()), 0);
      break;
    case 3:
    case 4:
      player.say(packet_from(program), program.byte());
      break;
    case 5:
      (choice & 0x20) != 0 ? world.network().client_stops_taking(player.socket())
                           : world.network().client_goes_on_taking(player.socket());
      break;
    case 6:
      world.run(program.byte());
      break;
    case 7:
      player.take();
      break;
    default:
      player.say(command_from(program), program.byte());
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Program program(data, size);
  const uint8_t setting = program.byte();
  // Of 8 MiB one core owns all, and it fills; of 48 MiB each of three has its partition.
  Config config = config_for(1 + setting % 3, uint64_t{(setting & 16) == 0 ? 8u : 48u} << 20);
  config.item_size_max = item_size_max;
  config.evict = (setting & 4) == 0;
  config.cas_enabled = (setting & 8) == 0;
  World world(setting, config, io::FakeMoods{});
  std::array<Player, clients_most> players{Player(world), Player(world), Player(world),
                                           Player(world)};
  for (int acts = 0; acts < acts_most && !program.is_over(); ++acts) {
    act(world, players, program);
    world.run(program.byte() % 8);
  }
  world.run(200);
  world.verify();
  RC_ASSERT(world.stop());
  return 0;
}
