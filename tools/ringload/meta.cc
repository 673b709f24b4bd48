#include "ringload/meta.h"

#include "base/digits.h"
#include "ringload/lines.h"

namespace ringload {

namespace {

constexpr std::string_view value_word = "VA ";
constexpr std::string_view before_key = " k";
constexpr size_t set_text_max = 64;  // without the key and the value

/// A miss may name its key.
bool is_miss(std::string_view line) {
  return line == "EN" || line.starts_with("EN ");
}

/// A get of one key is an mg; one of several is as many quiet ones, and an mn behind them, so that
/// what is missing costs no reply, as in the classic protocol.
class MetaConversation final : public LineConversation {
 public:
  MetaConversation(const Keys& keys, bool verify) : LineConversation(keys, verify) {}

  void ask_get(std::span<const uint64_t> keys, uint64_t intended_ns) override;
  void ask_set(uint64_t key, uint32_t number, uint32_t ttl, uint64_t intended_ns) override;

 private:
  void on_line(std::string_view line, Tally& tally) override;
  size_t take_usual_value(std::string_view bytes, Tally& tally) override;
  void on_value_end() override { finish_single(); }
  void on_value_line(std::string_view line);
  void on_set_line(std::string_view line, Tally& tally);
  void finish_single() {
    if (command().requests == 1) finish_command();
  }
};

void MetaConversation::ask_get(std::span<const uint64_t> keys, uint64_t intended_ns) {
  const std::string_view flags = keys.size() == 1 ? " k v\r\n" : " k v q\r\n";
  char* out = out_.room(keys.size() * (3 + keys_.room() + flags.size()) + 4);
  for (const uint64_t key : keys) out = put(write_key(put(out, "mg "), key), flags);
  if (keys.size() > 1) out = put(out, "mn\r\n");
  out_.end_at(out);
  commands_.push_back({intended_ns, static_cast<uint32_t>(keys.size()), false});
}

void MetaConversation::ask_set(uint64_t key, uint32_t number, uint32_t ttl, uint64_t intended_ns) {
  const uint32_t size = keys_.value_size(key);
  char* out = out_.room(set_text_max + keys_.room());
  out = write_key(put(out, "ms "), key);
  *out++ = ' ';
  out = ringcached::write_digits(out, size);
  if (ttl != 0) out = ringcached::write_digits(put(out, " T"), ttl);
  out_.end_at(put(out, line_end));
  append_value(out_, key, number, size);
  out_.end_at(put(out_.room(line_end.size()), line_end));
  commands_.push_back({intended_ns, 1, true});
}

size_t MetaConversation::take_usual_value(std::string_view bytes, Tally& tally) {
  Asked* const asked = usual_request();
  if (asked == nullptr) return 0;
  const char* at = bytes.data();
  const size_t line_max = value_word.size() + before_key.size() + asked->text_size + size_text_max;
  if (bytes.size() < line_max || !takes(at, value_word)) return 0;
  if (!take_right_value(at, bytes.data() + bytes.size(), *asked, before_key)) return 0;
  count_hit(*asked, tally);
  finish_single();
  return static_cast<size_t>(at - bytes.data());
}

void MetaConversation::on_line(std::string_view line, Tally& tally) {
  const bool several = command().requests > 1;
  if (command().is_set) {
    on_set_line(line, tally);
  } else if (line.starts_with(value_word)) {
    on_value_line(line);
  } else if (line == "MN" ? several : !several && is_miss(line)) {
    tally.gets += left();
    tally.misses += left();
    finish_command();
  } else {
    if (left() == 0) cannot_read(line, "a get");
    note_error(line, 1, tally);
    ++tally.gets;
    several ? skip_request() : finish_command();
  }
}

void MetaConversation::on_set_line(std::string_view line, Tally& tally) {
  ++tally.sets;
  if (line != "HD") note_error(line, 1, tally);
  finish_command();
}

void MetaConversation::on_value_line(std::string_view line) {
  if (left() == 0) cannot_read(line, "a get");
  const std::string_view rest = line.substr(value_word.size());
  const size_t key_at = rest.find(before_key);
  if (key_at == std::string_view::npos) cannot_read(line, "a get");
  const std::string_view key = rest.substr(key_at + before_key.size());
  begin_value(verify() ? find_asked(key) : likely_request(), rest.substr(0, key_at), line);
}

}  // namespace

std::unique_ptr<Conversation> make_meta_conversation(const Keys& keys, bool verify) {
  return std::make_unique<MetaConversation>(keys, verify);
}

}  // namespace ringload
