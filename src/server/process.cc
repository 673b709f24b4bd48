#include "server/process.h"

#include <pthread.h>
#include <signal.h>
#include <sys/random.h>

#include <barrier>
#include <cstdio>
#include <thread>
#include <utility>

#include "base/assert.h"
#include "base/pinning.h"
#include "io/open_door.h"
#include "server/core.h"
#include "server/open_to_all.h"
#include "store/page.h"

namespace ringcached::server {
namespace {

uint64_t random_seed() {
  uint64_t seed = 0;
  if (::getrandom(&seed, sizeof seed, 0) != sizeof seed) {
    // Before the kernel's pool is ready, which no server of ours sees: the address space is random.
    seed = reinterpret_cast<uintptr_t>(&seed);
  }
  return seed;
}

wire::ParserRules parser_rules(const Config& config) {
  wire::ParserRules rules;
  rules.item_size_max = config.item_size_max;
  rules.cas_enabled = config.cas_enabled;
  rules.flush_enabled = config.flush_enabled;
  rules.shutdown_enabled = config.shutdown_command;
  rules.dump_enabled = config.dump_enabled;
  rules.debug_commands = config.extended.debug_commands;
  rules.watch_enabled = config.watch_enabled;
  rules.slab_reassign = config.extended.slab_reassign;
  rules.lru_maintainer = config.extended.lru_maintainer;
  rules.memory_adjustable = !config.large_pages;
  rules.sasl = config.sasl;
  return rules;
}

sigset_t watched_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

/// Reads the file of -Y, if there is one; false: it says nothing that can be used.
bool load_passwords(Process& process) {
  if (process.config.auth_file.empty()) return true;
  const std::string error = process.passwords.load(process.config.auth_file);
  if (error.empty()) return true;
  std::fprintf(stderr, "ringcached: %s\n", error.c_str());
  return false;
}

/// An item's place in its partition is named in 32 bits.
void warn_of_memory_out_of_reach(const Process& process) {
  const uint64_t most = process.partitions * store::partition_bytes_max;
  if (process.config.memory_limit <= most) return;
  std::fprintf(
      stderr,
      "Warning: -m %llu: %u partitions hold %llu MiB at most; more threads (-t) hold more\n",
      static_cast<unsigned long long>(process.config.memory_limit >> 20), process.partitions,
      static_cast<unsigned long long>(most >> 20));
}

/// Waits for a signal that asks for the end.
void wait_for_the_end(Process& process) {
  const Config& config = process.config;
  const sigset_t signals = watched_signals();
  while (true) {
    int signal = 0;
    if (::sigwait(&signals, &signal) != 0) continue;
    if (signal == SIGHUP) {
      load_passwords(process);
      continue;
    }
    if (signal == SIGUSR1) std::fprintf(stderr, "Gracefully stopping\n");
    if (config.verbosity > 0) std::fprintf(stderr, "Exiting normally\n");
    return;
  }
}

/// The body of a core's thread. The door is made here, since its ring belongs to one thread.
void run_core(Process& process, uint32_t index, const std::vector<int>& listeners,
              const std::vector<int>& udp_sockets, std::barrier<>& all_ready,
              std::atomic<bool>& failed) {
  RC_ASSERT(index < process.bells.size());
  std::string error;
  const std::unique_ptr<io::Door> door = io::open_door(process.config.extended.io, error);
  if (door == nullptr) {
    std::fprintf(stderr, "ringcached: core %u: %s\n", index, error.c_str());
    failed.store(true);
  } else {
    process.bells[index] = door->bell();
    RC_ASSERT(process.bells[index] >= 0);
  }
  all_ready.arrive_and_wait();
  if (failed.load()) return;
  {
    Core core(process, index, *door, listeners, udp_sockets);
    // Nobody is served before every core has the memory that it takes at the start (-L).
    all_ready.arrive_and_wait();
    core.run();
  }
  // Others may still ring our bell until they have ended too.
  all_ready.arrive_and_wait();
}

}  // namespace

Process::Process(const Config& settings) : Process(settings, Clock(), random_seed()) {}

Process::Process(const Config& settings, const Clock& the_clock, uint64_t hash_seed)
    : config(settings),
      clock(the_clock),
      hasher(hash_seed),
      rules(parser_rules(settings)),
      partitions(partitions_for(settings.threads, settings.memory_limit, settings.item_size_max)),
      budget(settings.memory_limit, partitions),
      mailboxes(settings.threads),
      bells(settings.threads, -1) {
  RC_ASSERT(0 < partitions && partitions <= settings.threads);
}

void Process::request_stop() {
  stop.store(true, std::memory_order_release);
  wake_all();
}

void Process::wake_all() const {
  for (const int bell : bells) io::wake_now(bell);
}

int serve(const Config& config, std::vector<int> listeners,
          const std::vector<std::vector<int>>& udp_sockets, session::Sasl* sasl) {
  RC_ASSERT(config.threads > 0 && udp_sockets.size() == config.threads);
  const sigset_t signals = watched_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);

  Process process(config);
  process.sasl = sasl;
  if (!load_passwords(process)) return exit_nobody_could_log_in;
  warn_of_memory_out_of_reach(process);
  warn_if_open_to_all(config, listeners, udp_sockets);
  std::atomic<bool> failed{false};
  std::barrier<> all_ready(static_cast<ptrdiff_t>(config.threads) + 1);
  std::vector<std::thread> cores;
  const std::vector<uint32_t> cpus = cpus_to_pin(config.threads);
  RC_ASSERT(cpus.empty() || cpus.size() == config.threads);
  for (uint32_t i = 0; i < config.threads; ++i) {
    cores.emplace_back(run_core, std::ref(process), i,
                       std::exchange(listeners, {}),  // all to the first
                       std::cref(udp_sockets[i]), std::ref(all_ready), std::ref(failed));
    if (!cpus.empty()) pin_thread(cores.back().native_handle(), cpus[i]);
  }
  all_ready.arrive_and_wait();
  if (!failed.load()) {
    all_ready.arrive_and_wait();
    if (config.verbosity > 0) {
      std::fprintf(stderr, "ringcached %s serves: %u threads, %u partitions, %llu MiB\n",
                   ringcached_version, config.threads, process.partitions,
                   static_cast<unsigned long long>(config.memory_limit >> 20));
    }
    wait_for_the_end(process);
    process.request_stop();
    all_ready.arrive_and_wait();
  }
  for (std::thread& core : cores) core.join();
  return failed.load() ? 71 : 0;
}

}  // namespace ringcached::server
