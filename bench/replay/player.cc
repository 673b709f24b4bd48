#include "replay/player.h"

#include <charconv>
#include <stdexcept>

#include "replay/spelling.h"

namespace replay {

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view no_value = "END\r\n";
constexpr std::string_view behind_value = "\r\nEND\r\n";
constexpr std::string_view value_word = "VALUE ";
constexpr size_t shown_bytes = 80;

[[noreturn]] void cannot_read(std::string_view line) {
  throw std::runtime_error("cannot make sense of: " + std::string(line.substr(0, shown_bytes)));
}

/// The last number of "VALUE key flags bytes".
size_t value_size_in(std::string_view line) {
  const size_t from = line.rfind(' ') + 1;
  size_t size = 0;
  const auto [end, error] = std::from_chars(line.data() + from, line.data() + line.size(), size);
  if (error != std::errc() || end != line.data() + line.size()) cannot_read(line);
  return size;
}

}  // namespace

Tally Player::run() {
  while (plan_round()) {
    link_.exchange(
        out_, [this](std::string_view bytes, bool& done) { return read_replies(bytes, done); });
    if (!warm_ && answered_ >= options_.warmup) {
      warm_ = true;
      if (options_.warmup != 0) tally_ = {};
    }
  }
  return tally_;
}

/// false: there is nothing left to ask.
bool Player::plan_round() {
  out_.clear();
  sets_planned_ = sets_answered_ = 0;
  gets_.clear();
  get_at_ = 0;
  missed_.clear();
  for (const Request& request : to_set_) plan_set(request);
  to_set_.clear();
  for (const Request& request : to_ask_again_) plan_get(request);
  to_ask_again_.clear();
  Request request{};
  for (uint32_t i = 0; i < options_.batch && source_.next(request); ++i) {
    options_.set_only ? plan_set(request) : plan_get(request);
  }
  return !out_.empty();
}

void Player::plan_set(const Request& request) {
  out_ += "set ";
  append_key(out_, request.key, options_.key_size);
  out_ += " 0 0 ";
  out_ += std::to_string(request.size);
  out_ += line_end;
  if (options_.check) {
    append_value(out_, request.key, request.size);
  } else {
    out_.append(request.size, 'v');
  }
  out_ += line_end;
  ++sets_planned_;
}

void Player::plan_get(const Request& request) {
  out_ += "get ";
  append_key(out_, request.key, options_.key_size);
  out_ += line_end;
  gets_.push_back(request);
}

size_t Player::read_replies(std::string_view bytes, bool& done) {
  size_t used = 0;
  for (;;) {
    const bool is_set = sets_answered_ < sets_planned_;
    if (!is_set && get_at_ == gets_.size()) break;
    const std::string_view rest = bytes.substr(used);
    const size_t length = is_set ? read_set_reply(rest) : read_get_reply(rest);
    if (length == 0) return used;
    used += length;
  }
  if (used != bytes.size()) cannot_read(bytes.substr(used));
  done = true;
  return used;
}

/// The length of the reply, 0 if it is not all there.
size_t Player::read_set_reply(std::string_view bytes) {
  const size_t end = bytes.find(line_end);
  if (end == std::string_view::npos) return 0;
  const std::string_view line = bytes.substr(0, end);
  if (line.starts_with("SERVER_ERROR ")) {
    ++tally_.refused;
  } else if (line != "STORED") {
    cannot_read(line);
  }
  ++tally_.sets;
  ++sets_answered_;
  if (options_.set_only) {
    ++tally_.requests;
    ++answered_;
  }
  return end + line_end.size();
}

size_t Player::read_get_reply(std::string_view bytes) {
  if (bytes.starts_with(no_value)) {
    note_miss();
    return no_value.size();
  }
  const size_t end = bytes.find(line_end);
  if (end == std::string_view::npos) return 0;
  const std::string_view line = bytes.substr(0, end);
  if (!line.starts_with(value_word)) cannot_read(line);
  const size_t from = end + line_end.size(), size = value_size_in(line);
  if (bytes.size() < from + size + behind_value.size()) return 0;
  if (bytes.substr(from + size, behind_value.size()) != behind_value) cannot_read(line);
  judge_value(bytes.substr(from, size));
  note_hit();
  return from + size + behind_value.size();
}

void Player::judge_value(std::string_view value) {
  if (options_.check && !is_value_of(gets_[get_at_].key, value)) ++tally_.wrong;
}

void Player::note_hit() {
  ++get_at_;
  ++answered_;
  ++tally_.requests;
  ++tally_.hits;
}

void Player::note_miss() {
  const Request& request = gets_[get_at_++];
  if (!missed_.insert(request.key).second) {
    to_ask_again_.push_back(request);
    return;
  }
  to_set_.push_back(request);
  ++answered_;
  ++tally_.requests;
  ++tally_.misses;
}

}  // namespace replay
