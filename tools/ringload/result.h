// What a run has found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ringload/crew.h"
#include "ringload/server_use.h"

namespace ringload {

struct Result {
  PhaseResult load;
  double seconds = 0;
  double client_cpu_s = 0;
  std::optional<Used> server;  // both without --pid empty
  std::optional<Memory> memory;
  uint64_t populate_errors = 0;
  uint64_t wrong = 0;     // in the whole run; so are the time-outs
  uint64_t timeouts = 0;  // requests
  std::string first_wrong;
  uint32_t idle_disturbed = 0;
};

}  // namespace ringload
