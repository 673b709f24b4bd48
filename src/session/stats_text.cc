#include "session/stats_text.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "session/class_stats.h"
#include "session/settings_text.h"

namespace ringcached::session {
namespace {

/// One line: a counter, or what a function says, or 0 where the figure has no meaning here.
struct Row {
  std::string_view name;
  Counter counter = Counter::count_;
  std::string (*say)(const StatSources&) = nullptr;
  bool (*shown)(const StatSources&) = nullptr;  // null: always
};

std::string time_text(const timeval& time) {
  char text[40];
  std::snprintf(text, sizeof text, "%ld.%06ld", static_cast<long>(time.tv_sec),
                static_cast<long>(time.tv_usec));
  return text;
}

rusage usage() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return used;
}

/// log2 of the items that the table is made for, eight to a bucket: as memcached counts.
std::string hash_power(const StatSources& s) {
  uint64_t slots = s.sum.counters[Counter::TableBuckets] * 8;
  int power = 0;
  while (slots > 1) {
    slots /= 2;
    ++power;
  }
  return std::to_string(power);
}

constexpr uint64_t output_block_size = 16384;  // session/output.h

std::string output_bytes(const StatSources& s) {
  return std::to_string(s.sum.counters[Counter::OutputBlocks] * output_block_size);
}

/// Bytes of the process that are in memory, as the kernel counts; 0 where it does not tell.
uint64_t process_resident() {
  uint64_t mapped = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> mapped >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

constexpr uint32_t reserved_fds_per_thread = 5;  // memcached's figure

using S = const StatSources&;

constexpr Row general[] = {
    {"pid", Counter::count_, [](S) { return std::to_string(::getpid()); }},
    {"uptime", Counter::count_, [](S s) { return std::to_string(s.now.seconds); }},
    {"time", Counter::count_, [](S s) { return std::to_string(s.now.unix_seconds); }},
    {"version", Counter::count_, [](S) { return std::string(protocol_version); }},
    {"libevent", Counter::count_, [](S) { return std::string("none"); }},
    {"pointer_size", Counter::count_, [](S) { return std::to_string(8 * sizeof(void*)); }},
    {"rusage_user", Counter::count_, [](S) { return time_text(usage().ru_utime); }},
    {"rusage_system", Counter::count_, [](S) { return time_text(usage().ru_stime); }},
    {"max_connections", Counter::count_,
     [](S s) { return std::to_string(s.config.connections_max); }},
    {"curr_connections", Counter::CurrConnections},
    {"total_connections", Counter::TotalConnections},
    {"rejected_connections", Counter::RejectedConnections, nullptr,
     [](S s) { return s.config.extended.maxconns_fast; }},
    {"connection_structures", Counter::CurrConnections},
    {"response_obj_oom"},
    {"response_obj_count", Counter::OutputBlocks},
    {"response_obj_bytes", Counter::count_, output_bytes},
    {"read_buf_count", Counter::ReceiveBuffers},
    {"read_buf_bytes", Counter::ReceiveBufferBytes},
    {"read_buf_bytes_free"},
    {"read_buf_oom"},
    {"reserved_fds", Counter::count_,
     [](S s) { return std::to_string(s.config.threads * reserved_fds_per_thread); }},
    {"cmd_get", Counter::CmdGet},
    {"cmd_set", Counter::CmdSet},
    {"cmd_flush", Counter::CmdFlush},
    {"cmd_touch", Counter::CmdTouch},
    {"cmd_meta", Counter::CmdMeta},
    {"get_hits", Counter::GetHits},
    {"get_misses", Counter::GetMisses},
    {"get_expired", Counter::GetExpired},
    {"get_flushed", Counter::GetFlushed},
    {"delete_misses", Counter::DeleteMisses},
    {"delete_hits", Counter::DeleteHits},
    {"incr_misses", Counter::IncrMisses},
    {"incr_hits", Counter::IncrHits},
    {"decr_misses", Counter::DecrMisses},
    {"decr_hits", Counter::DecrHits},
    {"cas_misses", Counter::CasMisses},
    {"cas_hits", Counter::CasHits},
    {"cas_badval", Counter::CasBadval},
    {"touch_hits", Counter::TouchHits},
    {"touch_misses", Counter::TouchMisses},
    {"store_too_large", Counter::StoreTooLarge},
    {"store_no_memory", Counter::StoreNoMemory},
    {"auth_cmds", Counter::AuthCommands},
    {"auth_errors", Counter::AuthErrors},
    {"idle_kicks", Counter::IdleKicks, nullptr,
     [](S s) { return s.config.extended.idle_timeout > 0; }},
    {"bytes_read", Counter::BytesRead},
    {"bytes_written", Counter::BytesWritten},
    {"limit_maxbytes", Counter::count_, [](S s) { return std::to_string(s.tuning.memory_limit); }},
    {"accepting_conns", Counter::count_,
     [](S s) { return std::to_string(s.sum.counters[Counter::ListenPaused] == 0 ? 1 : 0); }},
    {"listen_disabled_num", Counter::ListenDisabled},
    {"time_in_listen_disabled_us", Counter::count_,
     [](S s) { return std::to_string(s.sum.counters[Counter::ListenDisabledMs] * 1000); }},
    {"threads", Counter::count_, [](S s) { return std::to_string(s.config.threads); }},
    {"conn_yields", Counter::ConnYields},
    {"hash_power_level", Counter::count_, hash_power},
    {"hash_bytes", Counter::TableBytes},
    {"hash_is_expanding"},
    {"slab_reassign_rescues"},
    {"slab_reassign_chunk_rescues"},
    {"slab_reassign_inline_reclaim"},
    {"slab_reassign_busy_items"},
    {"slab_reassign_busy_deletes"},
    {"slab_reassign_busy_nomem"},
    {"slab_reassign_last_busy_status", Counter::count_, [](S) { return std::string("none"); }},
    {"slab_reassign_running"},
    {"slabs_moved", Counter::SlabsMoved},
    {"lru_crawler_running"},
    {"lru_crawler_starts"},
    {"lru_maintainer_juggles"},
    {"malloc_fails"},
    {"log_worker_dropped", Counter::LogWorkerDropped},
    {"log_worker_written", Counter::LogWorkerWritten},
    {"log_watcher_skipped", Counter::LogWatcherSkipped},
    {"log_watcher_sent", Counter::LogWatcherSent},
    {"log_watchers", Counter::LogWatchers},
    {"unexpected_napi_ids"},
    {"round_robin_fallback"},
    {"bytes", Counter::Bytes},
    {"curr_items", Counter::CurrItems},
    {"total_items", Counter::TotalItems},
    {"slab_global_page_pool", Counter::PagesEmpty},
    {"expired_unfetched", Counter::ExpiredUnfetched},
    {"evicted_unfetched", Counter::EvictedUnfetched},
    {"evicted_active"},
    {"evictions", Counter::Evictions},
    {"reclaimed", Counter::Reclaimed},
    {"crawler_reclaimed", Counter::CrawlerReclaimed},
    {"crawler_items_checked", Counter::CrawlerItemsChecked},
    {"lrutail_reflocked"},
    {"moves_to_cold"},
    {"moves_to_warm"},
    {"moves_within_lru"},
    {"direct_reclaims", Counter::DirectReclaims},
    {"lru_bumps_dropped"},
};

constexpr Row ring[] = {
    {"ringcached_version", Counter::count_, [](S) { return std::string(ringcached_version); }},
    {"io", Counter::count_, [](S s) { return std::string(name_of(s.config.extended.io)); }},
    {"partitions", Counter::Partitions},
    {"turns", Counter::Turns},
    {"parcels_sent", Counter::ParcelsSent},
    {"wake_ups_sent", Counter::WakeUpsSent},
    {"receives_starved", Counter::BuffersStarved},
    {"receives_restrained", Counter::OutputStalls},
    {"datagrams_dropped", Counter::DatagramsDropped},
    {"pages_held", Counter::PagesHeld},
    {"pages_empty", Counter::PagesEmpty},
    {"page_size", Counter::count_, [](S) { return std::string("65536"); }},
    {"table_bytes", Counter::TableBytes},
    {"table_buckets", Counter::TableBuckets},
    {"ghost_bytes", Counter::GhostBytes},
    {"pinned_bytes", Counter::PinnedBytes},
    {"arena_bytes", Counter::ArenaBytes},
    {"arena_bytes_returned", Counter::ArenaBytesReturned},
    {"malloc_allocated", Counter::MallocAllocated},
    {"malloc_resident", Counter::MallocResident},
    {"malloc_mapped", Counter::MallocMapped},
    {"process_resident", Counter::count_, [](S) { return std::to_string(process_resident()); }},
    {"receive_buffers", Counter::ReceiveBuffers},
    {"receive_buffer_bytes", Counter::ReceiveBufferBytes},
    {"output_blocks", Counter::OutputBlocks},
    {"output_block_bytes", Counter::count_, output_bytes},
};

template <size_t n>
void tell(const Row (&rows)[n], const StatSources& sources, StatSink& sink) {
  for (const Row& row : rows) {
    if (row.shown != nullptr && !row.shown(sources)) continue;
    if (row.say != nullptr) {
      sink.add(row.name, row.say(sources));
    } else {
      sink.add(row.name, row.counter == Counter::count_ ? 0 : sources.sum.counters[row.counter]);
    }
  }
}

}  // namespace

void tell_stats(std::string_view sub_command, const StatSources& sources, StatSink& sink) {
  if (sub_command == "settings") return tell_settings(sources.config, sources.tuning, sink);
  if (sub_command == "conns") return tell_connections(sources.sum, sink);
  if (sub_command == "items") return tell_items(sources.sum, sink);
  if (sub_command == "slabs") return tell_slabs(sources.sum, sink);
  if (sub_command == "sizes") {
    return tell_sizes(sources.sum, sources.config.extended.track_sizes, sink);
  }
  if (sub_command != "ring") return tell(general, sources, sink);
  tell(ring, sources, sink);
  tell_class_bytes(sources.sum, sink);
}

}  // namespace ringcached::session
