#include "server/daemon.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace ringcached::server {
namespace {

/// Descriptors beside the clients': standard streams, listeners, the pid file.
constexpr rlim_t descriptors_of_process = 64;
/// A ring and a bell (on epoll a set, a bell and a timer), and some air.
constexpr rlim_t descriptors_per_core = 4;

StepFailure os_failure(const std::string& what) {
  return {what + ": " + std::strerror(errno), exit_os_error};
}

}  // namespace

StepFailure check_large_pages(const Config& config, const char* setting) {
  if (!config.large_pages) return {};
  std::string modes;  // "always [madvise] never"
  std::getline(std::ifstream(setting), modes);
  if (modes.empty() || modes.find("[never]") != std::string::npos) {
    const char* why = modes.empty() ? "are not to be found" : "are switched off";
    return {std::string("-L: transparent huge pages ") + why + " (" + setting +
                "); leave -L out, or set that to madvise",
            exit_bad_value};
  }
  struct sysinfo machine {};
  ::sysinfo(&machine);
  const uint64_t there = uint64_t{machine.totalram} * machine.mem_unit;
  if (config.memory_limit <= there) return {};
  return {"-L takes the memory of -m (" + std::to_string(config.memory_limit >> 20) +
              " MiB) at the start, and this machine has " + std::to_string(there >> 20) +
              " MiB; leave -L out or lower -m",
          exit_bad_value};
}

StepFailure raise_limits(const Config& config) {
  if (config.core_dumps) {
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    rlimit limit{};
    if (::setrlimit(RLIMIT_CORE, &unlimited) != 0 && ::getrlimit(RLIMIT_CORE, &limit) == 0) {
      limit.rlim_cur = limit.rlim_max;
      ::setrlimit(RLIMIT_CORE, &limit);
    }
    if (::getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur == 0) {
      return {"failed to ensure corefile creation", exit_os_error};
    }
  }
  const rlim_t wanted =
      config.connections_max + config.threads * descriptors_per_core + descriptors_of_process;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return os_failure("failed to getrlimit number of files");
  }
  if (limit.rlim_cur >= wanted) return {};
  limit.rlim_cur = wanted;
  if (limit.rlim_max < wanted) limit.rlim_max = wanted;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return {
        "failed to set rlimit for open files. Try starting as root or requesting smaller "
        "maxconns value.",
        exit_os_error};
  }
  return {};
}

StepFailure drop_privileges(const Config& config) {
  if (config.user.empty() || (::getuid() != 0 && ::geteuid() != 0)) return {};
  const passwd* user = ::getpwnam(config.user.c_str());
  if (user == nullptr) {
    return {"can't find the user " + config.user + " to switch to", exit_no_user};
  }
  if (::setgroups(0, nullptr) != 0) return os_failure("failed to drop supplementary groups");
  if (::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0) {
    return os_failure("failed to assume identity of user " + config.user);
  }
  return {};
}

void lock_memory(const Config& config) {
  if (!config.lock_memory || ::mlockall(MCL_CURRENT | MCL_FUTURE) == 0) return;
  std::fprintf(stderr, "warning: -k invalid, mlockall() failed: %s\n", std::strerror(errno));
}

StepFailure go_to_background(const Config& config) {
  if (!config.daemonize) return {};
  switch (::fork()) {
    case -1:
      return os_failure("failed to daemon() in order to daemonize");
    case 0:
      break;
    default:
      ::_exit(0);
  }
  if (::setsid() < 0) return os_failure("setsid failed");
  if (!config.core_dumps && ::chdir("/") != 0) return os_failure("chdir failed");
  if (config.verbosity > 0) return {};
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return os_failure("cannot open /dev/null");
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, stream);
  ::close(null);
  return {};
}

void write_pid_file(const Config& config) {
  if (config.pid_file.empty()) return;
  const std::string unfinished = config.pid_file + ".tmp";
  std::FILE* file = std::fopen(unfinished.c_str(), "we");
  if (file == nullptr) {
    // As memcached has it: said, and served all the same.
    std::fprintf(stderr, "Could not open the pid file %s for writing: %s\n", unfinished.c_str(),
                 std::strerror(errno));
    return;
  }
  std::fprintf(file, "%ld\n", static_cast<long>(::getpid()));
  if (std::fclose(file) != 0 || std::rename(unfinished.c_str(), config.pid_file.c_str()) != 0) {
    std::fprintf(stderr, "Could not write the pid file %s: %s\n", config.pid_file.c_str(),
                 std::strerror(errno));
  }
}

void remove_pid_file(const Config& config) {
  if (config.daemonize && !config.pid_file.empty()) ::unlink(config.pid_file.c_str());
}

}  // namespace ringcached::server
