#include "ringload/text.h"

#include <cstring>
#include <string>

#include "base/assert.h"
#include "base/digits.h"
#include "ringload/failure.h"
#include "ringload/value.h"

namespace ringload {

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view value_word = "VALUE ";
constexpr std::string_view behind_key = " 0 ";  // what is set has no flags
constexpr std::string_view end_line = "END\r\n";
constexpr size_t size_text_max = 12;     // ten digits and a line end
constexpr size_t reply_line_max = 2048;  // guess: many times the longest that is known
constexpr size_t set_text_max = 64;      // without the key and the value
constexpr size_t shown_max = 120;

char* put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

/// Moves behind `expected` if that is what stands there.
bool takes(const char*& at, std::string_view expected) {
  if (std::memcmp(at, expected.data(), expected.size()) != 0) return false;
  at += expected.size();
  return true;
}

/// For sizes of keys: a call of memcmp costs more than it does.
bool is_same(const char* a, const char* b, size_t size) {
  if (size < 8) return std::memcmp(a, b, size) == 0;
  const auto differs = [&](size_t at) { return std::memcmp(a + at, b + at, 8) != 0; };
  for (size_t at = 0; at + 8 < size; at += 8) {
    if (differs(at)) return false;
  }
  return !differs(size - 8);
}

bool is_error(std::string_view line) {
  return line == "ERROR" || line.starts_with("SERVER_ERROR") || line.starts_with("CLIENT_ERROR");
}

std::string shown(std::string_view line) {
  return "'" + std::string(line.substr(0, shown_max)) + "'";
}

[[noreturn]] void cannot_read(std::string_view line, const char* to) {
  throw Failure(Exit::Protocol,
                std::string("the server's reply to ") + to + " makes no sense: " + shown(line));
}

class TextConversation final : public Conversation {
 public:
  TextConversation(const Keys& keys, bool verify) : Conversation(keys), verify_(verify) {}

  void begin_batch() override;
  void ask_get(std::span<const uint64_t> keys, uint64_t intended_ns) override;
  void ask_set(uint64_t key, uint32_t number, uint32_t ttl, uint64_t intended_ns) override;
  void read(std::string_view bytes, Tally& tally) override;

 private:
  /// A request: its key, as it stands in out_.
  struct Asked {
    uint64_t key;
    uint32_t text_at;
    uint8_t text_size;
    bool answered;
  };

  char* write_key(char* out, uint64_t key);
  const char* text_of(const Asked& asked) const { return out_.text() + asked.text_at; }
  size_t take_line(std::string_view bytes, Tally& tally);
  size_t take_value(std::string_view bytes, Tally& tally);
  void on_line(std::string_view line, Tally& tally);
  size_t take_usual_value(std::string_view bytes, Tally& tally);
  void on_value_line(std::string_view line);
  void note_found(Asked& asked);
  void finish_value(Tally& tally);
  void finish_command();
  Asked& find_asked(std::string_view from_key_on);
  void note_error(std::string_view line, uint64_t requests, Tally& tally);

  const bool verify_;

  // The requests of the batch, and those of the command that is answered now: they begin at
  // command_at_, values have come for `found_` of them, and the next is likely for hint_.
  std::vector<Asked> asked_;
  size_t command_at_ = 0;
  size_t found_ = 0;
  size_t hint_ = 0;

  bool in_value_ = false;
  ValueCheck value_;
  size_t line_end_seen_ = 0;  // of the two bytes behind the value
  std::string partial_;       // the beginning of a line whose end has not come
};

// --- Asking.

void TextConversation::begin_batch() {
  Conversation::begin_batch();
  asked_.clear();
  command_at_ = found_ = hint_ = 0;
}

char* TextConversation::write_key(char* out, uint64_t key) {
  char* const end = keys_.write(out, key);
  asked_.push_back(
      {key, static_cast<uint32_t>(out - out_.text()), static_cast<uint8_t>(end - out), false});
  return end;
}

void TextConversation::ask_get(std::span<const uint64_t> keys, uint64_t intended_ns) {
  char* out = out_.room(3 + keys.size() * (keys_.room() + 1) + line_end.size());
  out = put(out, "get");
  for (const uint64_t key : keys) {
    *out++ = ' ';
    out = write_key(out, key);
  }
  out_.end_at(put(out, line_end));
  commands_.push_back({intended_ns, static_cast<uint32_t>(keys.size()), false});
}

void TextConversation::ask_set(uint64_t key, uint32_t number, uint32_t ttl, uint64_t intended_ns) {
  const uint32_t size = keys_.value_size(key);
  char* out = out_.room(set_text_max + keys_.room());
  out = put(out, "set ");
  out = write_key(out, key);
  out = put(out, " 0 ");
  out = ringcached::write_digits(out, ttl);
  *out++ = ' ';
  out = ringcached::write_digits(out, size);
  out_.end_at(put(out, line_end));
  append_value(out_, key, number, size);
  out_.end_at(put(out_.room(line_end.size()), line_end));
  commands_.push_back({intended_ns, 1, true});
}

// --- Reading.

void TextConversation::read(std::string_view bytes, Tally& tally) {
  while (!bytes.empty()) {
    size_t used = in_value_ ? take_value(bytes, tally) : take_usual_value(bytes, tally);
    if (used == 0) used = take_line(bytes, tally);
    bytes.remove_prefix(used);
  }
}

/// What nearly all replies are: all of a value for the next key, a right one, and END if it was the
/// last one. 0 when it is anything else, or not whole: those who look at lines take it. They could
/// take this one too; it is for speed alone.
size_t TextConversation::take_usual_value(std::string_view bytes, Tally& tally) {
  if (is_answered() || !partial_.empty()) return 0;
  const Command& command = commands_[answered_];
  if (command.is_set || hint_ == command_at_ + command.requests) return 0;
  Asked& asked = asked_[hint_];
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  const size_t line_max = value_word.size() + asked.text_size + behind_key.size() + size_text_max;
  if (asked.answered || bytes.size() < line_max || !takes(at, value_word)) return 0;
  if (verify_ && !is_same(at, text_of(asked), asked.text_size)) return 0;
  at += asked.text_size;
  if (!takes(at, behind_key)) return 0;
  uint64_t size = 0;
  for (int i = 0; i < 10 && *at >= '0' && *at <= '9'; ++i, ++at) {
    size = size * 10 + static_cast<uint64_t>(*at - '0');
  }
  if (!takes(at, line_end) || static_cast<uint64_t>(end - at) < size + line_end.size()) return 0;
  if (verify_ && !is_value_of(asked.key, {at, size})) return 0;
  at += size;
  if (!takes(at, line_end)) return 0;
  note_found(asked);
  ++tally.gets;
  ++tally.hits;
  if (found_ == command.requests && end - at >= 5 && takes(at, end_line)) finish_command();
  return static_cast<size_t>(at - bytes.data());
}

size_t TextConversation::take_line(std::string_view bytes, Tally& tally) {
  const void* end = std::memchr(bytes.data(), '\n', bytes.size());
  if (end == nullptr) {
    partial_.append(bytes);
    if (partial_.size() > reply_line_max) cannot_read(partial_, "a command");
    return bytes.size();
  }
  const size_t size = static_cast<size_t>(static_cast<const char*>(end) - bytes.data()) + 1;
  if (partial_.empty()) {
    on_line(bytes.substr(0, size), tally);
  } else {
    partial_.append(bytes.substr(0, size));
    on_line(partial_, tally);
    partial_.clear();
  }
  return size;
}

void TextConversation::on_line(std::string_view line, Tally& tally) {
  if (is_answered()) {
    throw Failure(Exit::Protocol, "the server says more than it was asked for: " + shown(line));
  }
  if (!line.ends_with(line_end)) cannot_read(line, "a command");
  line.remove_suffix(line_end.size());
  const Command& command = commands_[answered_];
  const uint64_t left = command.requests - found_;
  if (command.is_set) {
    ++tally.sets;
    if (line != "STORED") note_error(line, 1, tally);
    finish_command();
  } else if (line.starts_with(value_word)) {
    on_value_line(line);
  } else {
    tally.gets += left;
    line == "END" ? tally.misses += left : (note_error(line, left, tally), left);
    finish_command();
  }
}

void TextConversation::note_error(std::string_view line, uint64_t requests, Tally& tally) {
  if (!is_error(line)) cannot_read(line, commands_[answered_].is_set ? "a set" : "a get");
  tally.errors += requests;
  if (tally.first_error.empty()) tally.first_error = line.substr(0, shown_max);
}

void TextConversation::finish_command() {
  command_at_ += commands_[answered_].requests;
  hint_ = command_at_;
  found_ = 0;
  ++answered_;
}

/// The request whose key stands at the beginning of `text`. Values come in the order of the keys,
/// those of missing ones left out; only proxies change the order.
TextConversation::Asked& TextConversation::find_asked(std::string_view text) {
  const size_t requests = commands_[answered_].requests;
  const size_t end = command_at_ + requests;
  for (size_t i = 0, at = hint_; i < requests; ++i, ++at) {
    if (at == end) at = command_at_;
    Asked& asked = asked_[at];
    if (asked.answered || text.size() <= asked.text_size || text[asked.text_size] != ' ') continue;
    if (!is_same(text.data(), text_of(asked), asked.text_size)) continue;
    hint_ = at;
    return asked;
  }
  throw Failure(Exit::WrongByte, "a value came whose key was not asked for: " + shown(text));
}

void TextConversation::note_found(Asked& asked) {
  asked.answered = true;
  ++hint_;
  ++found_;
}

void TextConversation::on_value_line(std::string_view line) {
  if (found_ == commands_[answered_].requests) cannot_read(line, "a get");
  std::string_view rest = line.substr(value_word.size());
  Asked& asked = verify_ ? find_asked(rest) : asked_[hint_];
  if (verify_) {
    rest.remove_prefix(asked.text_size);
    if (!rest.starts_with(behind_key)) {
      throw Failure(Exit::WrongByte, "a value's flags are not 0: " + shown(line));
    }
    rest.remove_prefix(behind_key.size());
  } else {
    rest.remove_prefix(rest.rfind(' ') + 1);
  }
  const auto size = ringcached::parse_unsigned(rest);
  if (!size || *size > UINT32_MAX) cannot_read(line, "a get");
  note_found(asked);
  in_value_ = true;
  line_end_seen_ = 0;
  value_.begin(asked.key, static_cast<uint32_t>(*size));
}

size_t TextConversation::take_value(std::string_view bytes, Tally& tally) {
  size_t used = std::min<size_t>(value_.left(), bytes.size());
  verify_ ? value_.feed(bytes.substr(0, used)) : value_.skip(bytes.substr(0, used));
  if (value_.left() > 0) return used;
  for (; used < bytes.size() && line_end_seen_ < line_end.size(); ++used, ++line_end_seen_) {
    if (bytes[used] != line_end[line_end_seen_]) cannot_read(bytes.substr(used), "a get");
  }
  if (line_end_seen_ == line_end.size()) finish_value(tally);
  return used;
}

void TextConversation::finish_value(Tally& tally) {
  in_value_ = false;
  ++tally.gets;
  if (value_.is_right()) {
    ++tally.hits;
    return;
  }
  ++tally.wrong;
  if (tally.first_wrong.empty()) tally.first_wrong = value_.complaint();
}

}  // namespace

std::unique_ptr<Conversation> make_text_conversation(const Keys& keys, bool verify) {
  return std::make_unique<TextConversation>(keys, verify);
}

}  // namespace ringload
