#include "ringload/lines.h"

#include <algorithm>
#include <cstring>

#include "base/digits.h"
#include "ringload/failure.h"

namespace ringload {

namespace {

constexpr size_t reply_line_max = 2048;  // guess: many times the longest that is known
constexpr size_t shown_max = 120;

bool is_error(std::string_view line) {
  return line == "ERROR" || line.starts_with("SERVER_ERROR") || line.starts_with("CLIENT_ERROR");
}

}  // namespace

bool takes(const char*& at, std::string_view expected) {
  if (std::memcmp(at, expected.data(), expected.size()) != 0) return false;
  at += expected.size();
  return true;
}

bool is_same(const char* a, const char* b, size_t size) {
  if (size < 8) return std::memcmp(a, b, size) == 0;
  const auto differs = [&](size_t at) { return std::memcmp(a + at, b + at, 8) != 0; };
  for (size_t at = 0; at + 8 < size; at += 8) {
    if (differs(at)) return false;
  }
  return !differs(size - 8);
}

std::string shown(std::string_view line) {
  return "'" + std::string(line.substr(0, shown_max)) + "'";
}

void cannot_read(std::string_view line, const char* to) {
  throw Failure(Exit::Protocol,
                std::string("the server's reply to ") + to + " makes no sense: " + shown(line));
}

// --- Asking.

void LineConversation::begin_batch() {
  Conversation::begin_batch();
  asked_.clear();
  command_at_ = found_ = hint_ = 0;
}

char* LineConversation::write_key(char* out, uint64_t key) {
  char* const end = keys_.write(out, key);
  asked_.push_back(
      {key, static_cast<uint32_t>(out - out_.text()), static_cast<uint8_t>(end - out), false});
  return end;
}

// --- Reading.

void LineConversation::read(std::string_view bytes, Tally& tally) {
  while (!bytes.empty()) {
    size_t used = in_value_ ? take_value(bytes, tally) : take_usual_value(bytes, tally);
    if (used == 0) used = take_line(bytes, tally);
    bytes.remove_prefix(used);
  }
}

LineConversation::Asked* LineConversation::usual_request() {
  if (is_answered() || !partial_.empty()) return nullptr;
  if (command().is_set || hint_ == command_at_ + command().requests) return nullptr;
  return asked_[hint_].answered ? nullptr : &asked_[hint_];
}

bool LineConversation::take_right_value(const char*& at, const char* end, const Asked& asked,
                                        std::string_view behind) const {
  uint64_t size = 0;
  for (int i = 0; i < 10 && *at >= '0' && *at <= '9'; ++i, ++at) {
    size = size * 10 + static_cast<uint64_t>(*at - '0');
  }
  if (!behind.empty()) {
    if (!takes(at, behind)) return false;
    if (verify_ && !is_same(at, text_of(asked), asked.text_size)) return false;
    at += asked.text_size;
  }
  if (!takes(at, line_end) || static_cast<uint64_t>(end - at) < size + line_end.size())
    return false;
  if (verify_ && !is_value_of(asked.key, {at, size})) return false;
  at += size;
  return takes(at, line_end);
}

void LineConversation::count_hit(Asked& asked, Tally& tally) {
  note_found(asked);
  ++tally.gets;
  ++tally.hits;
}

size_t LineConversation::take_line(std::string_view bytes, Tally& tally) {
  const void* end = std::memchr(bytes.data(), '\n', bytes.size());
  if (end == nullptr) {
    partial_.append(bytes);
    if (partial_.size() > reply_line_max) cannot_read(partial_, "a command");
    return bytes.size();
  }
  const size_t size = static_cast<size_t>(static_cast<const char*>(end) - bytes.data()) + 1;
  if (partial_.empty()) {
    check_line(bytes.substr(0, size), tally);
  } else {
    partial_.append(bytes.substr(0, size));
    check_line(partial_, tally);
    partial_.clear();
  }
  return size;
}

void LineConversation::check_line(std::string_view line, Tally& tally) {
  if (is_answered()) {
    throw Failure(Exit::Protocol, "the server says more than it was asked for: " + shown(line));
  }
  if (!line.ends_with(line_end)) cannot_read(line, "a command");
  line.remove_suffix(line_end.size());
  on_line(line, tally);
}

void LineConversation::note_error(std::string_view line, uint64_t requests, Tally& tally) {
  if (!is_error(line)) cannot_read(line, command().is_set ? "a set" : "a get");
  tally.errors += requests;
  if (tally.first_error.empty()) tally.first_error = line.substr(0, shown_max);
}

void LineConversation::finish_command() {
  command_at_ += command().requests;
  hint_ = command_at_;
  found_ = 0;
  ++answered_;
}

LineConversation::Asked& LineConversation::find_asked(std::string_view key) {
  const size_t requests = command().requests;
  const size_t end = command_at_ + requests;
  for (size_t i = 0, at = hint_; i < requests; ++i, ++at) {
    if (at >= end) at = command_at_;
    Asked& asked = asked_[at];
    if (asked.answered || key.size() != asked.text_size) continue;
    if (!is_same(key.data(), text_of(asked), asked.text_size)) continue;
    hint_ = at;
    return asked;
  }
  throw Failure(Exit::WrongByte, "a value came whose key was not asked for: " + shown(key));
}

void LineConversation::note_found(Asked& asked) {
  asked.answered = true;
  ++hint_;
  ++found_;
}

void LineConversation::begin_value(Asked& asked, std::string_view size_text,
                                   std::string_view line) {
  const auto size = ringcached::parse_unsigned(size_text);
  if (!size || *size > UINT32_MAX) cannot_read(line, "a get");
  note_found(asked);
  in_value_ = true;
  line_end_seen_ = 0;
  value_.begin(asked.key, static_cast<uint32_t>(*size));
}

size_t LineConversation::take_value(std::string_view bytes, Tally& tally) {
  size_t used = std::min<size_t>(value_.left(), bytes.size());
  verify_ ? value_.feed(bytes.substr(0, used)) : value_.skip(bytes.substr(0, used));
  if (value_.left() > 0) return used;
  for (; used < bytes.size() && line_end_seen_ < line_end.size(); ++used, ++line_end_seen_) {
    if (bytes[used] != line_end[line_end_seen_]) cannot_read(bytes.substr(used), "a get");
  }
  if (line_end_seen_ == line_end.size()) finish_value(tally);
  return used;
}

void LineConversation::finish_value(Tally& tally) {
  in_value_ = false;
  ++tally.gets;
  if (value_.is_right()) {
    ++tally.hits;
  } else {
    ++tally.wrong;
    if (tally.first_wrong.empty()) tally.first_wrong = value_.complaint();
  }
  on_value_end();
}

}  // namespace ringload
