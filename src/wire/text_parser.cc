#include "wire/text_parser.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "ringcached/limits.h"
#include "ringcached/meta_extras.h"
#include "wire/blank.h"
#include "wire/meta_flags.h"
#include "wire/text_commands.h"
#include "wire/text_replies.h"
#include "wire/text_words.h"

namespace ringcached::wire {

/// A line that is `set KEY FLAGS EXPTIME SIZE` and nothing else, with one space each.
struct PlainSet {
  std::string_view key;
  uint32_t flags = 0;
  uint32_t exptime = 0;
  uint32_t size = 0;
};

namespace {

constexpr size_t line_size_min = 4;  // Protocol, as probed: the end included.
constexpr size_t indent_max = 100;   // Protocol, as probed: spaces before a line may grow.
static_assert(indent_max < line_size_max);
constexpr size_t value_end_size = 2;  // CRLF
constexpr size_t not_there = std::string_view::npos;

/// The longest key, a carriage return and a newline: if no end of a word shows within this, the
/// word is too long.
constexpr size_t key_window = key_size_max + 2;

size_t find_newline(std::string_view bytes, size_t from) {
  const void* const found = std::memchr(bytes.data() + from, '\n', bytes.size() - from);
  if (found == nullptr) return not_there;
  return static_cast<size_t>(static_cast<const char*>(found) - bytes.data());
}

/// The bytes that the end of a line takes at `at`; 0 if none shows there.
size_t line_end_size(std::string_view bytes, size_t at) {
  const std::string_view rest = bytes.substr(at, value_end_size);
  if (rest.starts_with('\n')) return 1;
  return rest == "\r\n" ? 2 : 0;
}

/// KEY of a line (its end included) that is `get KEY` and nothing else; empty for any other.
std::string_view lone_key(std::string_view line) {
  constexpr std::string_view verb = "get ";
  if (!line.starts_with(verb)) return {};
  const std::string_view key = without_end(line).substr(verb.size());
  if (key.size() > key_size_max || key.find(' ') != not_there) return {};
  return key;
}

/// Digits at `at`, which moves behind them and the `end` that must follow. Not for more than nine
/// digits: they always fit.
bool read_plain_number(std::string_view line, size_t& at, char end, uint32_t& number) {
  constexpr size_t digits_most = 9;
  const size_t first = at;
  number = 0;
  for (; at < line.size() && line[at] >= '0' && line[at] <= '9'; ++at) {
    number = number * 10 + static_cast<uint32_t>(line[at] - '0');
    if (at - first == digits_most) return false;
  }
  return at > first && at < line.size() && line[at++] == end;
}

/// false: the line (its end included) is something else, or a set with anything unusual about it.
bool read_plain_set(std::string_view line, PlainSet& set) {
  constexpr std::string_view verb = "set ";
  if (!line.starts_with(verb)) return false;
  size_t at = word_end(line, verb.size());
  set.key = line.substr(verb.size(), at - verb.size());
  if (set.key.empty() || set.key.size() > key_size_max) return false;
  ++at;
  return read_plain_number(line, at, ' ', set.flags) &&
         read_plain_number(line, at, ' ', set.exptime) &&
         read_plain_number(line, at, '\r', set.size) && at + 1 == line.size();
}

/// Clients send `get / HTTP/1.1`; memcached hangs up on what looks like a browser.
bool is_http(const Words& words) {
  return words.count() > 1 && words.last().starts_with("HTTP/");
}

}  // namespace

Step TextParser::next(std::string_view bytes, Operation& operation) {
  if (bytes.size() < need_) return wait_for(need_);
  if (swallow_ > 0) return drop_value(bytes);
  switch (place_) {
    case Place::LineStart:
      return read_line(bytes, operation);
    case Place::KnownKeys:
      return next_known_key(bytes, operation);
    case Place::StreamedKeys:
      return next_streamed_key(bytes, operation);
    case Place::LineRest:
      break;
  }
  return drop_line(bytes);
}

Step TextParser::read_line(std::string_view bytes, Operation& operation) {
  const size_t newline = find_newline(bytes, seen_);
  if (newline != not_there) {
    const size_t line_size = newline + 1;
    const std::string_view line = bytes.substr(0, line_size);
    if (const std::string_view key = lone_key(line); !key.empty()) {
      return get_one(key, line_size, operation);
    }
    if (PlainSet set; read_plain_set(line, set)) return set_one(set, bytes, line_size, operation);
    return run_line(bytes, line_size, operation);
  }
  if (bytes.size() > line_size_max) return read_endless_line(bytes, operation);
  seen_ = static_cast<uint32_t>(bytes.size());
  return wait_for(bytes.size() + 1);
}

/// What most lines are, without a look at the table of commands or a second one at the line.
Step TextParser::get_one(std::string_view key, size_t line_size, Operation& operation) {
  clear(operation);
  operation.verb = Verb::Get;
  give_key(key, true, operation);
  return pass(Step::What::Operation, line_size);
}

Step TextParser::set_one(const PlainSet& set, std::string_view bytes, size_t line_size,
                         Operation& operation) {
  clear(operation);
  operation.verb = Verb::Store;
  operation.client_flags = set.flags;
  operation.exptime = set.exptime;
  operation.value_size = set.size;
  give_key(set.key, false, operation);
  return take_value(bytes, line_size, operation);
}

/// Only get and gets may go on for ever. Behind spaces they are unknown commands, but may grow too.
Step TextParser::read_endless_line(std::string_view bytes, Operation& operation) {
  const size_t indent = skip_spaces(bytes, 0);
  const std::string_view text = bytes.substr(indent);
  if (indent > indent_max || !(text.starts_with("get ") || text.starts_with("gets "))) {
    return die(bytes.size(), operation);
  }
  if (indent > 0) {
    place_ = Place::LineRest;
    return say(error, bytes.size(), operation);
  }
  const size_t name_size = word_end(text, 0);
  keys_ = find_command(text.substr(0, name_size));
  any_key_ = false;
  place_ = Place::StreamedKeys;
  return pass(Step::What::Nothing, name_size);
}

Step TextParser::run_line(std::string_view bytes, size_t line_size, Operation& operation) {
  if (line_size < line_size_min) return say(bad_format, line_size, operation);
  const std::string_view text = without_end(bytes.substr(0, line_size));
  const Command* const command = find_command(text.substr(0, word_end(text, 0)));
  if (command == nullptr) return run_unknown(text, line_size, operation);
  switch (command->shape) {
    case Shape::Keys:
      return run_keys(*command, bytes, line_size, operation);
    case Shape::Value:
      return run_value(*command, bytes, line_size, operation);
    case Shape::Meta:
      return run_meta(*command, bytes, line_size, operation);
    case Shape::Line:
      break;
  }
  return run_words(*command, text, line_size, operation);
}

Step TextParser::run_unknown(std::string_view text, size_t line_size, Operation& operation) {
  const Words words(text);
  if (is_http(words)) return die(line_size, operation);
  return say_unless(words.noreply(), error, line_size, operation);
}

Step TextParser::run_words(const Command& command, std::string_view text, size_t line_size,
                           Operation& operation) {
  const Words words(text);
  if (words.count() < command.words_min) return say(bad_format, line_size, operation);
  begin(command, operation);
  const bool quiet = command.heeds_noreply && words.noreply();
  operation.quiet = quiet;
  if (command.has_key) {
    if (words[1].size() > key_size_max) return say_unless(quiet, bad_format, line_size, operation);
    give_key(words[1], false, operation);
  }
  if (command.read != nullptr) {
    const std::string_view answer = command.read(words, *rules_, operation);
    if (!answer.empty()) return say_unless(quiet, answer, line_size, operation);
  }
  return pass(Step::What::Operation, line_size);
}

/// A storage command. A line without a usable LEN, or with none at all, is refused, and what
/// follows it is read as commands; any later error drops the value, since its size is known.
Step TextParser::run_value(const Command& command, std::string_view bytes, size_t line_size,
                           Operation& operation) {
  const Words words(without_end(bytes.substr(0, line_size)));
  const auto value_size = read_value_size(words[4]);
  if (!value_size) return say(bad_format, line_size, operation);

  begin(command, operation);
  operation.quiet = words.noreply();
  operation.value_size = *value_size;
  const std::string_view key = words[1];
  const std::string_view answer =
      key.size() > key_size_max ? bad_format : command.read(words, *rules_, operation);
  if (!answer.empty()) {
    swallow(*value_size + value_end_size);
    return say_unless(operation.quiet, answer, line_size, operation);
  }
  give_key(key, false, operation);
  return take_value(bytes, line_size, operation);
}

/// As run_value where a value follows. Errors are told even where success would not be.
Step TextParser::run_meta(const Command& command, std::string_view bytes, size_t line_size,
                          Operation& operation) {
  const Words words(without_end(bytes.substr(0, line_size)));
  if (words.count() < command.words_min) return say(bad_format, line_size, operation);
  MetaExtras* const extras = operation.extras;
  if (extras == nullptr) return pass(Step::What::NeedsExtras, 0);

  begin(command, operation);
  extras->clear();
  operation.extras = extras;
  operation.dialect = Dialect::Meta;
  operation.echo = words.from(first_flag(command.verb));
  const bool has_value = command.verb == Verb::MetaStore;
  if (has_value) {
    const auto value_size = read_value_size(words[2]);
    if (!value_size) return say(bad_format, line_size, operation);
    operation.value_size = *value_size;
  }
  const std::string_view complaint = read_meta_words(words, operation);
  if (!complaint.empty()) {
    if (has_value) swallow(uint64_t{operation.value_size} + value_end_size);
    return say(complaint, line_size, operation);
  }
  give_key(operation.key.bytes, false, operation);
  return has_value ? take_value(bytes, line_size, operation)
                   : pass(Step::What::Operation, line_size);
}

/// The line is read into `operation`; its value is here, or soon will be, or is too large.
Step TextParser::take_value(std::string_view bytes, size_t line_size, Operation& operation) {
  const size_t value_size = operation.value_size;
  const size_t whole = line_size + value_size + value_end_size;
  if (!value_fits(rules_->item_size_max, operation.key.bytes.size(), operation.client_flags,
                  value_size, rules_->cas_enabled)) {
    operation.verb = Verb::Refuse;
    swallow(value_size + value_end_size);
    return pass(Step::What::Operation, line_size);
  }
  if (bytes.size() < whole) {
    if (value_size + value_end_size <= whole_value_max) return wait_for(whole);
    operation.verb = Verb::Reserve;
    return pass(Step::What::Fill, line_size);
  }
  if (bytes.substr(line_size + value_size, value_end_size) != "\r\n") {
    return say_unless(operation.quiet, bad_data_chunk, whole, operation);
  }
  operation.value = bytes.substr(line_size, value_size);
  return pass(Step::What::Operation, whole);
}

/// A get line that is here to its end: checked whole, then its first key is given out.
Step TextParser::run_keys(const Command& command, std::string_view bytes, size_t line_size,
                          Operation& operation) {
  const std::string_view text = without_end(bytes.substr(0, line_size));
  size_t keys_at = skip_spaces(text, command.name.size());
  const std::string_view exptime_word =
      command.verb == Verb::GetAndTouch ? text.substr(keys_at, word_end(text, keys_at) - keys_at)
                                        : std::string_view();
  keys_at = skip_spaces(text, keys_at + exptime_word.size());
  if (keys_at == text.size()) return say(bad_format, line_size, operation);

  if (command.verb == Verb::GetAndTouch) {
    const auto exptime = read_exptime(exptime_word);
    if (!exptime) {
      return say_unless(ends_in_noreply(text), bad_exptime, line_size, operation);
    }
    keys_exptime_ = *exptime;
  }
  if (has_word_over(text.substr(keys_at), key_size_max)) {
    return say_unless(ends_in_noreply(text), bad_format, line_size, operation);
  }
  keys_ = &command;
  line_left_ = static_cast<uint32_t>(line_size - keys_at);
  place_ = Place::KnownKeys;
  Step step = next_known_key(bytes.substr(keys_at), operation);
  step.consumed += keys_at;
  return step;
}

Step TextParser::next_known_key(std::string_view bytes, Operation& operation) {
  if (bytes.size() < line_left_) return wait_for(line_left_);
  const std::string_view text = without_end(bytes.substr(0, line_left_));
  const size_t stop = word_end(text, 0);
  const size_t following = skip_spaces(text, stop);
  const bool is_last = following == text.size();
  const size_t consumed = is_last ? line_left_ : following;
  begin(*keys_, operation);
  give_key(text.substr(0, stop), is_last, operation);
  RC_ASSERT(consumed <= line_left_);
  line_left_ -= static_cast<uint32_t>(consumed);
  if (is_last) place_ = Place::LineStart;
  return pass(Step::What::Operation, consumed);
}

Step TextParser::next_streamed_key(std::string_view bytes, Operation& operation) {
  const size_t at = skip_spaces(bytes, 0);
  if (const size_t end_size = line_end_size(bytes, at); end_size > 0) {
    return end_streamed_line(at + end_size, operation);
  }
  if (at > 0) return pass(Step::What::Nothing, at);

  const std::string_view window = bytes.substr(0, key_window);
  const size_t stop = window.find_first_of(" \n");
  if (stop == not_there) {
    if (window.size() == key_window) return break_streamed_line(key_window, operation);
    return wait_for(window.size() + 1);
  }
  std::string_view key = window.substr(0, stop);
  if (window[stop] == '\n' && key.ends_with('\r')) key.remove_suffix(1);
  if (key.size() > key_size_max) return break_streamed_line(stop, operation);

  size_t consumed = skip_spaces(bytes, key.size());
  const size_t end_size = line_end_size(bytes, consumed);
  consumed += end_size;
  if (end_size > 0) place_ = Place::LineStart;
  any_key_ = true;
  begin(*keys_, operation);
  give_key(key, end_size > 0, operation);
  return pass(Step::What::Operation, consumed);
}

/// The line ends where no key of it is left to carry the end of the reply.
Step TextParser::end_streamed_line(size_t consumed, Operation& operation) {
  place_ = Place::LineStart;
  const Step step = say(any_key_ ? end : bad_format, consumed, operation);
  operation.ends_reply = true;
  return step;
}

/// A key too long, behind others that have been answered: the error takes the place of END.
Step TextParser::break_streamed_line(size_t consumed, Operation& operation) {
  place_ = Place::LineRest;
  const Step step = say(bad_format, consumed, operation);
  operation.ends_reply = true;
  return step;
}

Step TextParser::drop_value(std::string_view bytes) {
  const uint64_t size = std::min<uint64_t>(swallow_, bytes.size());
  swallow_ -= size;
  return pass(Step::What::Nothing, static_cast<size_t>(size));
}

Step TextParser::drop_line(std::string_view bytes) {
  const size_t newline = find_newline(bytes, 0);
  if (newline == not_there) return pass(Step::What::Nothing, bytes.size());
  place_ = Place::LineStart;
  return pass(Step::What::Nothing, newline + 1);
}

void TextParser::begin(const Command& command, Operation& operation) const {
  clear(operation);
  operation.verb = command.verb;
  operation.mode = command.mode;
  operation.with_cas = command.with_cas;
  operation.decrement = command.decrement;
  if (command.verb == Verb::GetAndTouch) operation.exptime = keys_exptime_;
}

void TextParser::give_key(std::string_view key, bool ends_reply, Operation& operation) const {
  RC_ASSERT(!key.empty() && key.size() <= key_size_max);
  operation.key = {key, (*hasher_)(key)};
  operation.ends_reply = ends_reply;
}

Step TextParser::say(std::string_view reply, size_t consumed, Operation& operation) {
  clear(operation);
  operation.verb = Verb::Say;
  operation.value = reply;
  return pass(Step::What::Operation, consumed);
}

Step TextParser::say_unless(bool quiet, std::string_view reply, size_t consumed,
                            Operation& operation) {
  return quiet ? pass(Step::What::Nothing, consumed) : say(reply, consumed, operation);
}

Step TextParser::die(size_t consumed, Operation& operation) {
  clear(operation);
  operation.verb = Verb::Die;
  return pass(Step::What::Operation, consumed);
}

Step TextParser::pass(Step::What what, size_t consumed) {
  need_ = 1;
  seen_ = 0;
  return {.what = what, .consumed = consumed, .need = 0};
}

Step TextParser::wait_for(size_t size) {
  need_ = static_cast<uint32_t>(size);
  return {.what = Step::What::Incomplete, .consumed = 0, .need = size};
}

}  // namespace ringcached::wire
