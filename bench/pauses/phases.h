// What a core may live through: each phase runs turns of a CoreLoop and remembers how long they
// took.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "pauses/core_loop.h"

namespace pauses {

struct Scale {
  uint64_t items = 10'000'000;
  uint64_t turns_per_second = 20'000;  // of the simulated clock
  uint32_t giant_bytes = 512u << 20;
  uint64_t shift_memory = 256u << 20;
  uint64_t shift_requests = 3'000'000;
  bool preallocated = false;  // all memory is touched beforehand, as with -L
};

/// Called with each phase that has ended and what else there is to say of it.
using Tell = std::function<void(const std::string& phase, const Turns&, const std::string& remark)>;

/// What is asked of the sweep over ten million items (DESIGN section 5).
struct SweepFigures {
  double share_of_core = 0;         // of one core, while all live
  uint32_t seconds_until_gone = 0;  // from the second in which a tenth expired
  uint32_t seconds_until_pages = 0;
};

/// Grows to all items; then a tenth of them expire in the same second; then all are flushed.
SweepFigures run_many_items(const Scale& scale, uint64_t seed, const Tell& tell);
/// A full store whose values change their size again and again, so that pages move.
void run_shifts(const Scale& scale, uint64_t seed, const Tell& tell);
/// -m is halved while the store is full.
void run_shrink(const Scale& scale, uint64_t seed, const Tell& tell);
/// One value of half a gigabyte comes and goes.
void run_giant(const Scale& scale, uint64_t seed, const Tell& tell);

}  // namespace pauses
