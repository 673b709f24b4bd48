#include "wire/admin_commands.h"

#include <bit>
#include <charconv>
#include <limits>
#include <optional>

#include "base/digits.h"
#include "ringcached/event.h"
#include "wire/text_replies.h"

namespace ringcached::wire {
namespace {

constexpr uint32_t automove_level_max = 2;       // Protocol.
constexpr uint32_t automove_window_min = 3;      // Protocol, as probed.
constexpr uint32_t automove_window_max = 1800;   // Protocol, as probed.
constexpr uint32_t class_id_max = 63;            // Protocol, as probed.
constexpr uint32_t cachedump_class_max = 63;     // Protocol, as probed: more is an illegal id.
constexpr uint32_t crawler_sleep_max = 1000000;  // Protocol, in microseconds.
constexpr uint64_t memory_limit_min = 8;         // Protocol, in MiB.
constexpr uint64_t memory_limit_max = 1000000000;
constexpr uint32_t lru_share_max = 80;            // Protocol: percent, hot and warm together.
constexpr uint32_t debug_seconds_max = 1u << 28;  // Guess: eight years, so that none overflow.
constexpr uint64_t all_classes = ~uint64_t{0};
constexpr std::string_view nothing_to_say;

/// Sub-commands may be shortened: `stats s` asks for the settings.
bool shortens(std::string_view word, std::string_view name) {
  return !word.empty() && name.starts_with(word);
}

std::optional<uint32_t> read_u32(std::string_view word) {
  const auto number = parse_unsigned(word);
  if (!number || *number > std::numeric_limits<uint32_t>::max()) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

std::optional<int32_t> read_i32(std::string_view word) {
  const auto number = parse_signed(word);
  if (!number || *number > std::numeric_limits<int32_t>::max() ||
      *number < std::numeric_limits<int32_t>::min()) {
    return std::nullopt;
  }
  return static_cast<int32_t>(*number);
}

std::optional<double> read_ratio(std::string_view word) {
  double ratio = 0;
  const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), ratio);
  if (failure != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return ratio;
}

/// "all", or class ids with commas between them: a bit each, counted from 0; nothing: no such
/// class.
std::optional<uint64_t> read_classes(std::string_view list) {
  if (list == "all") return all_classes;
  uint64_t classes = 0;
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const auto id = read_u32(list.substr(0, comma));
    if (!id || *id < 1 || *id > class_id_max) return std::nullopt;
    classes |= uint64_t{1} << (*id - 1);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  if (classes == 0) return std::nullopt;
  return classes;
}

std::string_view tune(Verb verb, uint64_t value, Operation& operation) {
  operation.verb = verb;
  operation.delta = value;
  return nothing_to_say;
}

// --- stats

std::string_view read_cachedump(const Words& words, const ParserRules& rules,
                                Operation& operation) {
  if (!rules.dump_enabled) return cachedump_refused;
  if (words.count() < 4) return bad_command_line;
  const auto id = read_u32(words[2]);
  const auto limit = read_u32(words[3]);
  if (!id || !limit) return bad_format;
  if (*id > cachedump_class_max) return illegal_class;
  operation.verb = Verb::Dump;
  operation.value = "cachedump";
  operation.delta = *id >= 1 && *id <= class_id_max ? uint64_t{1} << (*id - 1) : 0;
  operation.number = *limit;
  return nothing_to_say;
}

std::string_view read_detail(const Words& words, const ParserRules& rules, Operation& operation) {
  if (!rules.dump_enabled) return detail_refused;
  if (words[2] == "dump") {
    operation.verb = Verb::Stats;
    operation.value = "detail";
    return nothing_to_say;
  }
  if (words[2] == "on") return tune(Verb::Detail, 1, operation);
  return words[2] == "off" ? tune(Verb::Detail, 0, operation) : detail_usage;
}

/// What a sub-command of `stats` leads to: its own reader, or a verb; neither: it is refused.
struct StatsCommand {
  std::string_view name;
  bool shortened = false;  // any beginning of the name will do
  Verb verb = Verb::Say;
  std::string_view (*read)(const Words&, const ParserRules&, Operation&) = nullptr;
};

/// In the order in which memcached tries them.
constexpr StatsCommand stats_commands[] = {
    {.name = "reset", .shortened = true, .verb = Verb::ResetStats},
    {.name = "detail", .shortened = true, .read = read_detail},
    {.name = "settings", .shortened = true, .verb = Verb::Stats},
    {.name = "cachedump", .shortened = true, .read = read_cachedump},
    {.name = "conns", .shortened = true, .verb = Verb::Stats},
    {.name = "extstore", .shortened = true},
    {.name = "items", .verb = Verb::Stats},
    {.name = "slabs", .verb = Verb::Stats},
    {.name = "sizes", .verb = Verb::Stats},
    {.name = "ring", .verb = Verb::Stats},
};

// --- slabs

std::string_view read_reassign(const Words& words, const ParserRules& rules, Operation& operation) {
  if (words.count() != 4) return error;
  if (!rules.slab_reassign) return reassign_refused;
  const auto from = read_i32(words[2]);
  const auto to = read_i32(words[3]);
  if (!from || !to) return bad_format;
  operation.verb = Verb::Reassign;
  operation.exptime = *from;
  // What is no class is told by the partitions: they know how many there are.
  operation.delta = *to < 0 ? std::numeric_limits<uint32_t>::max() : static_cast<uint64_t>(*to);
  return nothing_to_say;
}

/// The level decides whether pages follow the misses. Ratios and windows tune what does not exist
/// here: well-formed ones are taken and shown, and change nothing (README lists it).
std::string_view read_automove(const Words& words, Operation& operation) {
  const std::string_view what = words[2];
  if (shortens(what, "ratio")) {
    const auto ratio = read_ratio(words[3]);
    return ratio ? tune(Verb::AutomoveRatio, std::bit_cast<uint64_t>(*ratio), operation) : error;
  }
  if (shortens(what, "freeratio")) return read_ratio(words[3]) ? ok : error;
  if (shortens(what, "window")) {
    const auto seconds = words.count() > 3 ? read_u32(words[3]) : std::nullopt;
    if (!seconds) return bad_format;
    const bool fits = *seconds >= automove_window_min && *seconds <= automove_window_max;
    return fits ? tune(Verb::AutomoveWindow, *seconds, operation) : bad_automove_window;
  }
  const auto level = read_u32(what);
  if (!level) return bad_format;
  if (*level > automove_level_max) return error;
  return tune(Verb::Automove, *level, operation);
}

// --- lru

std::string_view read_lru_tune(const Words& words, Operation& operation) {
  const auto hot = read_u32(words[2]);
  const auto warm = read_u32(words[3]);
  const auto hot_factor = read_ratio(words[4]);
  const auto warm_factor = read_ratio(words[5]);
  if (!hot || !warm || !hot_factor || !warm_factor) return error;
  if (uint64_t{*hot} + *warm > lru_share_max) return bad_lru_shares;
  if (!(*hot_factor > 0 && *warm_factor > 0)) return bad_lru_factors;
  operation.cas_wanted = std::bit_cast<uint64_t>(*hot_factor);
  operation.number = std::bit_cast<uint64_t>(*warm_factor);
  return tune(Verb::LruTune, uint64_t{*hot} << 32 | *warm, operation);
}

// --- watch

struct WatchWord {
  std::string_view name;
  uint32_t interest;
};

/// In the order in which memcached tries them; any beginning of a name will do.
constexpr WatchWord watch_words[] = {
    {"rawcmds", interest::raw_commands},    {"evictions", interest::evictions},
    {"fetchers", interest::fetchers},       {"mutations", interest::mutations},
    {"sysevents", interest::system_events}, {"connevents", interest::connections},
    {"proxyreqs", interest::proxy},         {"proxyevents", interest::proxy},
    {"proxyuser", interest::proxy},         {"deletions", interest::deletions},
};

/// 0: no such word.
uint32_t interest_of(std::string_view word) {
  for (const WatchWord& known : watch_words) {
    if (shortens(word, known.name)) return known.interest;
  }
  return 0;
}

// --- lru_crawler

std::string_view read_crawl(const Words& words, Operation& operation) {
  const auto classes = read_classes(words[2]);
  if (!classes) return bad_class;
  return tune(Verb::Crawl, *classes, operation);
}

std::string_view read_dump(const Words& words, std::string_view name, Operation& operation) {
  const auto classes = words[2] == "hash" ? all_classes : read_classes(words[2]);
  if (!classes) return bad_class;
  operation.verb = Verb::Dump;
  operation.value = name;
  operation.delta = *classes;
  return nothing_to_say;
}

}  // namespace

std::string_view read_stats(const Words& words, const ParserRules& rules, Operation& operation) {
  if (words.count() == 1) return nothing_to_say;
  const std::string_view word = words[1];
  for (const StatsCommand& command : stats_commands) {
    if (!(command.shortened ? shortens(word, command.name) : word == command.name)) continue;
    if (command.read != nullptr) return command.read(words, rules, operation);
    if (command.verb == Verb::Say) return error;
    operation.verb = command.verb;
    if (command.verb == Verb::Stats) operation.value = command.name;
    return nothing_to_say;
  }
  return error;
}

std::string_view read_slabs(const Words& words, const ParserRules& rules, Operation& operation) {
  if (words.count() < 3) return error;
  if (shortens(words[1], "reassign")) return read_reassign(words, rules, operation);
  if (shortens(words[1], "automove")) return read_automove(words, operation);
  return error;
}

/// The queues that this tunes do not exist here: what is well-formed is taken and shown, and
/// changes nothing (README lists it).
std::string_view read_lru(const Words& words, const ParserRules& rules, Operation& operation) {
  if (shortens(words[1], "tune") && words.count() >= 6) return read_lru_tune(words, operation);
  if (words.count() < 3 || !rules.lru_maintainer) return error;
  if (shortens(words[1], "mode")) {
    if (words[2] == "flat") return tune(Verb::LruMode, 0, operation);
    return words[2] == "segmented" ? tune(Verb::LruMode, 1, operation) : error;
  }
  if (shortens(words[1], "temp_ttl")) {
    const auto seconds = read_i32(words[2]);
    if (!seconds) return error;
    return tune(Verb::LruTemporaryTtl, static_cast<uint64_t>(int64_t{*seconds}), operation);
  }
  return error;
}

std::string_view read_lru_crawler(const Words& words, const ParserRules& rules,
                                  Operation& operation) {
  const std::string_view what = words[1];
  if (words.count() == 2) {
    if (shortens(what, "enable")) return tune(Verb::Crawler, 1, operation);
    if (shortens(what, "disable")) return tune(Verb::Crawler, 0, operation);
    return error;
  }
  if (words.count() != 3) return error;
  if (shortens(what, "crawl")) return read_crawl(words, operation);
  if (shortens(what, "metadump")) {
    return rules.dump_enabled ? read_dump(words, "metadump", operation) : metadump_refused;
  }
  if (shortens(what, "mgdump")) {
    return rules.dump_enabled ? read_dump(words, "mgdump", operation) : key_dump_refused;
  }
  const auto number = read_u32(words[2]);
  if (shortens(what, "tocrawl")) {
    return number ? tune(Verb::CrawlerTocrawl, *number, operation) : bad_format;
  }
  if (!shortens(what, "sleep")) return error;
  if (!number) return bad_format;
  if (*number > crawler_sleep_max) return bad_crawler_sleep;
  return tune(Verb::CrawlerSleep, *number, operation);
}

/// As in memcached's debug builds, but that time goes forward only.
std::string_view read_debug_time(const Words& words, const ParserRules& rules,
                                 Operation& operation) {
  if (!rules.debug_commands || words.count() < 2) return error;
  if (words[1] == "p") return tune(Verb::PauseTime, 0, operation);
  if (words[1] == "r") return tune(Verb::ResumeTime, 0, operation);
  const auto seconds = read_u32(words[1]);
  if (!seconds || *seconds > debug_seconds_max) return error;
  return tune(Verb::AdvanceTime, *seconds, operation);
}

std::string_view read_watch(const Words& words, const ParserRules& rules, Operation& operation) {
  if (!rules.watch_enabled) return watch_refused;
  uint32_t interests = words.count() == 1 ? interest::fetchers : 0;
  for (size_t i = 1; i < words.count(); ++i) {
    const uint32_t one = interest_of(words[i]);
    if (one == 0) return error;
    interests |= one;
  }
  return tune(Verb::Watch, interests, operation);
}

std::string_view read_memory_limit(const Words& words, const ParserRules& rules,
                                   Operation& operation) {
  if (words.count() > 3) return error;
  const auto mebibytes = read_u32(words[1]);
  if (!mebibytes) return error;
  if (*mebibytes < memory_limit_min) return memory_limit_too_small;
  if (*mebibytes > memory_limit_max) return memory_limit_in_bytes;
  if (!rules.memory_adjustable) return memory_limit_fixed;
  return tune(Verb::MemoryLimit, uint64_t{*mebibytes} << 20, operation);
}

}  // namespace ringcached::wire
