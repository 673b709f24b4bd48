// What a daemon does before it serves: limits, privileges, background, pid file.
#pragma once

#include <string>

#include "ringcached/config.h"

namespace ringcached::server {

/// Exit codes of memcached (sysexits.h).
inline constexpr int exit_bad_value = 1;
inline constexpr int exit_os_error = 71;
inline constexpr int exit_no_user = 67;

/// A step that failed: what to say on stderr, and how to end. Empty message: all is well.
struct StepFailure {
  std::string message;
  int exit_code = 0;
  explicit operator bool() const { return !message.empty(); }
};

/// -L: fails where the kernel has no transparent huge pages (`setting` is the file that tells) and
/// where the machine has less memory than -m.
StepFailure check_large_pages(const Config& config,
                              const char* setting = "/sys/kernel/mm/transparent_hugepage/enabled");
/// Core dumps (-r) and enough descriptors for -c.
StepFailure raise_limits(const Config& config);
/// Becomes the user of -u, if root and asked to.
StepFailure drop_privileges(const Config& config);
/// -k: locks all memory; failure is a warning.
void lock_memory(const Config& config);
/// -d: the caller goes on in the background, the process that was started ends with 0.
StepFailure go_to_background(const Config& config);
/// -P.
void write_pid_file(const Config& config);
void remove_pid_file(const Config& config);

}  // namespace ringcached::server
