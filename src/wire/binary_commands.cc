#include "wire/binary_commands.h"

#include <array>
#include <iterator>
#include <limits>

#include "ringcached/config.h"

namespace ringcached::wire {
namespace {

constexpr uint8_t flags_and_exptime_size = 8;
constexpr uint8_t exptime_size = 4;
constexpr uint8_t delta_size = 20;  // delta, initial value, exptime

constexpr size_t mechanism_size_max = 32;  // bytes of its name. Protocol, as probed.

/// The exptime of incr and decr that says: do not create. Protocol.
constexpr uint32_t do_not_create = std::numeric_limits<uint32_t>::max();

void say(BinaryStatus status, Operation& operation) {
  operation.verb = Verb::Say;
  operation.number = static_cast<uint64_t>(status);
}

void read_flags_and_exptime(std::string_view extras, const ParserRules&, Operation& operation) {
  operation.client_flags = load_big<uint32_t>(extras.data());
  operation.exptime = load_big<uint32_t>(extras.data() + 4);
}

void read_exptime(std::string_view extras, const ParserRules&, Operation& operation) {
  operation.exptime = load_big<uint32_t>(extras.data());
}

void read_delta(std::string_view extras, const ParserRules&, Operation& operation) {
  const uint32_t exptime = load_big<uint32_t>(extras.data() + 16);
  operation.delta = load_big<uint64_t>(extras.data());
  operation.number = load_big<uint64_t>(extras.data() + 8);
  operation.exptime = exptime;
  operation.mode = exptime == do_not_create ? StoreMode::Set : StoreMode::Add;
}

void read_flush(std::string_view extras, const ParserRules& rules, Operation& operation) {
  if (!rules.flush_enabled) return say(BinaryStatus::Refused, operation);
  if (!extras.empty()) operation.exptime = load_big<uint32_t>(extras.data());
}

void read_version(std::string_view, const ParserRules&, Operation& operation) {
  operation.value = protocol_version;
}

/// A sub-command of `stat`; most are recognised by their beginning, whatever follows it.
struct StatCommand {
  std::string_view name;
  bool whole = false;  // nothing may follow
  Verb verb = Verb::Stats;
  std::string_view value{};  // what Stats is to tell
  uint64_t delta = 0;
};

constexpr StatCommand stat_commands[] = {
    {.name = "reset", .verb = Verb::ResetStats},
    {.name = "settings", .value = "settings"},
    {.name = "detail dump", .value = "detail"},
    {.name = "detail on", .verb = Verb::Detail, .delta = 1},
    {.name = "detail off", .verb = Verb::Detail},
    {.name = "items", .whole = true, .value = "items"},
    {.name = "slabs", .whole = true, .value = "slabs"},
    {.name = "sizes", .whole = true, .value = "sizes"},
    {.name = "ring", .whole = true, .value = "ring"},
};

void read_stat(std::string_view, const ParserRules&, Operation& operation) {
  const std::string_view asked = operation.key.bytes;
  if (asked.empty()) return;  // the general ones
  for (const StatCommand& command : stat_commands) {
    if (command.whole ? asked != command.name : !asked.starts_with(command.name)) continue;
    operation.verb = command.verb;
    operation.value = command.value;
    operation.delta = command.delta;
    return;
  }
  say(BinaryStatus::NotFound, operation);
}

/// Without -S nobody knows the login commands.
template <Login login>
void read_login(std::string_view, const ParserRules& rules, Operation& operation) {
  if (!rules.sasl) return say(BinaryStatus::Unknown, operation);
  if (operation.key.bytes.size() > mechanism_size_max) return say(BinaryStatus::Invalid, operation);
  operation.delta = static_cast<uint64_t>(login);
}

constexpr BinaryCommand gets(Verb verb, bool returns_key, bool quiet) {
  const bool touches = verb != Verb::Get;
  return {.extras_size = touches ? exptime_size : uint8_t{0},
          .key_needed = true,
          .behind = touches ? Behind::Unchecked : Behind::Nothing,
          .quiet = quiet,
          .returns_key = returns_key,
          .read = touches ? read_exptime : nullptr,
          .verb = verb};
}

constexpr BinaryCommand stores(StoreMode mode, bool quiet) {
  return {.extras_size = flags_and_exptime_size,
          .key_needed = true,
          .behind = Behind::Value,
          .quiet = quiet,
          .read = read_flags_and_exptime,
          .verb = Verb::Store,
          .mode = mode};
}

constexpr BinaryCommand joins(StoreMode mode, bool quiet) {
  return {.key_needed = true,
          .behind = Behind::Value,
          .quiet = quiet,
          .verb = Verb::Store,
          .mode = mode};
}

constexpr BinaryCommand counts(bool decrement, bool quiet) {
  return {.extras_size = delta_size,
          .key_needed = true,
          .quiet = quiet,
          .read = read_delta,
          .verb = Verb::Arithmetic,
          .decrement = decrement};
}

constexpr BinaryCommand deletes(bool quiet) {
  return {.key_needed = true, .quiet = quiet, .verb = Verb::Delete};
}

constexpr BinaryCommand quits(bool quiet) {
  return {.quiet = quiet, .verb = Verb::Quit};
}

constexpr BinaryCommand flushes(bool quiet) {
  return {.extras_size = exptime_size,
          .extras_optional = true,
          .quiet = quiet,
          .read = read_flush,
          .verb = Verb::FlushAll};
}

constexpr BinaryCommand authenticates(BinaryReader read) {
  return {.key_needed = true,
          .behind = Behind::Token,
          .read = read,
          .verb = Verb::Authenticate,
          .for_all = true};
}

struct Row {
  uint8_t opcode;
  BinaryCommand command;
};

constexpr Row rows[] = {
    {0x00, gets(Verb::Get, false, false)},
    {0x01, stores(StoreMode::Set, false)},
    {0x02, stores(StoreMode::Add, false)},
    {0x03, stores(StoreMode::Replace, false)},
    {0x04, deletes(false)},
    {0x05, counts(false, false)},
    {0x06, counts(true, false)},
    {0x07, quits(false)},
    {0x08, flushes(false)},
    {0x09, gets(Verb::Get, false, true)},
    {0x0a, {}},  // noop: the fence behind quiet commands
    {0x0b, {.read = read_version, .for_all = true}},
    {0x0c, gets(Verb::Get, true, false)},
    {0x0d, gets(Verb::Get, true, true)},
    {0x0e, joins(StoreMode::Append, false)},
    {0x0f, joins(StoreMode::Prepend, false)},
    {0x10,
     {.key_allowed = true, .behind = Behind::Unchecked, .read = read_stat, .verb = Verb::Stats}},
    {0x11, stores(StoreMode::Set, true)},
    {0x12, stores(StoreMode::Add, true)},
    {0x13, stores(StoreMode::Replace, true)},
    {0x14, deletes(true)},
    {0x15, counts(false, true)},
    {0x16, counts(true, true)},
    {0x17, quits(true)},
    {0x18, flushes(true)},
    {0x19, joins(StoreMode::Append, true)},
    {0x1a, joins(StoreMode::Prepend, true)},
    {0x1c, gets(Verb::Touch, false, false)},
    {0x1d, gets(Verb::GetAndTouch, false, false)},
    {0x1e, gets(Verb::GetAndTouch, false, true)},
    {0x20, {.read = read_login<Login::Mechanisms>, .verb = Verb::Authenticate, .for_all = true}},
    {0x21, authenticates(read_login<Login::Start>)},
    {0x22, authenticates(read_login<Login::Step>)},
    {0x23, gets(Verb::GetAndTouch, true, false)},
    {0x24, gets(Verb::GetAndTouch, true, true)},
};

constexpr uint8_t nobody = 0xff;

/// By opcode: the row, or nobody.
constexpr auto row_of = [] {
  std::array<uint8_t, 256> index{};
  index.fill(nobody);
  for (size_t i = 0; i < std::size(rows); ++i) index[rows[i].opcode] = static_cast<uint8_t>(i);
  return index;
}();
static_assert(std::size(rows) < nobody);

}  // namespace

bool BinaryCommand::fits(const BinaryRequest& request) const {
  if (request.key_size > 0 ? !key_needed && !key_allowed : key_needed) return false;
  if (request.extras_size != extras_size && (request.extras_size != 0 || !extras_optional)) {
    return false;
  }
  return behind != Behind::Nothing || request.value_size() == 0;
}

const BinaryCommand* find_binary_command(uint8_t opcode) {
  const uint8_t row = row_of[opcode];
  return row == nobody ? nullptr : &rows[row].command;
}

}  // namespace ringcached::wire
