#include "wire/text_commands.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "base/digits.h"
#include "wire/admin_commands.h"
#include "wire/text_replies.h"

namespace ringcached::wire {
namespace {

constexpr uint32_t verbosity_max = 2;  // Protocol, as probed: more is taken as this.
constexpr std::string_view nothing_to_say;

std::optional<uint32_t> read_u32(std::string_view word) {
  const auto number = parse_unsigned(word);
  if (!number || *number > std::numeric_limits<uint32_t>::max()) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

/// Sub-commands may be shortened: `stats s` asks for the settings.
bool shortens(std::string_view word, std::string_view name) {
  return !word.empty() && name.starts_with(word);
}

std::string_view read_store(const Words& words, const ParserRules&, Operation& operation) {
  const auto flags = parse_unsigned(without_plus(words[2]));
  const auto exptime = parse_signed(without_plus(words[3]));
  if (!flags || !exptime) return bad_format;
  // Larger numbers are taken and cut, as memcached does.
  operation.client_flags = static_cast<uint32_t>(*flags);
  operation.exptime = static_cast<int32_t>(*exptime);
  return nothing_to_say;
}

std::string_view read_cas(const Words& words, const ParserRules& rules, Operation& operation) {
  const auto cas = parse_unsigned(without_plus(words[5]));
  if (!cas) return bad_format;
  operation.cas_wanted = *cas;
  return read_store(words, rules, operation);
}

std::string_view read_delta(const Words& words, const ParserRules&, Operation& operation) {
  const auto delta = parse_unsigned(words[2]);
  if (!delta) return bad_delta;
  operation.delta = *delta;
  return nothing_to_say;
}

/// Behind the key only a zero (a time, once) and noreply: memccapable wants more to be refused, as
/// memcached did up to 1.6.18 and 1.6.45 does not.
std::string_view read_delete(const Words& words, const ParserRules&, Operation& operation) {
  const size_t zeros = words.count() > 2 && words[2] == "0" ? 1 : 0;
  const size_t noreplies = operation.quiet && words.count() > 2 ? 1 : 0;
  return words.count() == 2 + zeros + noreplies ? nothing_to_say : bad_delete;
}

std::string_view read_touch(const Words& words, const ParserRules&, Operation& operation) {
  const auto exptime = read_exptime(words[2]);
  if (!exptime) return bad_exptime;
  operation.exptime = *exptime;
  return nothing_to_say;
}

std::string_view read_flush(const Words& words, const ParserRules& rules, Operation& operation) {
  if (!rules.flush_enabled) return flush_refused;
  if (words.count() == (operation.quiet ? 2u : 1u)) return nothing_to_say;
  const auto exptime = read_exptime(words[1]);
  if (!exptime) return bad_exptime;
  operation.exptime = *exptime;
  return nothing_to_say;
}

std::string_view read_verbosity(const Words& words, const ParserRules&, Operation& operation) {
  const auto level = read_u32(words[1]);
  if (!level) return bad_format;
  operation.delta = std::min(*level, verbosity_max);
  return nothing_to_say;
}

std::string_view read_shutdown(const Words& words, const ParserRules& rules, Operation& operation) {
  if (!rules.shutdown_enabled) return shutdown_refused;
  if (words.count() == 1) return nothing_to_say;
  if (words.count() > 2 || !shortens(words[1], "graceful")) return bad_shutdown_mode;
  operation.delta = 1;
  return nothing_to_say;
}

std::string_view say_version(const Words&, const ParserRules&, Operation&) {
  return version;
}

std::string_view say_meta_noop(const Words&, const ParserRules&, Operation&) {
  return meta_noop;
}

constexpr Command gets_keys(std::string_view name, Verb verb, bool with_cas) {
  return {.name = name, .shape = Shape::Keys, .verb = verb, .with_cas = with_cas};
}

constexpr Command stores(std::string_view name, StoreMode mode) {
  return {.name = name,
          .shape = Shape::Value,
          .read = mode == StoreMode::Cas ? read_cas : read_store,
          .verb = Verb::Store,
          .mode = mode};
}

constexpr Command counts(std::string_view name, bool decrement) {
  return {.name = name,
          .words_min = 3,
          .has_key = true,
          .read = read_delta,
          .verb = Verb::Arithmetic,
          .decrement = decrement};
}

constexpr Command asks_meta(std::string_view name, Verb verb, uint8_t words_min) {
  return {.name = name, .shape = Shape::Meta, .words_min = words_min, .verb = verb};
}

/// Short names first; among names of one length the frequent ones first.
constexpr Command commands[] = {
    asks_meta("mg", Verb::MetaGet, 2),
    asks_meta("ms", Verb::MetaStore, 3),
    asks_meta("md", Verb::MetaDelete, 2),
    asks_meta("ma", Verb::MetaArithmetic, 2),
    {.name = "mn", .heeds_noreply = false, .read = say_meta_noop},
    asks_meta("me", Verb::MetaDebug, 2),
    gets_keys("get", Verb::Get, false),
    stores("set", StoreMode::Set),
    stores("add", StoreMode::Add),
    stores("cas", StoreMode::Cas),
    gets_keys("gat", Verb::GetAndTouch, false),
    {.name = "lru", .read = read_lru},
    gets_keys("gets", Verb::Get, true),
    counts("incr", false),
    counts("decr", true),
    gets_keys("gats", Verb::GetAndTouch, true),
    {.name = "quit", .heeds_noreply = false, .verb = Verb::Quit},
    {.name = "touch", .words_min = 3, .has_key = true, .read = read_touch, .verb = Verb::Touch},
    {.name = "watch", .read = read_watch},
    {.name = "stats", .heeds_noreply = false, .read = read_stats, .verb = Verb::Stats},
    {.name = "slabs", .read = read_slabs},
    {.name = "delete", .words_min = 2, .has_key = true, .read = read_delete, .verb = Verb::Delete},
    stores("append", StoreMode::Append),
    stores("replace", StoreMode::Replace),
    stores("prepend", StoreMode::Prepend),
    {.name = "version", .heeds_noreply = false, .read = say_version},
    {.name = "shutdown", .read = read_shutdown, .verb = Verb::Shutdown},
    {.name = "flush_all", .read = read_flush, .verb = Verb::FlushAll},
    {.name = "debugtime", .read = read_debug_time},
    {.name = "verbosity", .read = read_verbosity, .verb = Verb::Verbosity},
    {.name = "lru_crawler", .read = read_lru_crawler},
    {.name = "cache_memlimit", .read = read_memory_limit},
};

constexpr size_t name_size_max = 14;

/// first_of_size[n] is the first command whose name has n bytes or more.
constexpr auto first_of_size = [] {
  std::array<uint8_t, name_size_max + 2> first{};
  for (size_t size = 0; size < first.size(); ++size) {
    while (first[size] < std::size(commands) && commands[first[size]].name.size() < size) {
      ++first[size];
    }
  }
  return first;
}();

static_assert(std::is_sorted(std::begin(commands), std::end(commands),
                             [](const Command& a, const Command& b) {
                               return a.name.size() < b.name.size();
                             }));
static_assert(std::end(commands)[-1].name.size() == name_size_max);
static_assert(first_of_size.back() == std::size(commands));

}  // namespace

const Command* find_command(std::string_view name) {
  if (name.size() > name_size_max) return nullptr;
  const Command* const stop = commands + first_of_size[name.size() + 1];
  for (const Command* command = commands + first_of_size[name.size()]; command != stop; ++command) {
    if (command->name == name) return command;
  }
  return nullptr;
}

std::string_view without_plus(std::string_view word) {
  if (word.size() > 1 && word[0] == '+' && word[1] != '-') word.remove_prefix(1);
  return word;
}

std::optional<uint32_t> read_value_size(std::string_view word) {
  const auto size = parse_unsigned(word);
  if (!size || *size > static_cast<uint64_t>(value_length_max)) return std::nullopt;
  return static_cast<uint32_t>(*size);
}

std::optional<int32_t> read_exptime(std::string_view word) {
  const auto exptime = parse_signed(word);
  if (!exptime || *exptime > std::numeric_limits<int32_t>::max() ||
      *exptime < std::numeric_limits<int32_t>::min()) {
    return std::nullopt;
  }
  return static_cast<int32_t>(*exptime);
}

}  // namespace ringcached::wire
