#include "session/settings_text.h"

#include <cstdio>
#include <string>

namespace ringcached::session {
namespace {

std::string_view yes_no(bool value) {
  return value ? "yes" : "no";
}

std::string two_places(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

std::string octal(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "%o", value);
  return text;
}

std::string_view protocol_name(Protocol protocol) {
  switch (protocol) {
    case Protocol::Ascii:
      return "ascii";
    case Protocol::Binary:
      return "binary";
    case Protocol::Negotiated:
      break;
  }
  return "auto-negotiate";
}

std::string listen_text(const Config& config) {
  if (config.listen.empty()) return "NULL";
  std::string joined;
  for (const std::string& address : config.listen) {
    if (!joined.empty()) joined += ',';
    joined += address;
  }
  return joined;
}

void add_basics(StatSink& lines, const Config& config, const Tuning& tuning) {
  lines.add("maxbytes", tuning.memory_limit);
  lines.add("maxconns", config.connections_max);
  lines.add("tcpport", std::to_string(config.tcp_port));
  lines.add("udpport", std::to_string(config.udp_port));
  lines.add("inter", listen_text(config));
  lines.add("verbosity", std::to_string(tuning.verbosity));
  lines.add("oldest", uint64_t{0});
  lines.add("evictions", config.evict ? "on" : "off");
  lines.add("domain_socket", config.unix_socket.empty() ? "NULL" : config.unix_socket);
  lines.add("umask", octal(config.unix_mask));
  lines.add("shutdown_command", yes_no(config.shutdown_command));
  lines.add("growth_factor", two_places(config.growth_factor));
  lines.add("chunk_size", config.slab_min_size);
  lines.add("num_threads", config.threads);
  lines.add("num_threads_per_udp", config.threads);
  lines.add("stat_key_prefix", std::string(1, config.prefix_delimiter));
  lines.add("detail_enabled", yes_no(tuning.detail));
  lines.add("reqs_per_event", config.requests_per_turn);
  lines.add("cas_enabled", yes_no(config.cas_enabled));
  lines.add("tcp_backlog", std::to_string(config.backlog));
  lines.add("binding_protocol", protocol_name(config.protocol));
  lines.add("auth_enabled_sasl", yes_no(config.sasl));
  lines.add("auth_enabled_ascii", config.auth_file.empty() ? "no" : config.auth_file);
  lines.add("item_size_max", config.item_size_max);
}

void add_extended(StatSink& lines, const Config& config, const Tuning& tuning) {
  const ExtendedConfig& x = config.extended;
  lines.add("maxconns_fast", yes_no(x.maxconns_fast));
  lines.add("hashpower_init", x.hashpower);
  lines.add("slab_reassign", yes_no(x.slab_reassign));
  lines.add("slab_automove", tuning.slab_automove);
  lines.add("slab_automove_ratio", two_places(tuning.slab_automove_ratio));
  lines.add("slab_automove_window", tuning.slab_automove_window);
  lines.add("slab_chunk_max", x.slab_chunk_max);
  lines.add("lru_crawler", yes_no(tuning.lru_crawler));
  lines.add("lru_crawler_sleep", tuning.lru_crawler_sleep);
  lines.add("lru_crawler_tocrawl", tuning.lru_crawler_tocrawl);
  lines.add("tail_repair_time", x.tail_repair_time);
  lines.add("flush_enabled", yes_no(config.flush_enabled));
  lines.add("dump_enabled", yes_no(config.dump_enabled));
  lines.add("hash_algorithm", x.hash_algorithm);
  lines.add("lru_maintainer_thread", yes_no(x.lru_maintainer));
  lines.add("lru_segmented", yes_no(tuning.lru_segmented));
  lines.add("hot_lru_pct", tuning.hot_lru_pct);
  lines.add("warm_lru_pct", tuning.warm_lru_pct);
  lines.add("hot_max_factor", two_places(tuning.hot_max_factor));
  lines.add("warm_max_factor", two_places(tuning.warm_max_factor));
  lines.add("temp_lru", yes_no(tuning.temp_lru));
  lines.add("temporary_ttl", tuning.temporary_ttl);
  lines.add("idle_timeout", x.idle_timeout);
  lines.add("watcher_logbuf_size", x.watcher_logbuf_size);
  lines.add("worker_logbuf_size", x.worker_logbuf_size);
  lines.add("read_buf_mem_limit", x.read_buf_mem_limit);
  lines.add("track_sizes", yes_no(x.track_sizes));
  lines.add("inline_ascii_response", "no");
}

}  // namespace

void tell_settings(const Config& config, const Tuning& tuning, StatSink& sink) {
  add_basics(sink, config, tuning);
  add_extended(sink, config, tuning);
  sink.add("num_napi_ids", config.napi_ids);
  sink.add("memory_file", "(null)");
  sink.add("client_flags_size", uint64_t{4});
}

}  // namespace ringcached::session
