// A client of the simulated server, with keys of its own and a model of what they must hold.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>

#include "world.h"

namespace ringcached::sim {

/// Pipelines random classic commands and checks every byte of the replies against its model. Its
/// keys are its own, so that the model knows what each must answer, whatever others do.
class Player {
 public:
  Player(World& world, uint32_t number);

  /// Adds a few commands to what is to be sent.
  void think();
  /// Lets some bytes go out, and takes some replies and compares them.
  void play();
  /// Everything that was sent is answered.
  bool settled() const { return to_send_.empty() && expected_.empty(); }
  /// Goes away in the middle of whatever is under way, and comes back with other keys.
  void vanish();
  void end() { world_.network().client_ends(socket_); }
  int socket() const { return socket_; }

 private:
  struct Value {
    std::string bytes;
    uint32_t flags = 0;
  };

  std::string some_key();
  std::string some_value();
  void say(const std::string& command, const std::string& reply);
  void store(const std::string& verb);
  void get();
  void remove();
  void count();
  void touch();
  void err();

  World& world_;
  uint32_t number_;
  uint32_t life_ = 0;
  int socket_ = -1;
  std::map<std::string, Value> model_;
  std::string to_send_;
  std::string expected_;
};

}  // namespace ringcached::sim
