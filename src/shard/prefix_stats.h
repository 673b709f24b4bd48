// What is asked of keys that share a prefix, for `stats detail`.
//
// Owner: one core. A key's prefix is what stands before the first delimiter (-D); keys without one
// are not counted.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace ringcached::shard {

struct PrefixCounts {
  uint64_t gets = 0;
  uint64_t hits = 0;
  uint64_t sets = 0;
  uint64_t deletes = 0;

  void add(const PrefixCounts& other) {
    gets += other.gets;
    hits += other.hits;
    sets += other.sets;
    deletes += other.deletes;
  }
};

using PrefixTable = std::map<std::string, PrefixCounts, std::less<>>;

class PrefixStats {
 public:
  /// Prefixes that are kept; what has another is not counted. Protocol, as probed.
  static constexpr size_t prefixes_max = 65536;

  explicit PrefixStats(char delimiter) : delimiter_(delimiter) {}

  bool enabled() const { return enabled_; }
  void enable(bool on) { enabled_ = on; }
  void clear() { table_.clear(); }
  const PrefixTable& table() const { return table_; }

  void note_get(std::string_view key, bool hit) {
    if (PrefixCounts* counts = counts_of(key)) {
      ++counts->gets;
      counts->hits += hit ? 1 : 0;
    }
  }
  void note_set(std::string_view key) {
    if (PrefixCounts* counts = counts_of(key)) ++counts->sets;
  }
  void note_delete(std::string_view key) {
    if (PrefixCounts* counts = counts_of(key)) ++counts->deletes;
  }

 private:
  PrefixCounts* counts_of(std::string_view key) {
    const size_t end = key.find(delimiter_);
    if (end == std::string_view::npos) return nullptr;
    const std::string_view prefix = key.substr(0, end);
    if (const auto known = table_.find(prefix); known != table_.end()) return &known->second;
    if (table_.size() >= prefixes_max) return nullptr;
    return &table_[std::string(prefix)];
  }

  char delimiter_;
  bool enabled_ = false;
  PrefixTable table_;
};

}  // namespace ringcached::shard
