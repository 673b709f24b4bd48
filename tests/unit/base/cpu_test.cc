// How many CPUs the control groups allow, read from made-up /proc and /sys trees.
#include "base/cpu.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace ringcached {
namespace {

namespace fs = std::filesystem;

/// A folder that stands for / and is gone with the test.
class Root {
 public:
  Root() {
    std::string name = (fs::temp_directory_path() / "rc-cpu-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Root() { fs::remove_all(path_); }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;

  void write(const std::string& file, const std::string& text) const {
    fs::create_directories(fs::path(path_ + file).parent_path());
    std::ofstream(path_ + file) << text;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

constexpr uint32_t no_quota = UINT32_MAX;

TEST_CASE("without control groups there is no quota") {
  const Root root;
  CHECK(quota_cpus(root.path()) == no_quota);
  CHECK(usable_cpus(root.path()) == affinity_cpus());
}

TEST_CASE("v2: max is no quota, a quota is rounded up") {
  const Root root;
  root.write("/proc/self/cgroup", "0::/app\n");
  root.write("/sys/fs/cgroup/app/cpu.max", "max 100000\n");
  CHECK(quota_cpus(root.path()) == no_quota);
  root.write("/sys/fs/cgroup/app/cpu.max", "150000 100000\n");
  CHECK(quota_cpus(root.path()) == 2);
  root.write("/sys/fs/cgroup/app/cpu.max", "10000 100000\n");
  CHECK(quota_cpus(root.path()) == 1);
  CHECK(usable_cpus(root.path()) == 1);
}

TEST_CASE("v2: the tightest group on the way up counts") {
  const Root root;
  root.write("/proc/self/cgroup", "0::/a/b/c\n");
  root.write("/sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n");
  root.write("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  root.write("/sys/fs/cgroup/a/cpu.max", "300000 100000\n");
  CHECK(quota_cpus(root.path()) == 3);
}

TEST_CASE("v2: a container sees its own group at the root of the mount") {
  const Root root;
  root.write("/proc/self/cgroup", "0::/\n");
  root.write("/sys/fs/cgroup/cpu.max", "400000 100000\n");
  CHECK(quota_cpus(root.path()) == 4);
  root.write("/proc/self/cgroup", "0::/docker/not-mounted-here\n");
  CHECK(quota_cpus(root.path()) == 4);
}

TEST_CASE("v1: quota and period lie in two files") {
  const Root root;
  root.write("/proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/app\n");
  root.write("/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us", "250000\n");
  root.write("/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_period_us", "100000\n");
  CHECK(quota_cpus(root.path()) == 3);
  root.write("/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us", "-1\n");
  CHECK(quota_cpus(root.path()) == no_quota);
}

TEST_CASE("what cannot be read is no quota") {
  const Root root;
  root.write("/proc/self/cgroup", "nonsense\n0:\n0::app\n::\n");
  root.write("/sys/fs/cgroup/cpu.max", "? ?\n");
  CHECK(quota_cpus(root.path()) == no_quota);
}

TEST_CASE("this process may use at least one CPU") {
  CHECK(usable_cpus() >= 1);
}

}  // namespace
}  // namespace ringcached
