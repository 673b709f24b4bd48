// How many CPUs this process may really use: its affinity, and the quota of its control groups.
#pragma once

#include <cstdint>
#include <string>

namespace ringcached {

/// At least 1. `root` is where /proc and /sys are found; tests pass a folder of their own.
uint32_t usable_cpus(const std::string& root = "");

/// CPUs that the scheduler may put this process on; at least 1.
uint32_t affinity_cpus();

/// The tightest CPU quota of this process's control group and the groups above it, rounded up;
/// UINT32_MAX when there is none. Understands cgroup v2 (cpu.max) and v1 (cpu.cfs_quota_us).
uint32_t quota_cpus(const std::string& root);

}  // namespace ringcached
