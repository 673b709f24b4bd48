#include "player.h"

#include <charconv>
#include <chrono>
#include <cstdio>

#include "value.h"

namespace ringcached::consistency {
namespace {

constexpr uint64_t depth_max = 16;
constexpr size_t batch_bytes_max = 48 << 10;  // what the server surely takes before it is heard
constexpr uint32_t large_padding = 40'000;
constexpr uint32_t small_padding = 400;
constexpr Time mortal_ns = 4'000'000'000;  // two seconds, and as much again for two clocks
constexpr uint64_t violations_told = 20;

std::string name_of(uint32_t key) {
  return "key-" + std::to_string(key);
}
bool is_mortal(uint32_t key) {
  return key % Stage::mortal_every == 0;
}

/// The number behind the `nth` space of a line.
uint64_t number_in(std::string_view line, int nth) {
  size_t at = 0;
  for (int i = 0; i < nth; ++i) at = line.find(' ', at) + 1;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(line.data() + at, line.data() + line.size(), number);
  if (error != std::errc()) fail("no number in '" + std::string(line) + "'");
  return number;
}

}  // namespace

Time now() {
  return static_cast<Time>(std::chrono::steady_clock::now().time_since_epoch().count());
}

Player::Player(Stage& stage, uint16_t port, uint32_t connections, uint32_t writer, uint64_t seed)
    : stage_(stage), writer_(writer), random_(seed) {
  for (uint32_t i = 0; i < connections; ++i) clients_.push_back(std::make_unique<Client>(port));
}

/// Every client has asked before the first is heard, so that all of them are under way at once.
void Player::play(uint64_t acts) {
  for (uint64_t played = 0; played < acts;) {
    for (const auto& client : clients_) {
      ask(*client);
      played += client->asked.size();
    }
    for (const auto& client : clients_) hear(*client);
  }
}

// --- Asking.

void Player::ask(Client& client) {
  std::string text;
  client.asked.clear();
  const uint64_t depth = 1 + below(depth_max);
  while (client.asked.size() < depth && text.size() < batch_bytes_max) ask_one(client, text);
  client.link.send(text);
}

Player::Act Player::choose_act(const Client& client) {
  static constexpr struct {
    Act act;
    uint64_t share;
  } shares[] = {
      {Act::Get, 25},       {Act::Gets, 10},   {Act::MetaGet, 8}, {Act::GetAndTouch, 3},
      {Act::Touch, 2},      {Act::Set, 18},    {Act::Add, 5},     {Act::Replace, 5},
      {Act::Append, 3},     {Act::Prepend, 2}, {Act::MetaSet, 6}, {Act::Delete, 4},
      {Act::MetaDelete, 2}, {Act::Raise, 6},   {Act::Create, 1},
  };
  if (client.seen_unique != 0 && below(2) == 0) return Act::Cas;
  uint64_t drawn = below(100);
  for (const auto& [act, share] : shares) {
    if (drawn < share) return act;
    drawn -= share;
  }
  return Act::Get;
}

uint32_t Player::choose_key() {
  return static_cast<uint32_t>(below(below(2) == 0 ? Stage::hot_keys : Stage::keys));
}

void Player::ask_one(Client& client, std::string& text) {
  Asked asked{.act = choose_act(client), .key = choose_key(), .write = {}, .begun = now()};
  if (asked.act == Act::Raise || asked.act == Act::Create) {
    asked.key %= Stage::counters;
    asked.floor = stage_.highest[asked.key].load();
    const std::string counter = "counter-" + std::to_string(asked.key);
    const std::string first = std::to_string((stage_.creations.fetch_add(1) + 1) << 32);
    text += asked.act == Act::Raise ? "incr " + counter + " 1\r\n"
                                    : "add " + counter + " 0 0 " + std::to_string(first.size()) +
                                          "\r\n" + first + "\r\n";
    client.asked.push_back(asked);
    return;
  }
  if (asked.act == Act::Cas) {
    asked.key = client.seen_key;
    asked.unique = client.seen_unique;
    asked.seen_at = client.seen_at;
    client.seen_unique = 0;
  }
  // What is mortal is not kept alive.
  const bool prolongs = asked.act == Act::GetAndTouch || asked.act == Act::Touch;
  if (prolongs && is_mortal(asked.key)) asked.act = Act::Get;
  asked.floor = stage_.history.floor_of(asked.key);

  const std::string key = name_of(asked.key);
  const std::string lifetime = is_mortal(asked.key) ? "2" : "0";
  std::string value;
  if (asked.act >= Act::Set && asked.act <= Act::MetaSet) {
    asked.write = {writer_, ++number_};
    stage_.history.write_begins(asked.write, now());
    const uint32_t padding = below(100) == 0 ? large_padding : small_padding;
    append_token(value, asked.key, asked.write, static_cast<uint32_t>(below(padding)));
    value += "\r\n";
  }
  const std::string rest =
      " 0 " + lifetime + " " + std::to_string(value.empty() ? 0 : value.size() - 2);
  switch (asked.act) {
    case Act::Get:
      text += "get " + key + "\r\n";
      break;
    case Act::Gets:
      text += "gets " + key + "\r\n";
      break;
    case Act::MetaGet:
      text += "mg " + key + " v c\r\n";
      break;
    case Act::GetAndTouch:
      text += "gat 0 " + key + "\r\n";
      break;
    case Act::Touch:
      text += "touch " + key + " 0\r\n";
      break;
    case Act::Set:
      text += "set " + key + rest + "\r\n" + value;
      break;
    case Act::Add:
      text += "add " + key + rest + "\r\n" + value;
      break;
    case Act::Replace:
      text += "replace " + key + rest + "\r\n" + value;
      break;
    case Act::Append:
      text += "append " + key + rest + "\r\n" + value;
      break;
    case Act::Prepend:
      text += "prepend " + key + rest + "\r\n" + value;
      break;
    case Act::Cas:
      text += "cas " + key + rest + " " + std::to_string(asked.unique) + "\r\n" + value;
      break;
    case Act::MetaSet:
      text +=
          "ms " + key + " " + std::to_string(value.size() - 2) + " T" + lifetime + "\r\n" + value;
      break;
    case Act::Delete:
      text += "delete " + key + "\r\n";
      break;
    case Act::MetaDelete:
      text += "md " + key + "\r\n";
      break;
    case Act::Raise:
    case Act::Create:
      break;
  }
  client.asked.push_back(asked);
}

// --- Hearing.

void Player::hear(Client& client) {
  for (const Asked& asked : client.asked) hear_one(client, asked);
}

void Player::hear_one(Client& client, const Asked& asked) {
  switch (asked.act) {
    case Act::Get:
    case Act::Gets:
    case Act::MetaGet:
    case Act::GetAndTouch:
      return hear_read(client, asked);
    case Act::Touch: {
      const std::string_view line = client.link.read_line();
      if (line == "NOT_FOUND") return stage_.history.was_gone(asked.key, asked.begun);
      if (line != "TOUCHED") fail("touch: " + std::string(line));
      return;
    }
    case Act::Delete:
    case Act::MetaDelete:
      return hear_delete(asked, client.link.read_line());
    case Act::Raise:
    case Act::Create:
      return hear_counter(asked, client.link.read_line());
    default:
      return hear_write(asked, client.link.read_line());
  }
}

void Player::hear_read(Client& client, const Asked& asked) {
  const std::string line(client.link.read_line());
  if (line == "END" || line == "EN") return stage_.history.was_gone(asked.key, asked.begun);
  const bool meta = asked.act == Act::MetaGet;
  if (!line.starts_with(meta ? "VA " : "VALUE ")) fail("a read: " + line);
  const std::string_view value = client.link.read_value(number_in(line, meta ? 1 : 3));
  check_value(asked, value);
  if (!meta && client.link.read_line() != "END") fail("no END behind a value");
  if (asked.act != Act::Gets) return;
  client.seen_key = asked.key;
  client.seen_unique = number_in(line, 4);
  client.seen_at = now();
}

void Player::check_value(const Asked& asked, std::string_view value) {
  stage_.reads.fetch_add(1, std::memory_order_relaxed);
  const std::optional<Ends> ends = read_value(value, asked.key);
  if (!ends) return violation(asked, "a broken value: " + std::string(value.substr(0, 60)));
  History& history = stage_.history;
  if (!history.may_be_seen(ends->front, asked.floor) &&
      !history.may_be_seen(ends->back, asked.floor)) {
    return violation(asked, "a value of the past");
  }
  const Time over = history.over_of(ends->back);
  if (is_mortal(asked.key) && over != not_over && over + mortal_ns < asked.begun) {
    return violation(asked, "an expired value");
  }
  if (ends->front.writer == ends->back.writer && ends->front.number == ends->back.number) {
    history.was_seen(asked.key, ends->back);
  }
}

void Player::hear_write(const Asked& asked, std::string_view line) {
  const bool took_place = line == "STORED" || line == "HD";
  stage_.history.write_ends(asked.write, asked.key, now(), took_place);
  if (took_place) {
    // What a Cas replaces must be what its Gets had seen: nothing came in between.
    if (asked.act == Act::Cas && asked.floor > asked.seen_at)
      violation(asked, "a cas over a change");
    return;
  }
  const bool was_gone = (line == "NOT_STORED" && asked.act != Act::Add) || line == "NOT_FOUND";
  if (was_gone) return stage_.history.was_gone(asked.key, asked.begun);
  if (line != "NOT_STORED" && line != "EXISTS" && !line.starts_with("SERVER_ERROR")) {
    fail("a write: " + std::string(line));
  }
}

void Player::hear_delete(const Asked& asked, std::string_view line) {
  if (line != "DELETED" && line != "NOT_FOUND" && line != "HD" && line != "NF") {
    fail("a delete: " + std::string(line));
  }
  stage_.history.was_gone(asked.key, asked.begun);
}

/// Within one creation no number is answered twice, and none that is below one answered before.
void Player::hear_counter(const Asked& asked, std::string_view line) {
  if (asked.act == Act::Create || line == "NOT_FOUND") return;
  if (line.starts_with("SERVER_ERROR")) return;
  const uint64_t number = number_in(line, 0);
  const bool same_creation = number >> 32 == asked.floor >> 32;
  if (same_creation && number <= asked.floor) violation(asked, "a counter that went back");
  uint64_t highest = stage_.highest[asked.key].load();
  while ((number >> 32 != highest >> 32 || number > highest) &&
         !stage_.highest[asked.key].compare_exchange_weak(highest, number)) {
  }
}

void Player::violation(const Asked& asked, const std::string& why) {
  if (stage_.violations.fetch_add(1) >= violations_told) return;
  std::printf("violation: key %u, act %d: %s\n", asked.key, static_cast<int>(asked.act),
              why.c_str());
}

}  // namespace ringcached::consistency
