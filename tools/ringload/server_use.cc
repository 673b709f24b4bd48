#include "ringload/server_use.h"

#include <dirent.h>
#include <time.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "base/digits.h"
#include "ringload/failure.h"
#include "ringload/now.h"

namespace ringload {

namespace {

[[noreturn]] void process_is_gone(pid_t pid) {
  throw Failure(Exit::Unavailable, "there is no process " + std::to_string(pid));
}

std::string folder_of(pid_t pid) {
  return "/proc/" + std::to_string(pid);
}

/// The number behind "NAME:" in a status file.
uint64_t status_number(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) {
      return std::strtoull(line.c_str() + name.size() + 1, nullptr, 10);
    }
  }
  return 0;  // a thread that ended meanwhile
}

/// Better than /proc/PID/task/*/schedstat, which lacks what runs right now and threads that ended.
uint64_t cpu_ns_of(pid_t pid) {
  clockid_t clock{};
  if (::clock_getcpuclockid(pid, &clock) != 0) process_is_gone(pid);
  return ns_of(clock);
}

void read_ticks(pid_t pid, Usage& usage) {
  std::ifstream file(folder_of(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) process_is_gone(pid);
  // The name, in parentheses, may contain anything; what follows it is numbers from field 3 on.
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  fields >> usage.user_ticks >> usage.system_ticks;
}

void read_switches(pid_t pid, Usage& usage) {
  const std::string tasks = folder_of(pid) + "/task";
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(tasks.c_str()), ::closedir);
  if (!folder) process_is_gone(pid);
  while (const dirent* entry = ::readdir(folder.get())) {
    const auto thread = ringcached::parse_unsigned(entry->d_name);
    if (!thread) continue;
    const std::string status = tasks + "/" + entry->d_name + "/status";
    usage.switches[static_cast<pid_t>(*thread)] = {
        status_number(status, "voluntary_ctxt_switches"),
        status_number(status, "nonvoluntary_ctxt_switches")};
  }
}

}  // namespace

Usage read_usage(pid_t pid) {
  Usage usage;
  read_ticks(pid, usage);
  read_switches(pid, usage);
  usage.cpu_ns = cpu_ns_of(pid);
  return usage;
}

Memory read_memory(pid_t pid) {
  const std::string status = folder_of(pid) + "/status";
  const Memory memory{status_number(status, "VmRSS"), status_number(status, "VmHWM")};
  if (memory.rss_kib == 0) process_is_gone(pid);
  return memory;
}

Used difference(const Usage& before, const Usage& after) {
  Used used;
  used.cpu_s = static_cast<double>(after.cpu_ns - before.cpu_ns) * 1e-9;
  const double user = static_cast<double>(after.user_ticks - before.user_ticks);
  const double system = static_cast<double>(after.system_ticks - before.system_ticks);
  used.user_s = user + system == 0 ? 0 : used.cpu_s * user / (user + system);
  used.system_s = used.cpu_s - used.user_s;
  for (const auto& [thread, switches] : after.switches) {
    const auto found = before.switches.find(thread);
    const Usage::Switches from = found == before.switches.end() ? Usage::Switches{} : found->second;
    used.voluntary_switches += switches.voluntary - from.voluntary;
    used.involuntary_switches += switches.involuntary - from.involuntary;
  }
  return used;
}

}  // namespace ringload
