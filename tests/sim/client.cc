// A client of the simulated server that follows a script: how it waits for its replies.
#include "client.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace ringcached::sim {
namespace {

/// Turns after which a reply that has not come never will.
constexpr int reply_turns_max = 400'000;

}  // namespace

void Client::expect(std::string_view reply) {
  for (int turn = 0; turn < reply_turns_max && !reply.empty(); ++turn) {
    const std::string got = world_->network().client_takes(socket_, reply.size());
    const bool right = reply.starts_with(got);
    if (!right) CAPTURE(got.substr(0, 200));
    REQUIRE(right);
    reply.remove_prefix(got.size());
    if (!reply.empty()) world_->step();
  }
  const std::string missing(reply.substr(0, 200));
  CAPTURE(missing);
  REQUIRE(reply.empty());
}

std::string Client::take_line() {
  std::string line;
  for (int turn = 0; turn < reply_turns_max && !line.ends_with("\r\n"); ++turn) {
    const std::string got = world_->network().client_takes(socket_, 1);
    line += got;
    if (got.empty()) world_->step();
  }
  REQUIRE(line.ends_with("\r\n"));
  return line.substr(0, line.size() - 2);
}

std::string Client::take(size_t size) {
  std::string taken;
  for (int turn = 0; turn < reply_turns_max && taken.size() < size; ++turn) {
    const std::string got = world_->network().client_takes(socket_, size - taken.size());
    taken += got;
    if (got.empty()) world_->step();
  }
  REQUIRE(taken.size() == size);
  return taken;
}

uint64_t Client::stat(const std::string& which, const std::string& name) {
  say("stats " + which + "\r\n");
  const std::string start = "STAT " + name + " ";
  std::string value;
  for (std::string line = take_line(); line != "END"; line = take_line()) {
    if (line.starts_with(start)) value = line.substr(start.size());
  }
  REQUIRE(!value.empty());
  return std::stoull(value);
}

std::string set_command(const std::string& key, const std::string& value) {
  return "set " + key + " 0 0 " + std::to_string(value.size()) + "\r\n" + value + "\r\n";
}

std::string value_reply(const std::string& key, const std::string& value) {
  return "VALUE " + key + " 0 " + std::to_string(value.size()) + "\r\n" + value + "\r\n";
}

}  // namespace ringcached::sim
