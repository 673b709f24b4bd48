// What the operator asked for: the command line, once it has been checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringcached {

/// The version of the protocol we speak (clients decide by it), and our own.
inline constexpr const char* protocol_version = "1.6.45";
inline constexpr const char* ringcached_version = "0.1.0";

/// Through which door of the kernel the cores speak. Auto: io_uring, or epoll where that is
/// refused.
enum class Io : uint8_t { Auto, Uring, Epoll };

constexpr const char* name_of(Io io) {
  return io == Io::Auto ? "auto" : io == Io::Uring ? "uring" : "epoll";
}

/// What is spoken on a connection; negotiated is what its first byte says.
enum class Protocol : uint8_t { Negotiated, Ascii, Binary };

/// What -o sub-options of memcached say that `stats settings` shows. Those without an effect here
/// are kept only to be shown; README lists them.
struct ExtendedConfig {
  bool maxconns_fast = true;
  uint32_t hashpower = 0;  // log2 of the items that all tables begin with room for; 0 = few
  bool slab_reassign = true;
  uint32_t slab_automove = 1;
  double slab_automove_ratio = 0.8;
  uint32_t slab_automove_window = 10;
  double slab_automove_freeratio = 0.01;
  std::vector<uint32_t> slab_sizes;      // bytes, ascending; empty: none given
  uint32_t slab_chunk_max = 512 * 1024;  // bytes
  bool lru_crawler = true;
  uint32_t lru_crawler_sleep = 100;  // microseconds
  uint32_t lru_crawler_tocrawl = 0;
  uint32_t tail_repair_time = 0;  // seconds
  std::string hash_algorithm = "murmur3";
  bool lru_maintainer = true;
  uint32_t hot_lru_pct = 20;
  uint32_t warm_lru_pct = 40;
  double hot_max_factor = 0.2;
  double warm_max_factor = 2.0;
  bool temp_lru = false;
  uint32_t temporary_ttl = 61;                // seconds
  uint32_t idle_timeout = 0;                  // seconds, 0 = off
  uint32_t watcher_logbuf_size = 256 * 1024;  // bytes
  uint32_t worker_logbuf_size = 64 * 1024;    // bytes
  uint64_t read_buf_mem_limit = 0;            // bytes
  bool track_sizes = false;
  bool debug_commands = false;  // ringcached's own: debugtime is taken
  uint32_t sock_cookie_id = 0;  // SO_MARK of the listeners, 0 = none
  Io io = Io::Auto;             // ringcached's own; once the cores run, the one that was chosen
};

/// Filled by server::parse_options; read-only once the cores run.
struct Config {
  int tcp_port = 11211;             // 0 = none, -1 = one that the kernel chooses
  int udp_port = 0;                 // 0 = none, -1 = one that the kernel chooses
  std::vector<std::string> listen;  // "host", "host:port", "[v6]:port", "*"; empty = every address
  std::string unix_socket;          // path; if set, nothing else is listened on
  uint32_t unix_mask = 0700;
  int backlog = 1024;
  bool shutdown_command = false;
  bool daemonize = false;
  bool core_dumps = false;
  std::string user;
  std::string pid_file;
  std::string auth_file;  // -Y; empty = everybody may talk
  bool sasl = false;      // -S: clients log in, by the binary protocol
  int verbosity = 0;
  bool lock_memory = false;

  uint64_t memory_limit = 64ull << 20;  // bytes of pages
  bool evict = true;                    // false: -M
  double growth_factor = 1.25;
  uint32_t slab_min_size = 48;        // least space for key + value + flags, bytes
  uint32_t item_size_max = 1u << 20;  // bytes
  bool cas_enabled = true;
  bool flush_enabled = true;
  bool dump_enabled = true;
  bool watch_enabled = true;
  char prefix_delimiter = ':';
  bool detail_enabled = false;

  uint32_t threads = 4;
  uint32_t connections_max = 1024;
  uint32_t requests_per_turn = 20;           // -R
  Protocol protocol = Protocol::Negotiated;  // -B
  uint32_t napi_ids = 0;                     // -N, shown only
  bool large_pages = false;                  // -L

  ExtendedConfig extended;
};

/// DESIGN section 5: how many of the threads own a partition, so that a small memory limit and a
/// large item limit work at any number of threads. At least 16 MiB and eight largest items each.
constexpr uint32_t partitions_for(uint32_t threads, uint64_t memory_limit, uint64_t item_size_max) {
  uint64_t count = threads;
  const uint64_t by_memory = memory_limit / (16ull << 20);
  const uint64_t by_item = memory_limit / (8 * item_size_max);
  if (by_memory < count) count = by_memory;
  if (by_item < count) count = by_item;
  return count < 1 ? 1 : static_cast<uint32_t>(count);
}

}  // namespace ringcached
