// A client of the simulated server that follows a script: says this, expects that.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "world.h"

namespace ringcached::sim {

class Client {
 public:
  explicit Client(World& world) : world_(&world), socket_(world.connect()) {}

  int socket() const { return socket_; }
  void say(std::string_view bytes) { world_->network().client_sends(socket_, bytes); }
  /// Turns the world until these bytes have come; whatever else comes is a failure.
  void expect(std::string_view reply);
  void ask(std::string_view command, std::string_view reply) {
    say(command);
    expect(reply);
  }
  /// Turns the world until a line has come; it is told without its end.
  std::string take_line();
  /// The same with so many bytes.
  std::string take(size_t size);
  /// A figure of `stats <which>`.
  uint64_t stat(const std::string& which, const std::string& name);
  void stop_taking() { world_->network().client_stops_taking(socket_); }
  void go_on_taking() { world_->network().client_goes_on_taking(socket_); }
  /// What it has sent and the server has not received.
  size_t not_received() const { return world_->network().not_received(socket_); }
  bool closed() const { return world_->network().server_has_closed(socket_); }

 private:
  World* world_;
  int socket_;
};

/// The commands that store and get one value, and what they are answered.
std::string set_command(const std::string& key, const std::string& value);
std::string value_reply(const std::string& key, const std::string& value);

}  // namespace ringcached::sim
