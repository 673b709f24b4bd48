#include "wire/binary_writer.h"

#include <cstring>

#include "base/assert.h"
#include "ringcached/limits.h"
#include "wire/binary_commands.h"
#include "wire/binary_header.h"
#include "wire/text_writer.h"

namespace ringcached::wire {
namespace {

constexpr std::string_view silence = "";
constexpr uint8_t flags_size = 4;
constexpr std::string_view not_numeric_text = "Non-numeric server-side value for incr or decr";

static_assert(binary_header_size + flags_size + key_size_max <= reply_frame_max);
static_assert(binary_header_size + not_numeric_text.size() <= reply_frame_max);

/// What a failure says in its body. Source: memcached, as probed.
constexpr std::string_view text_of(BinaryStatus status) {
  switch (status) {
    case BinaryStatus::Ok:
    case BinaryStatus::AuthContinue:
      break;
    case BinaryStatus::NotFound:
      return "Not found";
    case BinaryStatus::Exists:
      return "Data exists for key.";
    case BinaryStatus::TooLarge:
      return "Too large.";
    case BinaryStatus::Invalid:
      return "Invalid arguments";
    case BinaryStatus::NotStored:
      return "Not stored.";
    case BinaryStatus::NotNumeric:
      return not_numeric_text;
    case BinaryStatus::Refused:
      return "Auth failure.";
    case BinaryStatus::Unknown:
      return "Unknown command";
    case BinaryStatus::NoMemory:
      return "Out of memory";
  }
  return silence;
}

constexpr std::string_view text_of_no_memory(const Operation& operation) {
  switch (operation.verb) {
    case Verb::Store:
    case Verb::Reserve:
    case Verb::Commit:
      return "Out of memory allocating item";
    case Verb::Extend:
      return "Out of memory during read";
    case Verb::Arithmetic:
      return operation.mode == StoreMode::Add ? "Out of memory allocating new item"
                                              : "Out of memory incrementing value";
    default:
      return text_of(BinaryStatus::NoMemory);
  }
}

/// A store whose condition did not hold tells which one it was.
constexpr BinaryStatus status_of_not_stored(StoreMode mode) {
  switch (mode) {
    case StoreMode::Add:
      return BinaryStatus::Exists;
    case StoreMode::Replace:
      return BinaryStatus::NotFound;
    default:
      return BinaryStatus::NotStored;
  }
}

constexpr BinaryStatus status_of(const Operation& operation) {
  switch (operation.outcome) {
    case Outcome::Done:  // Say, Quit, Authenticate: as it was found; else there is no number
      return operation.verb <= Verb::Quit ? static_cast<BinaryStatus>(operation.number)
                                          : BinaryStatus::Ok;
    case Outcome::Miss:
    case Outcome::NotFound:
      return BinaryStatus::NotFound;
    case Outcome::NotStored:
      return status_of_not_stored(operation.mode);
    case Outcome::Exists:
      return BinaryStatus::Exists;
    case Outcome::NotNumeric:
      return BinaryStatus::NotNumeric;
    case Outcome::TooLarge:
      return BinaryStatus::TooLarge;
    case Outcome::NoMemory:
      return BinaryStatus::NoMemory;
    default:
      return BinaryStatus::Ok;
  }
}

char* put(char* out, std::string_view text) {
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

bool returns_key(const Operation& operation) {
  const BinaryCommand* command = find_binary_command(static_cast<uint8_t>(operation.echo[1]));
  return command != nullptr && command->returns_key;
}

char* write_failure(const Operation& operation, BinaryStatus status, char* out) {
  const bool key = operation.outcome == Outcome::Miss && returns_key(operation);
  const std::string_view body = key                                ? operation.key.bytes
                                : status == BinaryStatus::NoMemory ? text_of_no_memory(operation)
                                                                   : text_of(status);
  const uint16_t key_size = key ? static_cast<uint16_t>(body.size()) : uint16_t{0};
  out = write_binary_reply(
      out,
      {.status = status, .key_size = key_size, .body_size = static_cast<uint32_t>(body.size())},
      operation.echo.data());
  return put(out, body);
}

/// A Hit up to its value, or a Touched.
char* write_item(const Operation& operation, char* out) {
  const std::string_view key = returns_key(operation) ? operation.key.bytes : silence;
  out = write_binary_reply(
      out,
      {.extras_size = flags_size,
       .key_size = static_cast<uint16_t>(key.size()),
       .body_size = static_cast<uint32_t>(flags_size + key.size()) + operation.found.size,
       .cas = operation.cas},
      operation.echo.data());
  return put(store_big(out, operation.client_flags), key);
}

char* write_number(const Operation& operation, char* out) {
  out = write_binary_reply(out, {.body_size = sizeof(operation.number), .cas = operation.cas},
                           operation.echo.data());
  return store_big(out, operation.number);
}

/// The header alone: what a login is told may be long, and follows.
char* write_login(const Operation& operation, BinaryStatus status, char* out) {
  const uint32_t size = static_cast<uint32_t>(operation.value.size());
  return write_binary_reply(out, {.status = status, .body_size = size}, operation.echo.data());
}

/// It went well, and there is not more to tell than a Say has to.
char* write_plain(const Operation& operation, char* out) {
  const std::string_view body = operation.verb == Verb::Say ? operation.value : silence;
  out = write_binary_reply(out,
                           {.body_size = static_cast<uint32_t>(body.size()), .cas = operation.cas},
                           operation.echo.data());
  return put(out, body);
}

}  // namespace

bool is_silent_in_binary(const Operation& operation) {
  if (!operation.quiet || operation.outcome == Outcome::Hit) return false;
  return operation.outcome == Outcome::Miss || status_of(operation) == BinaryStatus::Ok;
}

char* write_binary_head(const Operation& operation, char* out) {
  if (is_silent_in_binary(operation)) return out;
  RC_ASSERT(operation.echo.size() == binary_header_size);
  const BinaryStatus status = status_of(operation);
  const bool tells = status == BinaryStatus::Ok || status == BinaryStatus::AuthContinue;
  if (!tells) return write_failure(operation, status, out);
  if (operation.verb == Verb::Authenticate) return write_login(operation, status, out);
  switch (operation.outcome) {
    case Outcome::Hit:
    case Outcome::Touched:
      return write_item(operation, out);
    case Outcome::Number:
      return write_number(operation, out);
    default:
      return write_plain(operation, out);
  }
}

void append_binary_stat(std::string& text, std::string_view name, std::string_view value,
                        std::string_view echo) {
  RC_ASSERT(echo.size() == binary_header_size);
  char header[binary_header_size];
  write_binary_reply(header,
                     {.key_size = static_cast<uint16_t>(name.size()),
                      .body_size = static_cast<uint32_t>(name.size() + value.size())},
                     echo.data());
  text.append(header, sizeof header).append(name).append(value);
}

}  // namespace ringcached::wire
