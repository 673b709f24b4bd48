#include "wire/meta_flags.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/digits.h"
#include "ringcached/limits.h"
#include "ringcached/meta_extras.h"
#include "wire/base64.h"
#include "wire/text_commands.h"
#include "wire/text_replies.h"

namespace ringcached::wire {
namespace {

static_assert(decoded_size_max(key_size_max) <= MetaExtras::decoded_max);

constexpr std::string_view nothing_to_say;
constexpr char no_mode = '\0';

/// The words of one command on their way into the operation.
struct Reading {
  const Words& words;
  Operation& operation;
  MetaRequest& request;
  size_t steps = 0;
  char mode = no_mode;
  bool opaque_too_long = false;
};

/// Reads what stands behind the letter of a flag. The error, or nothing to say.
using FlagReader = std::string_view (*)(std::string_view argument, Reading& reading);

struct Flag {
  char letter = '\0';
  uint32_t asks = 0;  // the bit of meta::
  MetaStep step = MetaStep::None;
  FlagReader read = nullptr;  // null: the letter is all that counts
};

// --- What stands behind the letters.

std::string_view read_u64(std::string_view argument, uint64_t& number, std::string_view error) {
  const auto read = parse_unsigned(without_plus(argument));
  if (!read) return error;
  number = *read;
  return nothing_to_say;
}

std::string_view read_time(std::string_view argument, int32_t& exptime) {
  const auto read = read_exptime(without_plus(argument));
  if (!read) return bad_token;
  exptime = *read;
  return nothing_to_say;
}

std::string_view read_base64_key(std::string_view, Reading& reading) {
  char* const decoded = reading.operation.extras->decoded_key;
  const size_t size = decode_base64(reading.words[1], decoded);
  reading.operation.extras->result.base64 = true;
  reading.operation.key.bytes = {decoded, size};
  return size == 0 ? bad_base64_key : nothing_to_say;
}

std::string_view read_cas_wanted(std::string_view argument, Reading& reading) {
  return read_u64(argument, reading.operation.cas_wanted, bad_token);
}

std::string_view read_cas_new(std::string_view argument, Reading& reading) {
  return read_u64(argument, reading.request.cas_new, bad_token);
}

std::string_view read_initial(std::string_view argument, Reading& reading) {
  return read_u64(argument, reading.request.initial, bad_initial);
}

std::string_view read_delta(std::string_view argument, Reading& reading) {
  return read_u64(argument, reading.operation.delta, bad_delta_value);
}

std::string_view read_client_flags(std::string_view argument, Reading& reading) {
  uint64_t flags = 0;
  const std::string_view complaint = read_u64(argument, flags, bad_format);
  if (!complaint.empty() || flags > std::numeric_limits<uint32_t>::max()) return bad_format;
  reading.operation.client_flags = static_cast<uint32_t>(flags);
  return nothing_to_say;
}

std::string_view read_new_exptime(std::string_view argument, Reading& reading) {
  return read_time(argument, reading.request.new_exptime);
}

std::string_view read_vivify(std::string_view argument, Reading& reading) {
  return read_time(argument, reading.request.vivify_exptime);
}

std::string_view read_recache(std::string_view argument, Reading& reading) {
  return read_time(argument, reading.request.recache_exptime);
}

/// Only the first character counts; none at all is taken for the space behind the letter.
std::string_view read_mode(std::string_view argument, Reading& reading) {
  reading.mode = argument.empty() ? ' ' : argument[0];
  return nothing_to_say;
}

/// Words that are too long are complained of last.
std::string_view read_opaque(std::string_view argument, Reading& reading) {
  reading.opaque_too_long = argument.size() >= opaque_size_max;
  return nothing_to_say;
}

// --- The flags.

constexpr Flag flags[] = {
    {'b', meta::base64_key, MetaStep::None, read_base64_key},
    {'c', 0, MetaStep::None, nullptr},
    {'C', meta::match_cas, MetaStep::None, read_cas_wanted},
    {'D', 0, MetaStep::None, read_delta},
    {'E', meta::give_cas, MetaStep::None, read_cas_new},
    {'f', 0, MetaStep::None, nullptr},
    {'F', 0, MetaStep::None, read_client_flags},
    {'h', 0, MetaStep::None, nullptr},
    {'I', meta::invalidate, MetaStep::None, nullptr},
    {'J', 0, MetaStep::None, read_initial},
    {'k', 0, MetaStep::None, nullptr},
    {'l', 0, MetaStep::None, nullptr},
    {'L', 0, MetaStep::None, nullptr},  // for proxies
    {'M', 0, MetaStep::None, read_mode},
    {'N', meta::vivify, MetaStep::Vivify, read_vivify},
    {'O', 0, MetaStep::None, read_opaque},
    {'P', 0, MetaStep::None, nullptr},  // for proxies
    {'q', meta::quiet, MetaStep::None, nullptr},
    {'R', 0, MetaStep::Recache, read_recache},
    {'s', 0, MetaStep::None, nullptr},
    {'t', 0, MetaStep::ShowTtl, nullptr},
    {'T', meta::set_exptime, MetaStep::SetExptime, read_new_exptime},
    {'u', meta::no_bump, MetaStep::None, nullptr},
    {'v', meta::with_value, MetaStep::None, nullptr},
    {'x', meta::drop_value, MetaStep::None, nullptr},
};

constexpr uint8_t letters_max = 127;  // beyond it, as probed, a letter is called a duplicate
constexpr uint8_t no_flag = 0xff;

constexpr auto flag_of_letter = [] {
  std::array<uint8_t, letters_max> made{};
  made.fill(no_flag);
  for (size_t i = 0; i < std::size(flags); ++i) {
    made[static_cast<uint8_t>(flags[i].letter)] = static_cast<uint8_t>(i);
  }
  return made;
}();
static_assert(std::size(flags) <= 32, "a bit each in read_flags");
static_assert(std::count_if(std::begin(flags), std::end(flags), [](const Flag& flag) {
                return flag.step != MetaStep::None;
              }) <= static_cast<int>(MetaRequest::steps_max));

/// Goes on behind what one flag says wrong, since a later error may take its place; but one in
/// client flags is told only if there is no other.
std::string_view read_flags(Reading& reading) {
  std::string_view complaint;
  uint32_t seen = 0;
  for (size_t i = first_flag(reading.operation.verb); i < reading.words.count(); ++i) {
    const std::string_view word = reading.words[i];
    const auto letter = static_cast<uint8_t>(word[0]);
    if (letter >= letters_max) return duplicate_flag;
    const uint8_t index = flag_of_letter[letter];
    if (index == no_flag) return invalid_flag;
    if ((seen >> index & 1) != 0) return duplicate_flag;
    seen |= uint32_t{1} << index;

    const Flag& flag = flags[index];
    reading.request.flags |= flag.asks;
    if (flag.step != MetaStep::None) reading.request.steps[reading.steps++] = flag.step;
    if (flag.read == nullptr) continue;
    const std::string_view error = flag.read(word.substr(1), reading);
    if (!error.empty() && (complaint.empty() || error != bad_format)) complaint = error;
  }
  return complaint;
}

// --- What they mean together.

std::string_view choose_store_mode(Reading& reading) {
  Operation& operation = reading.operation;
  switch (reading.mode) {
    case no_mode:
    case 'S':
      operation.mode = StoreMode::Set;
      break;
    case 'E':
      operation.mode = StoreMode::Add;
      break;
    case 'R':
      operation.mode = StoreMode::Replace;
      break;
    case 'A':
      operation.mode = StoreMode::Append;
      break;
    case 'P':
      operation.mode = StoreMode::Prepend;
      break;
    default:
      return bad_store_mode;
  }
  const bool joins = operation.mode == StoreMode::Append || operation.mode == StoreMode::Prepend;
  operation.exptime = joins ? reading.request.vivify_exptime : reading.request.new_exptime;
  if (joins) return nothing_to_say;
  if (reading.request.asks(meta::match_cas) && operation.mode != StoreMode::Add) {
    operation.mode = StoreMode::Cas;
  }
  return nothing_to_say;
}

std::string_view choose_direction(Reading& reading) {
  switch (reading.mode) {
    case no_mode:
    case 'I':
    case '+':
      reading.operation.decrement = false;
      return nothing_to_say;
    case 'D':
    case '-':
      reading.operation.decrement = true;
      return nothing_to_say;
    default:
      return bad_arithmetic_mode;
  }
}

std::string_view choose_mode(Reading& reading) {
  if (reading.operation.verb == Verb::MetaStore) return choose_store_mode(reading);
  if (reading.operation.verb == Verb::MetaArithmetic) return choose_direction(reading);
  return nothing_to_say;
}

/// me has no flags: it looks for a `b` where one would stand, and only in front of another word.
std::string_view read_debug_words(Reading& reading) {
  if (reading.words.count() < 4 || reading.words[2] != "b") return nothing_to_say;
  return read_base64_key({}, reading).empty() ? nothing_to_say : bad_format;
}

std::string_view read_key_and_flags(Reading& reading) {
  if (reading.words[1].size() > key_size_max) return bad_format;
  if (reading.words.count() > meta_words_max) return too_many_flags;
  return read_flags(reading);
}

}  // namespace

std::string_view read_meta_words(const Words& words, Operation& operation) {
  Reading reading{.words = words, .operation = operation, .request = operation.extras->request};
  operation.key.bytes = words[1];
  operation.delta = 1;
  if (operation.verb == Verb::MetaDebug) {
    return words[1].size() > key_size_max ? bad_format : read_debug_words(reading);
  }
  std::string_view complaint = read_key_and_flags(reading);
  if (!complaint.empty()) {
    return operation.verb == Verb::MetaArithmetic ? bad_arithmetic_flag : complaint;
  }
  complaint = choose_mode(reading);
  if (!complaint.empty()) return complaint;
  return reading.opaque_too_long ? opaque_too_long : nothing_to_say;
}

}  // namespace ringcached::wire
