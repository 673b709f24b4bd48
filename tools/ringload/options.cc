#include "ringload/options.h"

#include <getopt.h>
#include <sched.h>

#include <algorithm>
#include <charconv>

#include "base/digits.h"
#include "ringload/failure.h"

namespace ringload {

namespace {

// Bounds, so that a slip of the finger does not eat the machine. Guesses, except where said.
constexpr uint64_t threads_max = 256;
constexpr uint64_t connections_max = 20'000;  // what one address pair has ports for, with room
constexpr uint64_t depth_max = 10'000;
constexpr uint64_t multiget_max = 10'000;
constexpr uint64_t keys_max = uint64_t{1} << 48;
constexpr uint32_t key_size_max = 250;             // protocol
constexpr uint32_t value_size_max = 1024u << 20u;  // memcached's largest -I
constexpr double batch_size_max = 1 << 30;
constexpr double seconds_max = 1e7;
constexpr double rate_max = 1e9;
constexpr double duration_default = 10;

[[noreturn]] void refuse(const std::string& what) {
  throw Failure(Exit::Usage, what);
}

uint64_t number_in(std::string_view name, std::string_view text, uint64_t least, uint64_t most) {
  const auto number = ringcached::parse_unsigned(text);
  if (!number || *number < least || *number > most) {
    refuse("--" + std::string(name) + " wants a number from " + std::to_string(least) + " to " +
           std::to_string(most) + ", not '" + std::string(text) + "'");
  }
  return *number;
}

uint32_t count_in(std::string_view name, std::string_view text, uint64_t least, uint64_t most) {
  return static_cast<uint32_t>(number_in(name, text, least, most));
}

std::string plain(double number) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, number).ptr);
}

double real_in(std::string_view name, std::string_view text, double least, double most) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() ||
      !(number >= least && number <= most)) {
    refuse("--" + std::string(name) + " wants a number from " + plain(least) + " to " +
           plain(most) + ", not '" + std::string(text) + "'");
  }
  return number;
}

Sizes sizes_in(std::string_view name, std::string_view text, uint32_t least, uint32_t most) {
  const auto sizes = Sizes::parse(text);
  if (!sizes) {
    refuse("--" + std::string(name) + " wants a size, a range (10-200) or sizes with weights " +
           "(100:9,1000:1), not '" + std::string(text) + "'");
  }
  if (sizes->least() < least || sizes->most() > most) {
    refuse("--" + std::string(name) + ": sizes go from " + std::to_string(least) + " to " +
           std::to_string(most));
  }
  return *sizes;
}

Pattern pattern_in(std::string_view text) {
  const auto pattern = Pattern::parse(text);
  if (!pattern) {
    refuse("--pattern wants uniform, zipf[:EXPONENT], sequential or gaussian[:DEVIATION], not '" +
           std::string(text) + "'");
  }
  return *pattern;
}

Protocol protocol_in(std::string_view text) {
  const auto protocol = parse_protocol(text);
  if (!protocol) {
    refuse("--protocol wants classic, meta or binary, not '" + std::string(text) + "'");
  }
  return *protocol;
}

std::vector<uint32_t> cpus_in(std::string_view text) {
  const std::vector<uint32_t> cpus = parse_cpus(text);
  if (cpus.empty()) refuse("--cpus wants CPUs like 0,2-5, not '" + std::string(text) + "'");
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  ::sched_getaffinity(0, sizeof allowed, &allowed);
  for (const uint32_t cpu : cpus) {
    if (cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, &allowed)) {
      refuse("--cpus: this process may not run on CPU " + std::to_string(cpu));
    }
  }
  return cpus;
}

struct Rule {
  const char* name;
  int has_value;  // as getopt.h says
  void (*apply)(Options& to, std::string_view name, std::string_view text);
};

using Text = std::string_view;

constexpr Rule rules[] = {
    {"server", required_argument, [](Options& to, Text, Text text) { to.server = text; }},
    {"pid", required_argument,
     [](Options& to, Text name, Text text) {
       to.pid = static_cast<int>(number_in(name, text, 1, INT32_MAX));
     }},
    {"protocol", required_argument,
     [](Options& to, Text, Text text) { to.protocol = protocol_in(text); }},
    {"threads", required_argument,
     [](Options& to, Text name, Text text) { to.threads = count_in(name, text, 1, threads_max); }},
    {"connections", required_argument,
     [](Options& to, Text name, Text text) {
       to.connections = count_in(name, text, 1, connections_max);
     }},
    {"depth", required_argument,
     [](Options& to, Text name, Text text) { to.depth = count_in(name, text, 1, depth_max); }},
    {"multiget", required_argument,
     [](Options& to, Text name, Text text) {
       to.multiget = count_in(name, text, 1, multiget_max);
     }},
    {"set-ratio", required_argument,
     [](Options& to, Text name, Text text) { to.set_ratio = real_in(name, text, 0, 1); }},
    {"rate", required_argument,
     [](Options& to, Text name, Text text) { to.rate = real_in(name, text, 0.001, rate_max); }},
    {"poisson", no_argument, [](Options& to, Text, Text) { to.poisson = true; }},
    {"idle-connections", required_argument,
     [](Options& to, Text name, Text text) {
       to.idle_connections = count_in(name, text, 0, connections_max);
     }},
    {"timeout", required_argument,
     [](Options& to, Text name, Text text) { to.timeout = real_in(name, text, 0.1, seconds_max); }},
    {"keys", required_argument,
     [](Options& to, Text name, Text text) { to.keys = number_in(name, text, 1, keys_max); }},
    {"pattern", required_argument,
     [](Options& to, Text, Text text) { to.pattern = pattern_in(text); }},
    {"hot-key", optional_argument,
     [](Options& to, Text name, Text text) {
       to.hot_share = text.empty() ? 1 : real_in(name, text, 0, 1);
     }},
    {"key-size", required_argument,
     [](Options& to, Text name, Text text) {
       to.key_size = sizes_in(name, text, 1, key_size_max);
       to.key_size_text = text;
     }},
    {"value-size", required_argument,
     [](Options& to, Text name, Text text) {
       to.value_size = sizes_in(name, text, 0, value_size_max);
       to.value_size_text = text;
     }},
    {"ttl", required_argument,
     [](Options& to, Text name, Text text) { to.ttl = count_in(name, text, 0, INT32_MAX); }},
    {"populate", no_argument, [](Options& to, Text, Text) { to.populate = true; }},
    {"no-populate", no_argument, [](Options& to, Text, Text) { to.populate = false; }},
    {"no-verify", no_argument, [](Options& to, Text, Text) { to.verify = false; }},
    {"duration", required_argument,
     [](Options& to, Text name, Text text) {
       to.duration = real_in(name, text, 0.01, seconds_max);
     }},
    {"requests", required_argument,
     [](Options& to, Text name, Text text) {
       to.requests = number_in(name, text, 1, uint64_t{1} << 62);
     }},
    {"warmup", required_argument,
     [](Options& to, Text name, Text text) { to.warmup = real_in(name, text, 0, seconds_max); }},
    {"cpus", required_argument,
     [](Options& to, Text, Text text) {
       to.cpus = cpus_in(text);
       to.cpus_text = text;
     }},
    {"json", required_argument, [](Options& to, Text, Text text) { to.json = text; }},
    {"seed", required_argument,
     [](Options& to, Text name, Text text) { to.seed = number_in(name, text, 0, UINT64_MAX); }},
    {"quiet", no_argument, [](Options& to, Text, Text) { to.quiet = true; }},
    {"help", no_argument, [](Options& to, Text, Text) { to.help = true; }},
};

constexpr size_t rule_count = sizeof rules / sizeof rules[0];

// What getopt_long returns for a rule is its place, and must be none of what it returns for errors.
static_assert(rule_count < ' ');

/// The option that getopt_long did not like; a short one may stand among others in its word.
std::string offender(char** words) {
  return optopt > ' ' ? std::string{'-', static_cast<char>(optopt)} : words[optind - 1];
}

/// What only shows when all options are known.
void check_together(Options& options, bool populate_given) {
  if (options.server.empty()) refuse("--server is missing (host:port, or a unix socket's path)");
  if (options.connections < options.threads) {
    refuse("--connections " + std::to_string(options.connections) + " leaves some of --threads " +
           std::to_string(options.threads) + " without one");
  }
  const size_t digits = std::to_string(options.keys - 1).size();
  if (options.key_size.least() < digits) {
    refuse("--key-size " + options.key_size_text + " has too few digits to tell --keys " +
           std::to_string(options.keys) + " apart; " + std::to_string(digits) + " would do");
  }
  const double get_bytes = double{1} * options.multiget * (options.key_size.most() + 1);
  const double set_bytes = options.set_ratio > 0 ? double{1} * options.value_size.most() : 0;
  if (options.depth * std::max(get_bytes, set_bytes) > batch_size_max) {
    refuse("--depth " + std::to_string(options.depth) + ": so many commands are more than 1 GiB");
  }
  if (options.poisson && options.rate == 0) refuse("--poisson belongs to --rate");
  if (options.duration == 0 && options.requests == 0) options.duration = duration_default;
  if (!populate_given) options.populate = options.set_ratio < 1;
}

}  // namespace

std::vector<uint32_t> parse_cpus(std::string_view text) {
  std::vector<uint32_t> cpus;
  const auto number_of = [](std::string_view word) -> std::optional<uint32_t> {
    const auto number = ringcached::parse_unsigned(word);
    if (!number || *number >= CPU_SETSIZE) return std::nullopt;
    return static_cast<uint32_t>(*number);
  };
  for (bool more = true; more;) {
    const size_t comma = text.find(',');
    const std::string_view range = text.substr(0, comma);
    const size_t dash = range.find('-');
    const auto first = number_of(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number_of(range.substr(dash + 1));
    if (!first || !last || *first > *last) return {};
    for (uint32_t cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
  }
  return cpus;
}

Options parse_options(int count, char** words) {
  option table[rule_count + 1] = {};
  for (size_t i = 0; i < rule_count; ++i) {
    table[i] = {rules[i].name, rules[i].has_value, nullptr, static_cast<int>(i)};
  }
  Options options;
  bool populate_given = false;
  opterr = 0;
  optind = 0;  // so that tests may parse more than once
  for (int which = 0; (which = getopt_long(count, words, "+:", table, nullptr)) != -1;) {
    if (which == ':') refuse(std::string(words[optind - 1]) + " wants a value");
    if (which == '?') refuse("unknown option " + offender(words) + "; see --help");
    const Rule& rule = rules[which];
    if (optarg != nullptr && rule.has_value != no_argument && *optarg == 0) {
      refuse("--" + std::string(rule.name) + " wants a value");
    }
    rule.apply(options, rule.name, optarg == nullptr ? "" : optarg);
    populate_given |= std::string_view(rule.name).ends_with("populate");
  }
  if (options.help) return options;
  if (optind != count) refuse("'" + std::string(words[optind]) + "' is no option; see --help");
  check_together(options, populate_given);
  return options;
}

}  // namespace ringload
