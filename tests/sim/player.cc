// A client of the simulated server: its commands, and what each must answer.
#include "player.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace ringcached::sim {
namespace {

constexpr uint32_t keys_per_player = 6;
constexpr size_t value_max = 40'000;  // above whole_value_max: some are filled as they come

}  // namespace

Player::Player(World& world, uint32_t number) : world_(world), number_(number) {
  socket_ = world_.connect();
}

std::string Player::some_key() {
  return "p" + std::to_string(number_) + "l" + std::to_string(life_) + "k" +
         std::to_string(world_.random()() % keys_per_player);
}

std::string Player::some_value() {
  auto& random = world_.random();
  const size_t kind = random() % 10;
  const size_t size = kind == 0 ? random() % value_max : random() % (kind < 3 ? 5000 : 60);
  std::string value(size, '\0');
  for (char& c : value) c = static_cast<char>(random());
  return value;
}

void Player::say(const std::string& command, const std::string& reply) {
  ++tally.commands;
  to_send_ += command;
  expected_ += reply;
}

void Player::think() {
  static constexpr const char* storage[] = {"set", "set", "add", "replace", "append", "prepend"};
  auto& random = world_.random();
  for (size_t left = 1 + random() % 12; left > 0; --left) {
    switch (random() % 10) {
      case 0:
      case 1:
      case 2:
        store(storage[random() % std::size(storage)]);
        break;
      case 3:
      case 4:
      case 5:
        get();
        break;
      case 6:
        remove();
        break;
      case 7:
        count();
        break;
      case 8:
        touch();
        break;
      default:
        err();
        break;
    }
  }
}

void Player::store(const std::string& verb) {
  auto& random = world_.random();
  const std::string key = some_key();
  const std::string bytes = some_value();
  const uint32_t flags = random() % 3 == 0 ? static_cast<uint32_t>(random()) : 0;
  const bool quiet = random() % 5 == 0;
  const bool spoilt = random() % 20 == 0;
  const bool there = model_.contains(key);
  const bool taken = verb == "set" || (verb == "add" ? !there : there);
  std::string reply = taken ? "STORED\r\n" : "NOT_STORED\r\n";
  if (spoilt) {
    reply = "CLIENT_ERROR bad data chunk\r\n";
  } else if (taken && verb == "append") {
    model_[key].bytes += bytes;
  } else if (taken && verb == "prepend") {
    model_[key].bytes.insert(0, bytes);
  } else if (taken) {
    model_[key] = {bytes, flags};
  }
  say(verb + " " + key + " " + std::to_string(flags) + " 0 " + std::to_string(bytes.size()) +
          (quiet ? " noreply\r\n" : "\r\n") + bytes + (spoilt ? "xy" : "\r\n"),
      quiet ? "" : reply);
}

void Player::get() {
  std::string line = "get";
  std::string reply;
  for (size_t left = 1 + world_.random()() % 8; left > 0; --left) {
    const std::string key = some_key();
    line += " " + key;
    const auto found = model_.find(key);
    if (found == model_.end()) continue;
    const Value& value = found->second;
    reply += "VALUE " + key + " " + std::to_string(value.flags) + " " +
             std::to_string(value.bytes.size()) + "\r\n" + value.bytes + "\r\n";
  }
  say(line + "\r\n", reply + "END\r\n");
}

void Player::remove() {
  const std::string key = some_key();
  say("delete " + key + "\r\n", model_.erase(key) > 0 ? "DELETED\r\n" : "NOT_FOUND\r\n");
}

/// Sets a number and counts it up: the number is known, the rest is wire and store.
void Player::count() {
  const std::string key = some_key();
  const uint64_t start = world_.random()() % 100'000;
  const uint64_t delta = world_.random()() % 1'000'000;
  const std::string number = std::to_string(start);
  say("set " + key + " 5 0 " + std::to_string(number.size()) + "\r\n" + number + "\r\n",
      "STORED\r\n");
  std::string sum = std::to_string(start + delta);
  say("incr " + key + " " + std::to_string(delta) + "\r\n", sum + "\r\n");
  say("decr " + key + " " + std::to_string(start + delta + 1) + "\r\n", "0\r\n");
  model_[key] = {"0" + std::string(sum.size() - 1, ' '), 5};
}

void Player::touch() {
  const std::string key = some_key();
  say("touch " + key + " 0\r\n", model_.contains(key) ? "TOUCHED\r\n" : "NOT_FOUND\r\n");
}

void Player::err() {
  say("nonsense\r\nversion\r\n", "ERROR\r\nVERSION 1.6.45\r\n");
}

void Player::play() {
  auto& random = world_.random();
  if (!to_send_.empty() && random() % 2 == 0) {
    const size_t size = std::min<size_t>(to_send_.size(), 1 + random() % 20'000);
    world_.network().client_sends(socket_, to_send_.substr(0, size));
    to_send_.erase(0, size);
  }
  const std::string got = world_.network().client_takes(socket_, random() % 30'000);
  REQUIRE(got.size() <= expected_.size());
  REQUIRE(std::equal(got.begin(), got.end(), expected_.begin()));
  expected_.erase(0, got.size());
}

/// Half of them reset; the others hang up in a friendly way and let the replies run to the ground.
void Player::vanish() {
  if (world_.random()() % 2 == 0) {
    world_.network().client_resets(socket_);
  } else {
    world_.network().client_ends(socket_);
    world_.network().client_ignores(socket_);
  }
  ++life_;
  model_.clear();
  to_send_.clear();
  expected_.clear();
  socket_ = world_.connect();
}

}  // namespace ringcached::sim
