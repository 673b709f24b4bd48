// The command line: from what the operator typed to a checked Config, or to a reason to end.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>

#include "ringcached/config.h"

namespace ringcached::server {

struct OptionsResult {
  Config config;
  std::optional<int> exit_code;  // set: the process ends with it (help, version, errors)
};

/// What the command line is read against.
struct Surroundings {
  bool is_root = false;
  uint32_t usable_cpus = 1;

  static Surroundings of_this_process();
};

/// -t without -t: one thread per usable CPU, up to memcached's 4.
uint32_t default_threads(uint32_t usable_cpus);

/// Reads argv (getopt's own messages go to stderr, the rest to `out` and `err`). Messages name what
/// is wrong and what would be right; exit codes are memcached's. Not for two threads at once:
/// getopt keeps its place in globals.
OptionsResult parse_options(int argc, char* const argv[], std::FILE* out, std::FILE* err,
                            const Surroundings& = Surroundings::of_this_process());

}  // namespace ringcached::server
