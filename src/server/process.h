// What the cores of one process share: the settings, the budget, the mailboxes and the stop flag.
//
// Owner: the main thread makes it before the cores and destroys it after them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "ringcached/config.h"
#include "session/acceptor.h"
#include "session/passwords.h"
#include "session/sasl.h"
#include "shard/mailbox.h"
#include "store/page_budget.h"
#include "wire/text_parser.h"

namespace ringcached::server {

struct Process {
  /// With a random seed for the hash of keys.
  explicit Process(const Config& settings);
  /// Everything that could make two runs differ is given: for tests.
  Process(const Config& settings, const Clock& clock, uint64_t hash_seed);

  const Config config;
  const Clock clock;
  const KeyHasher hasher;
  const wire::ParserRules rules;
  const uint32_t partitions;
  store::PageBudget budget;
  shard::Mailboxes mailboxes;
  session::ConnectionCount connections;
  session::Passwords passwords;    // filled before the cores start serving
  session::Sasl* sasl = nullptr;   // with -S; set before the cores start serving
  std::vector<int> bells;          // per core; set before the cores start serving
  std::atomic<bool> stop{false};   // set once; every core looks at it each turn
  std::atomic<uint32_t> ended{0};  // cores that have nothing under way any more

  /// Sets the stop flag and wakes every core. From any thread.
  void request_stop();
  void wake_all() const;
};

/// What passwords that cannot be used end with, of -Y or -S; memcached's.
inline constexpr int exit_nobody_could_log_in = 1;

/// Runs the cores until a signal asks for the end; the process's exit code.
/// The sockets, of `udp_sockets` a list per core, are handed over; `config` names the door to use,
/// Uring or Epoll; with -S, `sasl` outlives the call.
int serve(const Config& config, std::vector<int> listeners,
          const std::vector<std::vector<int>>& udp_sockets, session::Sasl* sasl);

}  // namespace ringcached::server
