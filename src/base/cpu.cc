// How many CPUs this process may really use: its affinity, and the quota of its control groups.
#include "base/cpu.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <sstream>
#include <string_view>

namespace ringcached {
namespace {

constexpr uint32_t unlimited = UINT32_MAX;
constexpr size_t cpu_count_max = 1 << 16;  // guess: ten times what the kernel is built for

uint32_t rounded_up(int64_t quota_us, int64_t period_us) {
  if (quota_us <= 0 || period_us <= 0) return unlimited;
  return static_cast<uint32_t>(
      std::min<int64_t>((quota_us + period_us - 1) / period_us, unlimited));
}

/// v2: "QUOTA PERIOD", where QUOTA may be "max".
uint32_t read_v2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  int64_t quota_us = 0;
  int64_t period_us = 0;
  return file >> quota_us >> period_us ? rounded_up(quota_us, period_us) : unlimited;
}

/// v1: two files; a quota of -1 is none.
uint32_t read_v1(const std::string& folder) {
  std::ifstream quota(folder + "/cpu.cfs_quota_us");
  std::ifstream period(folder + "/cpu.cfs_period_us");
  int64_t quota_us = 0;
  int64_t period_us = 0;
  return quota >> quota_us && period >> period_us ? rounded_up(quota_us, period_us) : unlimited;
}

/// The tightest of a group and all groups above it. A path that is not mounted here (a container
/// sees its own group as the mount's root) costs nothing: its files are missing.
uint32_t tightest(const std::string& mount, std::string path,
                  uint32_t (*read)(const std::string& folder)) {
  uint32_t cpus = unlimited;
  while (!path.empty() && path != "/") {
    cpus = std::min(cpus, read(mount + path));
    path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
  }
  return std::min(cpus, read(mount));
}

bool names_cpu(const std::string& controllers) {
  std::istringstream words(controllers);
  for (std::string word; std::getline(words, word, ',');) {
    if (word == "cpu") return true;
  }
  return false;
}

}  // namespace

uint32_t affinity_cpus() {
  for (size_t count = CPU_SETSIZE; count <= cpu_count_max; count *= 2) {
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set(
        CPU_ALLOC(count), [](cpu_set_t* memory) { CPU_FREE(memory); });
    if (set == nullptr) return 1;
    const size_t size = CPU_ALLOC_SIZE(count);
    if (sched_getaffinity(0, size, set.get()) == 0) {
      return static_cast<uint32_t>(std::max(1, CPU_COUNT_S(size, set.get())));
    }
  }
  return 1;
}

uint32_t quota_cpus(const std::string& root) {
  const std::string mounts = root + "/sys/fs/cgroup";
  uint32_t cpus = unlimited;
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "ID:CONTROLLERS:PATH"
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      cpus = std::min(cpus, tightest(mounts, path, read_v2));
    } else if (names_cpu(controllers)) {
      for (const auto& mount : {mounts + "/" + controllers, mounts + "/cpu"}) {
        cpus = std::min(cpus, tightest(mount, path, read_v1));
      }
    }
  }
  return cpus;
}

uint32_t usable_cpus(const std::string& root) {
  return std::max(1u, std::min(affinity_cpus(), quota_cpus(root)));
}

}  // namespace ringcached
