#include "ringload/text.h"

#include "base/digits.h"
#include "ringload/failure.h"
#include "ringload/lines.h"

namespace ringload {

namespace {

constexpr std::string_view value_word = "VALUE ";
constexpr std::string_view behind_key = " 0 ";  // what is set has no flags
constexpr std::string_view end_line = "END\r\n";
constexpr size_t set_text_max = 64;  // without the key and the value

class TextConversation final : public LineConversation {
 public:
  TextConversation(const Keys& keys, bool verify) : LineConversation(keys, verify) {}

  void ask_get(std::span<const uint64_t> keys, uint64_t intended_ns) override;
  void ask_set(uint64_t key, uint32_t number, uint32_t ttl, uint64_t intended_ns) override;

 private:
  void on_line(std::string_view line, Tally& tally) override;
  size_t take_usual_value(std::string_view bytes, Tally& tally) override;
  void on_value_line(std::string_view line);
};

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

/// Takes END as well, if the value is the last one.
size_t TextConversation::take_usual_value(std::string_view bytes, Tally& tally) {
  Asked* const asked = usual_request();
  if (asked == nullptr) return 0;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  const size_t line_max = value_word.size() + asked->text_size + behind_key.size() + size_text_max;
  if (bytes.size() < line_max || !takes(at, value_word)) return 0;
  if (verify() && !is_same(at, text_of(*asked), asked->text_size)) return 0;
  at += asked->text_size;
  if (!takes(at, behind_key) || !take_right_value(at, end, *asked, "")) return 0;
  count_hit(*asked, tally);
  if (left() == 0 && end - at >= 5 && takes(at, end_line)) finish_command();
  return static_cast<size_t>(at - bytes.data());
}

void TextConversation::on_line(std::string_view line, Tally& tally) {
  if (command().is_set) {
    ++tally.sets;
    if (line != "STORED") note_error(line, 1, tally);
    finish_command();
  } else if (line.starts_with(value_word)) {
    on_value_line(line);
  } else {
    tally.gets += left();
    line == "END" ? tally.misses += left() : (note_error(line, left(), tally), 0);
    finish_command();
  }
}

void TextConversation::on_value_line(std::string_view line) {
  if (left() == 0) cannot_read(line, "a get");
  std::string_view rest = line.substr(value_word.size());
  const std::string_view key = rest.substr(0, rest.find(' '));
  if (!verify()) {
    begin_value(likely_request(), rest.substr(rest.rfind(' ') + 1), line);
    return;
  }
  Asked& asked = find_asked(key);
  rest.remove_prefix(key.size());
  if (!rest.starts_with(behind_key)) {
    throw Failure(Exit::WrongByte, "a value's flags are not 0: " + shown(line));
  }
  begin_value(asked, rest.substr(behind_key.size()), line);
}

}  // namespace

std::unique_ptr<Conversation> make_text_conversation(const Keys& keys, bool verify) {
  return std::make_unique<TextConversation>(keys, verify);
}

}  // namespace ringload
