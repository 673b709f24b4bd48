// The command line of replay.
#pragma once

#include <string>

#include "replay/player.h"
#include "replay/workload.h"

namespace replay {

struct Options {
  std::string server;
  std::string trace;  // one of these two is empty
  std::string workload;
  bool json = false;
  WorkloadOptions made;  // for the workload; `requests` bounds a trace too when it was given
  bool requests_given = false;
  PlayOptions play;
};

/// Throws std::invalid_argument with what is wrong. --help and --list print and end the program.
Options parse_options(int count, char** words);

}  // namespace replay
