// The sub-options of -o: their table, and the list in which they are given.
#include "server/suboptions.h"

#include <sysexits.h>

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace ringcached::server {
namespace {

constexpr double kib_max = 4194303;            // 4 GiB - 1 KiB: the settings hold 32 bits of bytes
constexpr uint32_t slab_page_size = 1u << 20;  // memcached's, to which its sub-options refer
constexpr size_t slab_sizes_max = 62;          // protocol: memcached's classes with explicit sizes
constexpr uint32_t slab_sizes_step = 8;        // ... and how far apart they must be, in bytes
static_assert(kib_max * 1024 <= UINT32_MAX);

Complaint take_automove(Config& config, std::string_view value) {
  if (value.empty()) value = "1";
  const std::optional<int64_t> level = parse_whole(value);
  if (!level || *level < 0 || *level > 2) return "expected a whole number from 0 to 2";
  config.extended.slab_automove = static_cast<uint32_t>(*level);
  return {};
}

Complaint take_no_automove(Config& config, std::string_view) {
  config.extended.slab_automove = 0;
  return {};
}

Complaint take_no_chunked_items(Config& config, std::string_view) {
  config.extended.slab_chunk_max = slab_page_size;
  return {};
}

Complaint take_hash_algorithm(Config& config, std::string_view value) {
  if (value != "jenkins" && value != "murmur3" && value != "xxh3") {
    return "expected jenkins, murmur3 or xxh3";
  }
  config.extended.hash_algorithm = value;
  return {};
}

Complaint take_io(Config& config, std::string_view value) {
  for (const Io io : {Io::Auto, Io::Uring, Io::Epoll}) {
    if (value != name_of(io)) continue;
    config.extended.io = io;
    return {};
  }
  return "expected auto, uring or epoll";
}

/// "a-b-c", refused in memcached's words; the relation to -n and slab_chunk_max is checked when all
/// options are read.
Complaint take_slab_sizes(Config& config, std::string_view value) {
  std::vector<uint32_t> sizes;
  while (!value.empty()) {
    const size_t end = std::min(value.find('-'), value.size());
    const std::string word(value.substr(0, end));
    const std::optional<int64_t> size = parse_whole(word);
    if (sizes.size() == slab_sizes_max) return "too many slab classes specified, 62 are the most";
    if (!size || *size < 1 || *size > slab_page_size) {
      return "slab size " + word + " is out of valid range; expected sizes such as 96-200-400";
    }
    if (!sizes.empty() && *size <= sizes.back()) {
      return "slab size " + word + " cannot be lower than or equal to a previous class size";
    }
    if (!sizes.empty() && *size <= sizes.back() + slab_sizes_step) {
      return "slab size " + word + " must be at least 8 bytes larger than previous class";
    }
    sizes.push_back(static_cast<uint32_t>(*size));
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  if (sizes.empty()) return "expected sizes in bytes, such as 96-200-400";
  config.extended.slab_sizes = sizes;
  return {};
}

/// What memcached 1.4 did, as far as it shows.
Complaint take_no_modern(Config& config, std::string_view) {
  ExtendedConfig& x = config.extended;
  x.slab_reassign = false;
  x.slab_automove = 0;
  x.maxconns_fast = false;
  x.hash_algorithm = "jenkins";
  x.lru_crawler = false;
  x.lru_maintainer = false;
  x.slab_chunk_max = slab_page_size;
  return {};
}

constexpr const char* no_tls =
    "TLS is not supported yet; leave the ssl_ sub-options out and end TLS in front of ringcached";
constexpr const char* no_extstore =
    "extstore is not supported yet; leave the ext_ sub-options out and give the memory with -m";
constexpr const char* no_proxy =
    "the proxy is not supported yet; run a proxy of its own, such as mcrouter or twemproxy";

constexpr std::array tls_names{
    "ssl_chain_cert", "ssl_key",       "ssl_verify_mode",   "ssl_keyformat",  "ssl_ciphers",
    "ssl_ca_cert",    "ssl_wbuf_size", "ssl_session_cache", "ssl_kernel_tls", "ssl_min_version",
};
constexpr std::array extstore_names{
    "ext_path",      "ext_page_size",     "ext_wbuf_size",  "ext_threads",      "ext_io_depth",
    "ext_item_size", "ext_item_age",      "ext_low_ttl",    "ext_recache_rate", "ext_max_frag",
    "ext_max_sleep", "ext_compact_under", "ext_drop_under", "ext_drop_unread",
};
constexpr std::array proxy_names{"proxy_config", "proxy_arg", "proxy_uring", "proxy_memprofile"};

template <typename Names>
void add_refused(std::vector<Setting>& table, const Names& names, const char* why) {
  for (const char* name : names) table.push_back({.name = name, .refusal = why});
}

std::vector<Setting> general_suboptions(ExtendedConfig& x) {
  // One row is one sub-option; clang-format would make it ten lines.
  // clang-format off
  return {
      {.name = "maxconns_fast", .to = &x.maxconns_fast,
       .help = "close connections over the limit at once (default: on)"},
      {.name = "no_maxconns_fast", .to = &x.maxconns_fast, .turns = false,
       .help = "stop accepting at the limit instead"},
      {.name = "hashpower", .takes = Takes::Number, .to = &x.hashpower, .low = 12, .high = 32,
       .help = "power of two of the table's first size"},
      {.name = "idle_timeout", .takes = Takes::Number, .to = &x.idle_timeout, .high = UINT32_MAX,
       .help = "seconds after which an idle connection is closed, 0 = never"},
      {.name = "debug_commands", .to = &x.debug_commands,
       .help = "allow \"debugtime\" (default: off)"},
      {.name = "io", .takes = Takes::Special, .special = take_io,
       .help = "way into the kernel: auto, uring or epoll (default: auto)"},
      {.name = "no_hashexpand"},
      {.name = "hash_algorithm", .takes = Takes::Special, .special = take_hash_algorithm},
      {.name = "slab_reassign", .to = &x.slab_reassign,
       .help = "allow \"slabs reassign\" (default: on)"},
      {.name = "no_slab_reassign", .to = &x.slab_reassign, .turns = false},
      {.name = "slab_automove", .takes = Takes::Special, .value_optional = true,
       .special = take_automove,
       .help = "1 or 2: pages follow the misses; 0: they stay (default: 1)"},
      {.name = "no_slab_automove", .takes = Takes::Special, .value_optional = true,
       .special = take_no_automove},
      {.name = "slab_automove_ratio", .takes = Takes::Real, .to = &x.slab_automove_ratio,
       .high = 1},
      {.name = "slab_automove_window", .takes = Takes::Number, .to = &x.slab_automove_window,
       .low = 3, .high = 1800},
      {.name = "slab_automove_freeratio", .takes = Takes::Real, .to = &x.slab_automove_freeratio,
       .high = 1},
      {.name = "slab_sizes", .takes = Takes::Special, .special = take_slab_sizes,
       .exit_code = EX_USAGE, .value_name = "list",
       .help = "sizes of chunks, as in 96-200-400 (default: by -n and -f)"},
      {.name = "slab_chunk_max", .takes = Takes::Number, .to = &x.slab_chunk_max, .low = 1,
       .high = 1024, .unit = 1024, .value_name = "KiB",
       .help = "largest chunk, 16 KiB at the most"},
      {.name = "no_chunked_items", .takes = Takes::Special, .value_optional = true,
       .special = take_no_chunked_items},
      {.name = "tail_repair_time", .takes = Takes::Number, .to = &x.tail_repair_time, .low = 10},
      {.name = "lru_crawler", .to = &x.lru_crawler,
       .help = "sweep out what has expired (default: on)"},
      {.name = "no_lru_crawler", .to = &x.lru_crawler, .turns = false},
      {.name = "lru_crawler_sleep", .takes = Takes::Number, .to = &x.lru_crawler_sleep,
       .high = 1000000},
      {.name = "lru_crawler_tocrawl", .takes = Takes::Number, .to = &x.lru_crawler_tocrawl,
       .high = UINT32_MAX},
      {.name = "lru_maintainer", .to = &x.lru_maintainer},
      {.name = "no_lru_maintainer", .to = &x.lru_maintainer, .turns = false},
      {.name = "hot_lru_pct", .takes = Takes::Number, .to = &x.hot_lru_pct, .low = 1, .high = 79},
      {.name = "warm_lru_pct", .takes = Takes::Number, .to = &x.warm_lru_pct, .low = 1, .high = 79},
      {.name = "hot_max_factor", .takes = Takes::Real, .to = &x.hot_max_factor},
      {.name = "warm_max_factor", .takes = Takes::Real, .to = &x.warm_max_factor},
      {.name = "temporary_ttl", .takes = Takes::Number, .to = &x.temporary_ttl, .high = UINT32_MAX,
       .also_turns_on = &x.temp_lru},
      {.name = "watcher_logbuf_size", .takes = Takes::Number, .to = &x.watcher_logbuf_size,
       .high = kib_max, .unit = 1024, .help = "KiB of a watcher's buffer"},
      {.name = "worker_logbuf_size", .takes = Takes::Number, .to = &x.worker_logbuf_size,
       .high = kib_max, .unit = 1024, .help = "KiB of a core's buffer for watchers"},
      {.name = "read_buf_mem_limit", .takes = Takes::Number, .to = &x.read_buf_mem_limit,
       .high = UINT32_MAX, .unit = 1 << 20},
      {.name = "resp_obj_mem_limit", .takes = Takes::Text},
      {.name = "track_sizes", .to = &x.track_sizes, .help = "allow \"stats sizes\""},
      {.name = "inline_ascii_resp"},
      {.name = "no_inline_ascii_resp"},
      {.name = "modern"},
      {.name = "no_modern", .takes = Takes::Special, .value_optional = true,
       .special = take_no_modern, .help = "the defaults of memcached 1.4"},
      {.name = "sock_cookie_id", .takes = Takes::Number, .to = &x.sock_cookie_id,
       .high = UINT32_MAX, .help = "mark of the listening sockets (SO_MARK), 0 = none"},
      {.name = "relaxed_privileges"},
      {.name = "no_drop_privileges"},
      {.name = "drop_privileges",
       .refusal = "dropping system calls (seccomp) is not supported yet; leave it out and confine "
                  "the process from outside (systemd's SystemCallFilter=)"},
  };
  // clang-format on
}

}  // namespace

std::vector<Setting> suboption_table(Config& config) {
  std::vector<Setting> table = general_suboptions(config.extended);
  add_refused(table, tls_names, no_tls);
  add_refused(table, extstore_names, no_extstore);
  add_refused(table, proxy_names, no_proxy);
  return table;
}

SuboptionsResult apply_suboptions(std::string_view list, Config& config) {
  const std::vector<Setting> table = suboption_table(config);
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    const std::string_view element = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    const size_t equals = element.find('=');
    const auto row = std::find_if(table.begin(), table.end(), [&](const Setting& setting) {
      return setting.name == element.substr(0, equals);
    });
    if (row == table.end()) return {.known = false, .element = std::string(element)};
    std::optional<std::string_view> value;
    if (equals != std::string_view::npos) value = element.substr(equals + 1);
    Complaint complaint = apply(*row, config, value);
    if (!complaint.empty()) {
      return {.element = std::string(element), .complaint = complaint, .exit_code = row->exit_code};
    }
  }
  return {};
}

}  // namespace ringcached::server
