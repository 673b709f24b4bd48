// The line that shows how a phase goes on.
#pragma once

#include <cstdint>

#include "ringload/crew.h"

namespace ringload {

/// On a terminal one line that is written over, else a line per second; on stderr.
class ProgressLine {
 public:
  ProgressLine(const char* phase, bool quiet);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const Crew::Sums& sums);

 private:
  const char* phase_;
  bool quiet_;
  bool on_terminal_;
  bool shown_ = false;
  uint64_t start_ns_, last_ns_;
  uint64_t last_requests_ = 0;
};

}  // namespace ringload
