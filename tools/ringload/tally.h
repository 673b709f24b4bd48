// What became of the requests.
#pragma once

#include <cstdint>
#include <string>

namespace ringload {

/// Owner: one thread.
struct Tally {
  uint64_t gets = 0;  // keys
  uint64_t sets = 0;
  uint64_t hits = 0;  // values that were right
  uint64_t misses = 0;
  uint64_t wrong = 0;
  uint64_t errors = 0;    // requests answered with an error line
  uint64_t timeouts = 0;  // requests that were given up, and are in no other figure
  std::string first_error;
  std::string first_wrong;

  uint64_t requests() const { return gets + sets; }

  void add(const Tally& other) {
    gets += other.gets;
    sets += other.sets;
    hits += other.hits;
    misses += other.misses;
    wrong += other.wrong;
    errors += other.errors;
    timeouts += other.timeouts;
    if (first_error.empty()) first_error = other.first_error;
    if (first_wrong.empty()) first_wrong = other.first_wrong;
  }
};

}  // namespace ringload
