// The command line of ringload.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ringload/pattern.h"
#include "ringload/protocol.h"
#include "ringload/sizes.h"

namespace ringload {

struct Options {
  std::string server;
  int pid = 0;  // 0: the server's figures are not read
  Protocol protocol = Protocol::Classic;
  uint32_t threads = 1;
  uint32_t connections = 50;  // of all threads together
  uint32_t depth = 1;
  uint32_t multiget = 1;
  double set_ratio = 0.1;  // of the requests
  uint64_t keys = 100'000;
  Pattern pattern;
  Sizes key_size{20};
  Sizes value_size{100};
  uint32_t ttl = 0;
  double rate = 0;  // requests per second of all threads together; 0: closed loop
  bool poisson = false;
  double duration = 0;    // seconds; 0: no limit
  uint64_t requests = 0;  // 0: no limit
  double warmup = 1;
  bool populate = true;
  bool verify = true;  // false: keys and values of replies may be anything
  double hot_share = 0;
  uint32_t idle_connections = 0;
  double timeout = 30;
  std::vector<uint32_t> cpus;  // thread i runs on cpus[i % size]; empty: anywhere
  std::string json;            // empty: none, -: the standard output
  uint64_t seed = 1;
  bool quiet = false;
  bool help = false;

  /// As they were written, for the results.
  std::string key_size_text = "20", value_size_text = "100", cpus_text;
};

/// Throws Failure(Exit::Usage) with one line that says what is wrong.
Options parse_options(int count, char** words);

/// "0,2-5"; empty if it is no such list.
std::vector<uint32_t> parse_cpus(std::string_view text);

}  // namespace ringload
