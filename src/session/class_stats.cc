#include "session/class_stats.h"

#include <string>

namespace ringcached::session {
namespace {

constexpr uint64_t page_bytes = 65536;

/// One line of a class; a counter, or what a function says, or 0 where it has no meaning here.
struct ClassRow {
  std::string_view name;
  ClassCounter counter = ClassCounter::count_;
  uint64_t (*say)(const ClassFigures&) = nullptr;
};

using F = const ClassFigures&;

constexpr ClassRow item_rows[] = {
    {"number", ClassCounter::count_, [](F f) { return f.items(); }},
    {"number_hot", ClassCounter::count_, [](F f) { return f.items_small; }},
    {"number_warm", ClassCounter::count_, [](F f) { return f.items_main; }},
    {"number_cold"},
    {"age_hot", ClassCounter::count_, [](F f) { return f.age_small; }},
    {"age_warm", ClassCounter::count_, [](F f) { return f.age_main; }},
    {"age", ClassCounter::count_, [](F f) { return f.items_main != 0 ? f.age_main : f.age_small; }},
    {"mem_requested", ClassCounter::count_, [](F f) { return f.bytes_requested; }},
    {"evicted", ClassCounter::Evicted},
    {"evicted_nonzero", ClassCounter::EvictedNonzero},
    {"evicted_time", ClassCounter::count_, [](F f) { return f.evicted_time; }},
    {"outofmemory", ClassCounter::OutOfMemory},
    {"tailrepairs"},
    {"reclaimed", ClassCounter::Reclaimed},
    {"expired_unfetched", ClassCounter::ExpiredUnfetched},
    {"evicted_unfetched", ClassCounter::EvictedUnfetched},
    {"evicted_active"},
    {"crawler_reclaimed", ClassCounter::CrawlerReclaimed},
    {"crawler_items_checked", ClassCounter::CrawlerItemsChecked},
    {"lrutail_reflocked"},
    {"moves_to_cold"},
    {"moves_to_warm", ClassCounter::MovesToMain},
    {"moves_within_lru", ClassCounter::MovesWithinMain},
    {"direct_reclaims", ClassCounter::DirectReclaims},
    {"hits_to_hot", ClassCounter::HitsInSmall},
    {"hits_to_warm", ClassCounter::HitsInMain},
    {"hits_to_cold"},
    {"hits_to_temp"},
};

constexpr ClassRow slab_rows[] = {
    {"chunk_size", ClassCounter::count_, [](F f) -> uint64_t { return f.chunk_size; }},
    {"chunks_per_page", ClassCounter::count_, [](F f) -> uint64_t { return f.chunks_per_page; }},
    {"total_pages", ClassCounter::count_, [](F f) { return f.pages; }},
    {"total_chunks", ClassCounter::count_, [](F f) { return f.chunks(); }},
    {"used_chunks", ClassCounter::count_, [](F f) { return f.chunks_used; }},
    {"free_chunks", ClassCounter::count_, [](F f) { return f.chunks() - f.chunks_used; }},
    {"free_chunks_end"},
    {"get_hits", ClassCounter::GetHits},
    {"cmd_set", ClassCounter::CmdSet},
    {"delete_hits", ClassCounter::DeleteHits},
    {"incr_hits", ClassCounter::IncrHits},
    {"decr_hits", ClassCounter::DecrHits},
    {"cas_hits", ClassCounter::CasHits},
    {"cas_badval", ClassCounter::CasBadval},
    {"touch_hits", ClassCounter::TouchHits},
};

constexpr ClassRow byte_rows[] = {
    {"bytes_used", ClassCounter::count_, [](F f) { return f.chunks_used * f.chunk_size; }},
    {"bytes_requested", ClassCounter::count_, [](F f) { return f.bytes_requested; }},
    {"bytes_free", ClassCounter::count_,
     [](F f) { return (f.chunks() - f.chunks_used) * f.chunk_size; }},
    {"bytes_lost", ClassCounter::count_,  // headers of pages, and what is left behind their chunks
     [](F f) { return f.pages * page_bytes - f.chunks() * f.chunk_size; }},
    {"ghost_bytes", ClassCounter::count_, [](F f) { return f.ghost_bytes; }},
};

template <size_t n>
void tell_class(const ClassRow (&rows)[n], const std::string& prefix, const ClassFigures& figures,
                StatSink& sink) {
  for (const ClassRow& row : rows) {
    uint64_t value = 0;
    if (row.say != nullptr) {
      value = row.say(figures);
    } else if (row.counter != ClassCounter::count_) {
      value = figures.counters[row.counter];
    }
    sink.add(prefix + std::string(row.name), value);
  }
}

}  // namespace

void tell_items(const shard::Report& sum, StatSink& sink) {
  for (size_t i = 0; i < sum.classes.size(); ++i) {
    if (sum.classes[i].items() == 0) continue;
    tell_class(item_rows, "items:" + std::to_string(i + 1) + ":", sum.classes[i], sink);
  }
}

void tell_slabs(const shard::Report& sum, StatSink& sink) {
  uint64_t active = 0;
  for (size_t i = 0; i < sum.classes.size(); ++i) {
    if (sum.classes[i].pages == 0) continue;
    ++active;
    tell_class(slab_rows, std::to_string(i + 1) + ":", sum.classes[i], sink);
  }
  sink.add("active_slabs", active);
  sink.add("total_malloced", sum.counters[Counter::PagesHeld] * page_bytes);
}

void tell_sizes(const shard::Report& sum, bool tracked, StatSink& sink) {
  if (!tracked) return sink.add("sizes_status", "disabled");
  for (const auto& [size, count] : sum.sizes) sink.add(std::to_string(size), count);
}

void tell_class_bytes(const shard::Report& sum, StatSink& sink) {
  for (size_t i = 0; i < sum.classes.size(); ++i) {
    if (sum.classes[i].pages == 0) continue;
    tell_class(byte_rows, std::to_string(i + 1) + ":", sum.classes[i], sink);
  }
}

std::string prefix_lines(const shard::Report& sum) {
  std::string lines;
  for (const auto& [prefix, counts] : sum.prefixes) {
    lines += "PREFIX " + prefix + " get " + std::to_string(counts.gets) + " hit " +
             std::to_string(counts.hits) + " set " + std::to_string(counts.sets) + " del " +
             std::to_string(counts.deletes) + "\r\n";
  }
  return lines + "END\r\n";
}

void tell_connections(const shard::Report& sum, StatSink& sink) {
  for (const shard::ConnectionFigures& connection : sum.connections) {
    const std::string prefix = std::to_string(connection.socket) + ":";
    if (connection.datagrams) sink.add(prefix + "UDP", "UDP");
    sink.add(prefix + "addr", connection.address);
    if (!connection.listen_address.empty()) {
      sink.add(prefix + "listen_addr", connection.listen_address);
    }
    sink.add(prefix + "state", connection.state);
    sink.add(prefix + "secs_since_last_cmd", uint64_t{connection.idle});
  }
}

}  // namespace ringcached::session
