// What one core tells when somebody asks for statistics.
//
// Owner: whoever holds the parcel it travels in.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ringcached/class_figures.h"
#include "ringcached/counters.h"
#include "ringcached/time.h"
#include "shard/prefix_stats.h"

namespace ringcached::shard {

/// One socket, for `stats conns`.
struct ConnectionFigures {
  int socket = -1;
  std::string address;
  std::string listen_address;  // empty for a listener
  const char* state = "";
  Seconds idle = 0;        // seconds since it was last heard of
  bool datagrams = false;  // UDP
};

struct Report {
  Counters counters;
  std::vector<ClassFigures> classes;   // by class number; empty where the core owns no partition
  std::map<uint64_t, uint64_t> sizes;  // items by their bytes, rounded up to 32; `stats sizes` only

  PrefixTable prefixes;                        // `stats detail dump` only
  std::vector<ConnectionFigures> connections;  // `stats conns` only

  /// Another core's.
  void add(const Report& other) {
    counters.add(other.counters);
    if (classes.size() < other.classes.size()) classes.resize(other.classes.size());
    for (size_t i = 0; i < other.classes.size(); ++i) classes[i].add(other.classes[i]);
    for (const auto& [size, count] : other.sizes) sizes[size] += count;
    for (const auto& [prefix, counts] : other.prefixes) prefixes[prefix].add(counts);
    connections.insert(connections.end(), other.connections.begin(), other.connections.end());
  }
};

}  // namespace ringcached::shard
