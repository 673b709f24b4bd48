#include "wire/request_log.h"

#include <algorithm>
#include <cstdio>

#include "ringcached/meta_extras.h"
#include "wire/binary_header.h"
#include "wire/replies.h"

namespace ringcached::wire {
namespace {

constexpr uint8_t stat_opcode = 0x10;
constexpr size_t bytes_per_line = 4;

std::string prefix(char direction, int client) {
  return direction + std::to_string(client) + ' ';
}

/// One line, without the end that it has on the wire.
std::string line(char direction, int client, std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return prefix(direction, client).append(text) + '\n';
}

/// The 24 bytes of a header, four to a line.
std::string dump(char direction, int client, std::string_view header) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < binary_header_size; ++i) {
    if (i % bytes_per_line == 0)
      text += prefix(direction, client) + (direction == '<' ? "  " : " ");
    const auto byte = static_cast<uint8_t>(header[i]);
    text.append(" 0x").append({digits[byte >> 4], digits[byte & 15]});
    if (i % bytes_per_line == bytes_per_line - 1) text += '\n';
  }
  return text;
}

std::string_view name_of(StoreMode mode) {
  return mode == StoreMode::Add ? "ADD" : mode == StoreMode::Replace ? "REPLACE" : "SET";
}

std::string log_of_store(int client, std::string_view key, const Operation& made) {
  std::string size = "Value len is " + std::to_string(made.value_size) + '\n';
  if (made.mode == StoreMode::Append || made.mode == StoreMode::Prepend) return size;
  return prefix('<', client).append(name_of(made.mode)).append(" ").append(key) + ' ' + size;
}

/// memcached says incr of decr, too, and shows the exptime with its sign.
std::string log_of_arithmetic(std::string_view key, const Operation& made) {
  return std::string("incr ").append(key) + ' ' + std::to_string(made.delta) + ", " +
         std::to_string(made.number) + ", " +
         std::to_string(static_cast<int32_t>(static_cast<uint32_t>(made.exptime))) + '\n';
}

/// What the request asks for, said once its key is known.
std::string log_of_command(int client, std::string_view key, const Operation& made) {
  switch (made.verb) {
    case Verb::Get:
      return prefix('<', client).append("GET ").append(key) + '\n';
    case Verb::GetAndTouch:
    case Verb::Touch:
      return prefix('<', client).append("TOUCH ").append(key) + '\n';
    case Verb::Store:
    case Verb::Reserve:
    case Verb::Refuse:
      return log_of_store(client, key, made);
    case Verb::Delete:
      return std::string("Deleting ").append(key) + '\n';
    case Verb::Arithmetic:
      return log_of_arithmetic(key, made);
    default:
      return {};
  }
}

std::string log_of_binary_reply(int client, const Operation& answered) {
  if (is_silent_in_binary(answered)) return {};
  char reply[reply_frame_max];
  const std::string_view written(reply,
                                 static_cast<size_t>(write_binary_head(answered, reply) - reply));
  const auto status = load_big<uint16_t>(reply + 6);
  const auto key_size = load_big<uint16_t>(reply + 2);
  // memcached shows the header of an item before its cas id is in it.
  if (answered.outcome == Outcome::Hit || answered.outcome == Outcome::Touched) {
    store_big(reply + 16, uint64_t{0});
  }
  std::string text;
  if (status != 0 && key_size == 0) {
    text = line('>', client,
                std::string("Writing an error: ").append(written.substr(binary_header_size)));
  }
  text += line('>', client, "Writing bin response:") + dump('>', client, written);
  if (status != 0 && answered.verb == Verb::Quit) {
    static constexpr char digits[] = "0123456789abcdef";
    const auto opcode = static_cast<uint8_t>(answered.echo[1]);
    text.append("Protocol error (opcode ").append({digits[opcode >> 4], digits[opcode & 15]});
    text += "), close connection " + std::to_string(client) + '\n';
  }
  return text;
}

/// Of meta commands memcached tells errors, MN and the miss of an me.
bool told_in_meta(const Operation& answered) {
  switch (answered.outcome) {
    case Outcome::TooLarge:
    case Outcome::NoMemory:
    case Outcome::NotNumeric:
      return true;
    default:
      return answered.verb == Verb::MetaDebug && answered.outcome == Outcome::Miss;
  }
}

std::string log_of_keys(int client, const Operation& answered) {
  std::string text;
  if (answered.outcome == Outcome::Hit) {
    text = line('>', client, std::string("sending key ").append(answered.key.bytes));
  }
  return answered.ends_reply ? text + line('>', client, "END") : text;
}

std::string log_of_line_reply(int client, const Operation& answered) {
  if (is_ready_made(answered)) return line('>', client, answered.value);
  const bool meta = answered.dialect == Dialect::Meta;
  if (meta && !told_in_meta(answered)) return {};
  if (!meta && (answered.outcome == Outcome::Hit || answered.outcome == Outcome::Miss)) {
    return log_of_keys(client, answered);
  }
  Operation aloud = answered;
  aloud.quiet = false;
  char reply[std::max(reply_frame_max, meta_frame_max)];
  const char* end = write_reply_head(aloud, reply);
  if (end == reply) return {};
  const std::string_view written(reply, static_cast<size_t>(end - reply));
  const bool quiet = answered.quiet && !meta;
  return line('>', client, quiet ? std::string("NOREPLY ").append(written) : std::string(written));
}

/// A compare and swap that failed: the owner has left the item's cas id in `number`.
std::string log_of_cas(const Operation& answered) {
  const bool stores = answered.verb == Verb::Store || answered.verb == Verb::Commit ||
                      answered.verb == Verb::MetaStore;
  if (!stores || answered.outcome != Outcome::Exists) return {};
  return "CAS:  failure: expected " + std::to_string(answered.number) + ", got " +
         std::to_string(answered.cas_wanted) + '\n';
}

}  // namespace

std::string log_of_line(int client, std::string_view bytes) {
  return line('<', client, bytes.substr(0, bytes.find('\n')));
}

std::string log_of_packet(int client, std::string_view bytes, const Operation& made) {
  if (bytes.size() < binary_header_size) return {};
  const BinaryRequest request = read_binary_request(bytes.data());
  std::string text = line('<', client, "Read binary protocol data:") + dump('<', client, bytes);
  if (request.magic != request_magic) {
    char magic[32];
    std::snprintf(magic, sizeof magic, "Invalid magic:  %x\n", request.magic);
    return text + magic;
  }
  if (made.verb == Verb::Quit) return text;  // refused, or it says no more than that
  const std::string_view key =
      bytes.substr(std::min(bytes.size(), binary_header_size + request.extras_size))
          .substr(0, request.key_size);
  if (request.opcode == stat_opcode) {
    return text + prefix('<', client).append("STATS ").append(key) + '\n';
  }
  return text + log_of_command(client, key, made);
}

std::string log_of_reply(int client, const Operation& answered) {
  switch (answered.verb) {
    case Verb::Die:
    case Verb::Shutdown:
    case Verb::Watch:
    case Verb::Stats:
    case Verb::Dump:
    case Verb::Abandon:
      return {};
    default:
      break;
  }
  if (answered.outcome == Outcome::Granted) return {};
  if (answered.dialect != Dialect::Binary) {
    if (answered.verb == Verb::Quit) return {};
    return log_of_cas(answered) + log_of_line_reply(client, answered);
  }
  const bool counts = answered.verb == Verb::ResetStats || answered.verb == Verb::Detail;
  return counts ? std::string() : log_of_cas(answered) + log_of_binary_reply(client, answered);
}

}  // namespace ringcached::wire
