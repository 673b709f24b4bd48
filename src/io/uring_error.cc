#include "io/uring_error.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ringcached::io {
namespace {

/// The value of the kernel.io_uring_disabled setting, or -1 where the kernel has none.
int disabled_setting() {
  std::FILE* file = std::fopen("/proc/sys/kernel/io_uring_disabled", "re");
  if (file == nullptr) return -1;
  int value = -1;
  if (std::fscanf(file, "%d", &value) != 1) value = -1;
  std::fclose(file);
  return value;
}

std::string cause_and_cure(int error, int setting) {
  switch (error) {
    case EPERM:
    case EACCES:
      if (setting > 0) {
        return "the setting kernel.io_uring_disabled is " + std::to_string(setting) +
               "; set it to 0 (sysctl kernel.io_uring_disabled=0)";
      }
      return "a seccomp profile forbids it, as Docker's default does; allow io_uring_setup, "
             "io_uring_enter and io_uring_register, as tools/seccomp-io_uring.json does (docker "
             "run "
             "--security-opt seccomp=PROFILE)";
    case ENOSYS:
      return "this kernel was built without io_uring; use Linux 6.1 or newer";
    case EINVAL:
      return "this kernel is too old; use Linux 6.1 or newer";
    case ENOMEM:
      return "not enough (locked) memory; use fewer threads (-t) or raise the limit (ulimit -l)";
    case EMFILE:
    case ENFILE:
      return "too few file descriptors; raise the limit (ulimit -n)";
    default:
      return "unexpected here; Linux 6.1 or newer is needed";
  }
}

}  // namespace

std::string explain_refusal(const char* what, int error) {
  return explain_refusal(what, error, disabled_setting());
}

std::string explain_refusal(const char* what, int error, int setting) {
  return std::string(what) + " refused (" + std::strerror(error) +
         "): " + cause_and_cure(error, setting);
}

}  // namespace ringcached::io
