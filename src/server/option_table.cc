// The table of the lettered options: one row per option of memcached's command line.
#include "server/option_table.h"

#include <sysexits.h>

#include <charconv>

#include "server/listen_list.h"

namespace ringcached::server {
namespace {

constexpr int64_t port_max = 65535;
static_assert(port_max == UINT16_MAX);
constexpr double memory_mib_max = 1e9;  // protocol: what cache_memlimit of memcached takes

Complaint take_unix_mask(Config& config, std::string_view value) {
  constexpr uint32_t mask_max = 0777;
  uint32_t mask = 0;
  const char* const end = value.data() + value.size();
  const auto [at, error] = std::from_chars(value.data(), end, mask, 8);
  if (error != std::errc() || at != end || mask > mask_max) {
    return "expected an octal mode from 0 to 777";
  }
  config.unix_mask = mask;
  return {};
}

Complaint take_listen(Config& config, std::string_view value) {
  return add_listen_list(value, config.listen);
}

Complaint take_verbose(Config& config, std::string_view) {
  ++config.verbosity;
  return {};
}

Complaint take_delimiter(Config& config, std::string_view value) {
  if (value.empty()) return "expected the character that ends a key's prefix, such as -D :";
  config.prefix_delimiter = value.front();
  config.detail_enabled = true;
  return {};
}

Complaint take_protocol(Config& config, std::string_view value) {
  if (value == "auto") {
    config.protocol = Protocol::Negotiated;
  } else if (value == "ascii") {
    config.protocol = Protocol::Ascii;
  } else if (value == "binary") {
    config.protocol = Protocol::Binary;
  } else {
    return "expected auto, ascii or binary";
  }
  return {};
}

/// "N", "Nk" or "Nm"; its relation to -m is checked when all options are read.
Complaint take_item_size(Config& config, std::string_view value) {
  constexpr int64_t size_min = 1024;
  constexpr int64_t size_max = 1ll << 30;
  static_assert(size_max <= UINT32_MAX);
  int64_t unit = 1;
  if (value.ends_with('k') || value.ends_with('K')) unit = 1024;
  if (value.ends_with('m') || value.ends_with('M')) unit = 1024 * 1024;
  if (unit > 1) value.remove_suffix(1);
  const std::optional<int64_t> number = parse_whole(value);
  if (!number || *number > size_max / unit || *number * unit < size_min) {
    return "expected a size from 1k (1024 bytes) to 1024m";
  }
  config.item_size_max = static_cast<uint32_t>(*number * unit);
  return {};
}

}  // namespace

std::vector<Setting> option_table(Config& c) {
  // One row is one option; clang-format would make it ten lines.
  // clang-format off
  return {
      {.letter = 'p', .name = "port", .takes = Takes::Number, .to = &c.tcp_port, .low = -1,
       .high = port_max, .exit_code = EX_USAGE, .value_name = "num",
       .help = "TCP port to listen on"},
      {.letter = 'U', .name = "udp-port", .takes = Takes::Number, .to = &c.udp_port, .low = -1,
       .high = port_max, .exit_code = EX_USAGE, .value_name = "num",
       .help = "UDP port to listen on, 0 = none"},
      {.letter = 's', .name = "unix-socket", .takes = Takes::Text, .to = &c.unix_socket,
       .value_name = "file", .help = "UNIX socket to listen on (and on no network address)"},
      {.letter = 'a', .name = "unix-mask", .takes = Takes::Special, .special = take_unix_mask,
       .value_name = "mask", .help = "mode of the UNIX socket, octal (default: 700)"},
      {.letter = 'A', .name = "enable-shutdown", .to = &c.shutdown_command,
       .help = "allow the \"shutdown\" command"},
      {.letter = 'l', .name = "listen", .takes = Takes::Special, .special = take_listen,
       .value_name = "addr",
       .help = "addresses to listen on, separated by commas (default: all)"},
      {.letter = 'd', .name = "daemon", .to = &c.daemonize, .help = "run as a daemon"},
      {.letter = 'r', .name = "enable-coredumps", .to = &c.core_dumps,
       .help = "raise the limit of core files"},
      {.letter = 'u', .name = "user", .takes = Takes::Text, .to = &c.user, .value_name = "user",
       .help = "become this user (needed when run as root)"},
      {.letter = 'm', .name = "memory-limit", .takes = Takes::Number, .to = &c.memory_limit,
       .low = 1, .high = memory_mib_max, .unit = 1 << 20, .exit_code = EX_USAGE,
       .value_name = "num", .help = "memory for items in megabytes"},
      {.letter = 'M', .name = "disable-evictions", .to = &c.evict, .turns = false,
       .help = "when memory is full, answer an error instead of evicting"},
      {.letter = 'c', .name = "conn-limit", .takes = Takes::Number, .to = &c.connections_max,
       .low = 1, .value_name = "num", .help = "most connections at the same time"},
      {.letter = 'k', .name = "lock-memory", .to = &c.lock_memory, .help = "lock all pages"},
      {.letter = 'v', .name = "verbose", .takes = Takes::Special, .value_optional = true,
       .special = take_verbose,
       .help = "tell its start and end; -vv: requests and replies, -vvv: looks at keys"},
      {.letter = 'h', .name = "help", .help = "print this help and exit"},
      {.letter = 'i', .name = "license", .help = "print the license and exit"},
      {.letter = 'V', .name = "version", .help = "print the version and exit"},
      {.letter = 'P', .name = "pidfile", .takes = Takes::Text, .to = &c.pid_file,
       .value_name = "file", .help = "write the process id to this file"},
      {.letter = 'f', .name = "slab-growth-factor", .takes = Takes::Real, .to = &c.growth_factor,
       .low = 1, .value_name = "num", .help = "growth factor of chunk sizes"},
      {.letter = 'n', .name = "slab-min-size", .takes = Takes::Number, .to = &c.slab_min_size,
       .low = 1, .value_name = "bytes", .help = "least space for key, value and flags"},
      {.letter = 'L', .name = "enable-largepages", .to = &c.large_pages,
       .help = "take the memory at the start, on huge pages"},
      {.letter = 'D', .takes = Takes::Special, .special = take_delimiter, .value_name = "char",
       .help = "end of a key's prefix; counts by prefix (\"stats detail\")"},
      {.letter = 't', .name = "threads", .takes = Takes::Number, .to = &c.threads, .low = 1,
       .value_name = "num", .help = "threads, one core each"},
      {.letter = 'R', .name = "max-reqs-per-event", .takes = Takes::Number,
       .to = &c.requests_per_turn, .low = 1, .value_name = "num",
       .help = "requests of a connection that run before others have their turn"},
      {.letter = 'C', .name = "disable-cas", .to = &c.cas_enabled, .turns = false,
       .help = "no cas ids"},
      {.letter = 'b', .name = "listen-backlog", .takes = Takes::Number, .to = &c.backlog,
       .value_name = "num", .help = "backlog of the listening sockets"},
      {.letter = 'B', .name = "protocol", .takes = Takes::Special, .special = take_protocol,
       .exit_code = EX_USAGE, .value_name = "name",
       .help = "what is spoken: auto, ascii or binary (default: auto)"},
      {.letter = 'I', .name = "max-item-size", .takes = Takes::Special, .special = take_item_size,
       .exit_code = EX_USAGE, .value_name = "num",
       .help = "largest item (default: 1m, min: 1k, max: 1024m)"},
      {.letter = 'F', .name = "disable-flush-all", .to = &c.flush_enabled, .turns = false,
       .help = "refuse \"flush_all\""},
      {.letter = 'X', .name = "disable-dumping", .to = &c.dump_enabled, .turns = false,
       .help = "refuse \"stats cachedump\", \"stats detail\" and the crawler's dumps"},
      {.letter = 'W', .name = "disable-watch", .to = &c.watch_enabled, .turns = false,
       .help = "refuse \"watch\""},
      {.letter = 'N', .name = "napi-ids", .takes = Takes::Number, .to = &c.napi_ids, .low = 1},
      {.letter = 'S', .name = "enable-sasl", .to = &c.sasl,
       .help = "clients log in by SASL, over the binary protocol"},
      {.letter = 'Y', .name = "auth-file", .takes = Takes::Text, .to = &c.auth_file,
       .value_name = "file", .help = "file of user:password lines; clients log in with \"set\""},
      {.letter = 'e', .name = "memory-file", .takes = Takes::Text,
       .refusal = "a memory file that outlives the process is not supported yet; leave -e out"},
      {.letter = 'Z', .name = "enable-ssl", .exit_code = EX_USAGE,
       .refusal = "TLS is not supported yet; leave -Z out and end TLS in front of ringcached"},
      {.letter = 'o', .name = "extended", .takes = Takes::Special, .value_name = "list",
       .help = "further options, separated by commas; most have a 'no_' form:"},
  };
  // clang-format on
}

}  // namespace ringcached::server
