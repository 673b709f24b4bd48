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
constexpr std::string_view flags_and_blank = "0 ";  // what is set has no flags
constexpr size_t reply_line_max = 2048;             // guess: many times the longest that is known
constexpr size_t shown_max = 120;

char* put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
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
    uint16_t text_size;
    bool answered;
  };

  char* write_key(char* out, uint64_t key);
  size_t take_line(std::string_view bytes, Tally& tally);
  size_t take_value(std::string_view bytes, Tally& tally);
  void on_line(std::string_view line, Tally& tally);
  void on_value_line(std::string_view line);
  void finish_value(Tally& tally);
  void finish_command();
  const Asked& find_asked(std::string_view from_key_on);
  const Asked& next_asked(std::string_view from_key_on);
  void note_error(std::string_view line, uint64_t requests, Tally& tally);

  // The requests of the batch, and those of the command that is answered now: they begin at
  // command_at_, values have come for `found_` of them, and the next is likely for hint_.
  std::vector<Asked> asked_;
  size_t command_at_ = 0;
  size_t found_ = 0;
  size_t hint_ = 0;

  const bool verify_;
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
  asked_.push_back({key, static_cast<uint32_t>(out - out_.view().data()),
                    static_cast<uint16_t>(end - out), false});
  return end;
}

void TextConversation::ask_get(std::span<const uint64_t> keys, uint64_t intended_ns) {
  char* out = out_.room(3 + keys.size() * (keys_.key_size_max() + 1) + line_end.size());
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
  char* out = out_.room(64 + keys_.key_size_max() + size);
  out = put(out, "set ");
  out = write_key(out, key);
  out = put(out, " 0 ");
  out = ringcached::write_digits(out, ttl);
  *out++ = ' ';
  out = ringcached::write_digits(out, size);
  out = put(out, line_end);
  write_value(out, key, number, size);
  out_.end_at(put(out + size, line_end));
  commands_.push_back({intended_ns, 1, true});
}

// --- Reading.

void TextConversation::read(std::string_view bytes, Tally& tally) {
  while (!bytes.empty()) {
    bytes.remove_prefix(in_value_ ? take_value(bytes, tally) : take_line(bytes, tally));
  }
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
const TextConversation::Asked& TextConversation::find_asked(std::string_view text) {
  const size_t requests = commands_[answered_].requests;
  const size_t end = command_at_ + requests;
  for (size_t i = 0, at = hint_; i < requests; ++i, ++at) {
    if (at == end) at = command_at_;
    Asked& asked = asked_[at];
    if (asked.answered || text.size() <= asked.text_size || text[asked.text_size] != ' ') continue;
    if (std::memcmp(text.data(), out_.view().data() + asked.text_at, asked.text_size) != 0)
      continue;
    asked.answered = true;
    hint_ = at + 1;
    return asked;
  }
  throw Failure(Exit::WrongByte, "a value came whose key was not asked for: " + shown(text));
}

/// The next request, whatever key stands at the beginning of `text`.
const TextConversation::Asked& TextConversation::next_asked(std::string_view text) {
  if (found_ == commands_[answered_].requests) cannot_read(text, "a get");
  return asked_[hint_++];
}

void TextConversation::on_value_line(std::string_view line) {
  const std::string_view text = line.substr(value_word.size());
  const Asked& asked = verify_ ? find_asked(text) : next_asked(text);
  std::string_view rest = text.substr(text.find(' ') + 1);
  if (!rest.starts_with(flags_and_blank)) {
    throw Failure(Exit::WrongByte, "a value's flags are not 0: " + shown(line));
  }
  rest.remove_prefix(flags_and_blank.size());
  const auto size = ringcached::parse_unsigned(rest);
  if (!size || *size > UINT32_MAX) cannot_read(line, "a get");
  ++found_;
  value_.begin(asked.key, static_cast<uint32_t>(*size));
  line_end_seen_ = 0;
  in_value_ = true;
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
