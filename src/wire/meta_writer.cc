#include "wire/meta_writer.h"

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/assert.h"
#include "base/digits.h"
#include "ringcached/limits.h"
#include "ringcached/meta_extras.h"
#include "wire/base64.h"
#include "wire/meta_flags.h"
#include "wire/text_replies.h"
#include "wire/text_words.h"
#include "wire/text_writer.h"

namespace ringcached::wire {
namespace {

constexpr std::string_view line_end = "\r\n";

// Each return flag once, every number at its longest.
constexpr size_t number_flag_max = 2 + digits_max;
constexpr size_t key_flag_max = 2 + key_size_max + 4 + 2;
constexpr size_t line_max = 3 + digits_max + 6 * number_flag_max + key_flag_max + 1 +
                            opaque_size_max + 3 * 2 + 2 * line_end.size();
static_assert(line_max <= meta_frame_max);
static_assert(encoded_size(MetaExtras::decoded_max) <= key_size_max + 4);

char* put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* put_flag(char* out, char letter) {
  *out++ = ' ';
  *out++ = letter;
  return out;
}

char* put_flag(char* out, char letter, uint64_t number) {
  return write_digits(put_flag(out, letter), number);
}

char* put_key(char* out, const Operation& operation) {
  if (!operation.extras->result.base64) return put(out, operation.key.bytes);
  return encode_base64(operation.key.bytes, out);
}

char* put_ttl(char* out, const Ttl& ttl) {
  return ttl.endless ? put(out, "-1") : write_digits(out, ttl.seconds);
}

/// The value of a number is written with the head: nobody has it in one piece elsewhere.
bool shows_number(const Operation& operation) {
  return operation.outcome == Outcome::Number && operation.extras->request.asks(meta::with_value);
}

constexpr std::string_view code_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::Done:
    case Outcome::Stored:
    case Outcome::Deleted:
    case Outcome::Number:
      return "HD";
    case Outcome::Miss:
      return "EN";
    case Outcome::NotFound:
      return "NF";
    case Outcome::NotStored:
      return "NS";
    case Outcome::Exists:
      return "EX";
    default:
      return {};
  }
}

/// The flags that a reply of this kind repeats or answers.
constexpr std::string_view returned_flags(Verb verb, Outcome outcome) {
  constexpr std::string_view always = "Ok";
  switch (verb) {
    case Verb::MetaGet:
      return outcome == Outcome::Miss ? always : "Okcfhlst";
    case Verb::MetaStore:
    case Verb::Commit:
      return "Okcs";
    case Verb::MetaArithmetic:
      return outcome == Outcome::Number ? "Okct" : always;
    default:
      return always;
  }
}

char* put_answer(char* out, std::string_view word, const Operation& operation) {
  const MetaResult& result = operation.extras->result;
  const char letter = word[0];
  switch (letter) {
    case 'O':
      *out++ = ' ';
      return put(out, word);
    case 'k':
      out = put_key(put_flag(out, letter), operation);
      return result.base64 ? put(out, " b") : out;
    case 'c':
      return put_flag(out, letter, operation.cas);
    case 'f':
      return put_flag(out, letter, operation.client_flags);
    case 'h':
      return put_flag(out, letter, result.fetched ? 1 : 0);
    case 'l':
      return put_flag(out, letter, result.idle);
    case 's':
      return put_flag(out, letter, result.size);
    case 't':
      return put_ttl(put_flag(out, letter), result.ttl);
  }
  RC_ASSERT(false);  // no other flag is ever returned
  return out;
}

/// Who is to renew the item.
char* put_renewal(char* out, const MetaResult& result) {
  if (result.lost) out = put_flag(out, 'Z');
  if (result.stale) out = put_flag(out, 'X');
  if (result.won) out = put_flag(out, 'W');
  return out;
}

/// In the order of the request, then what nobody asked for.
char* put_answers(char* out, const Operation& operation) {
  const std::string_view returned = returned_flags(operation.verb, operation.outcome);
  const std::string_view echo = operation.echo;
  for (size_t at = 0; at < echo.size();) {
    const size_t stop = word_end(echo, at);
    if (returned.find(echo[at]) != std::string_view::npos) {
      out = put_answer(out, echo.substr(at, stop - at), operation);
    }
    at = skip_spaces(echo, stop);
  }
  if (operation.verb == Verb::MetaGet) out = put_renewal(out, operation.extras->result);
  return put(out, line_end);
}

char* put_value_line(char* out, size_t size, const Operation& operation) {
  out = write_digits(put(out, "VA "), size);
  return put_answers(out, operation);
}

char* put_number(char* out, const Operation& operation) {
  char digits[digits_max];
  const auto size = static_cast<size_t>(write_digits(digits, operation.number) - digits);
  out = put_value_line(out, size, operation);
  return put(put(out, {digits, size}), line_end);
}

/// What me tells; the numbers are for people to read.
char* put_debug_line(char* out, const Operation& operation) {
  const MetaResult& result = operation.extras->result;
  out = put_key(put(out, "ME "), operation);
  out = put_ttl(put(out, " exp="), result.ttl);
  out = write_digits(put(out, " la="), result.idle);
  out = write_digits(put(out, " cas="), operation.cas);
  out = put(out, result.fetched ? " fetch=yes" : " fetch=no");
  out = write_digits(put(out, " cls="), result.class_id);
  out = write_digits(put(out, " size="), result.size);
  return put(out, line_end);
}

std::string_view error_of(const Operation& operation) {
  const bool was_to_be_made = operation.outcome == Outcome::NoMemory &&
                              operation.verb == Verb::MetaArithmetic &&
                              operation.extras->result.made;
  return was_to_be_made ? no_memory_to_make : spelled(operation.outcome, operation.verb);
}

}  // namespace

bool is_silent_in_meta(const Operation& operation) {
  if (operation.quiet) return true;  // a value abandoned
  if (!operation.extras->request.asks(meta::quiet)) return false;
  if (operation.verb == Verb::MetaGet) return operation.outcome == Outcome::Miss;
  return code_of(operation.outcome) == "HD";
}

char* write_meta_head(const Operation& operation, char* out) {
  RC_ASSERT(operation.extras != nullptr);
  if (is_silent_in_meta(operation)) return out;
  if (operation.outcome == Outcome::Hit) {
    return put_value_line(out, operation.found.size, operation);
  }
  const std::string_view code = code_of(operation.outcome);
  if (code.empty()) return put(out, error_of(operation));
  if (operation.verb == Verb::MetaDebug && operation.outcome == Outcome::Done) {
    return put_debug_line(out, operation);
  }
  if (shows_number(operation)) return put_number(out, operation);
  return put_answers(put(out, code), operation);
}

char* write_meta_tail(const Operation& operation, char* out) {
  return operation.outcome == Outcome::Hit ? put(out, line_end) : out;
}

}  // namespace ringcached::wire
