// Claims about the line that says why io_uring is not to be had.
#include "io/uring_error.h"

#include <cerrno>
#include <string>

#include <doctest/doctest.h>

namespace ringcached::io {
namespace {

bool has(const std::string& line, const char* part) {
  return line.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the line names the step, the error and a cure, and is one line") {
  for (const int error : {EPERM, EACCES, ENOSYS, EINVAL, ENOMEM, EMFILE, ENFILE, EIO}) {
    const std::string line = explain_refusal("io_uring_setup", error);
    CAPTURE(line);
    CHECK(line.starts_with("io_uring_setup refused ("));
    CHECK(has(line, "): "));
    CHECK_FALSE(has(line, "\n"));
  }
}

TEST_CASE("EPERM is laid to the kernel's setting if that forbids it, else to a seccomp profile") {
  for (const int setting : {-1, 0}) {
    const std::string line = explain_refusal("io_uring_setup", EPERM, setting);
    CAPTURE(line);
    CHECK(has(line, "Operation not permitted"));
    CHECK(has(line, "seccomp"));
    CHECK(has(line, "--security-opt"));
    CHECK_FALSE(has(line, "io_uring_disabled"));
  }
  for (const int setting : {1, 2}) {
    const std::string line = explain_refusal("io_uring_setup", EPERM, setting);
    CAPTURE(line);
    CHECK(has(line, "Operation not permitted"));
    CHECK(has(line, ("io_uring_disabled is " + std::to_string(setting)).c_str()));
    CHECK(has(line, "sysctl kernel.io_uring_disabled=0"));
    CHECK_FALSE(has(line, "seccomp"));
  }
}

TEST_CASE("ENOSYS and EINVAL are laid to the kernel, and the least version is named") {
  CHECK(has(explain_refusal("io_uring_setup", ENOSYS), "built without io_uring"));
  CHECK(has(explain_refusal("io_uring_setup", ENOSYS), "6.1"));
  CHECK(has(explain_refusal("io_uring_setup", EINVAL), "too old"));
  CHECK(has(explain_refusal("io_uring_setup", EINVAL), "6.1"));
}

TEST_CASE("limits of memory and of descriptors are named with the way to raise them") {
  CHECK(has(explain_refusal("io_uring_setup", ENOMEM), "ulimit -l"));
  CHECK(has(explain_refusal("eventfd", EMFILE), "ulimit -n"));
  CHECK(has(explain_refusal("eventfd", ENFILE), "ulimit -n"));
}

}  // namespace ringcached::io
