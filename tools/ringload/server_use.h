// What a process has used: CPU, context switches, memory; read from /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>

namespace ringload {

/// Readings of one process, of which only differences mean anything.
struct Usage {
  uint64_t cpu_ns = 0;  // exact, threads that have ended included
  /// In clock ticks (10 ms), as the kernel accounts them: for the share of the system in the CPU.
  uint64_t user_ticks = 0, system_ticks = 0;
  struct Switches {
    uint64_t voluntary = 0, involuntary = 0;
  };
  std::map<pid_t, Switches> switches;  // of each thread
};

/// What it used between two readings.
struct Used {
  double cpu_s = 0, user_s = 0, system_s = 0;
  uint64_t voluntary_switches = 0, involuntary_switches = 0;  // of threads that live at the end
};

struct Memory {
  uint64_t rss_kib = 0, rss_peak_kib = 0;
};

// All throw Failure(Exit::Unavailable) when the process is gone.
Usage read_usage(pid_t pid);
Memory read_memory(pid_t pid);

Used difference(const Usage& before, const Usage& after);

}  // namespace ringload
