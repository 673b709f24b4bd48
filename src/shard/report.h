// What one core tells when somebody asks for statistics.
//
// Owner: whoever holds the parcel it travels in.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "ringcached/class_figures.h"
#include "ringcached/counters.h"

namespace ringcached::shard {

struct Report {
  Counters counters;
  std::vector<ClassFigures> classes;   // by class number; empty where the core owns no partition
  std::map<uint64_t, uint64_t> sizes;  // items by their bytes, rounded up to 32; `stats sizes` only

  /// Another core's.
  void add(const Report& other) {
    counters.add(other.counters);
    if (classes.size() < other.classes.size()) classes.resize(other.classes.size());
    for (size_t i = 0; i < other.classes.size(); ++i) classes[i].add(other.classes[i]);
    for (const auto& [size, count] : other.sizes) sizes[size] += count;
  }
};

}  // namespace ringcached::shard
