// Claims about what is checked before the server serves.
#include "server/daemon.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace ringcached::server {
namespace {

/// A file with this line, for as long as it lives.
class Setting {
 public:
  explicit Setting(const std::string& line) {
    const int file = ::mkstemp(path_);
    REQUIRE(file >= 0);
    REQUIRE(::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
    ::close(file);
  }
  ~Setting() { ::unlink(path_); }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;
  const char* path() const { return path_; }

 private:
  char path_[32] = "/tmp/ringcached-test-XXXXXX";
};

Config with_large_pages() {
  Config config;
  config.large_pages = true;
  return config;
}

}  // namespace

TEST_CASE("-L wants transparent huge pages to be on") {
  const Setting always("[always] madvise never\n"), madvise("always [madvise] never\n");
  const Setting never("always madvise [never]\n");
  CHECK_FALSE(check_large_pages(with_large_pages(), always.path()));
  CHECK_FALSE(check_large_pages(with_large_pages(), madvise.path()));
  const StepFailure off = check_large_pages(with_large_pages(), never.path());
  CHECK(off.exit_code == 1);
  CHECK(off.message.find("switched off") != std::string::npos);
  const StepFailure missing = check_large_pages(with_large_pages(), "/nonexistent");
  CHECK(missing.exit_code == 1);
  CHECK(missing.message.find("not to be found") != std::string::npos);
  CHECK_FALSE(check_large_pages(Config{}, never.path()));
}

TEST_CASE("-L wants as much memory as -m says") {
  const Setting madvise("always [madvise] never\n");
  Config config = with_large_pages();
  config.memory_limit = uint64_t{1000000000} << 20;
  const StepFailure failure = check_large_pages(config, madvise.path());
  CHECK(failure.exit_code == 1);
  CHECK(failure.message.find("1000000000 MiB") != std::string::npos);
}

}  // namespace ringcached::server
