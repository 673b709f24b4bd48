// Requests made up from a seed: the workloads a cache must be good at.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "replay/request.h"

namespace replay {

struct WorkloadOptions {
  uint64_t seed = 1;
  uint64_t keys = 1'000'000;      // that are asked for more than once
  uint64_t requests = 3'000'000;  // how many there will be
  uint32_t value_size = 100;      // of `zipf` and `fill`
};

struct WorkloadName {
  const char* name;
  const char* what;
};
const std::vector<WorkloadName>& workload_names();

/// nullptr: there is no workload of this name. It ends after `requests`.
std::unique_ptr<Source> make_workload(const std::string& name, const WorkloadOptions&);

}  // namespace replay
