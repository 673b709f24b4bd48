// What a core lends to its connections.
//
// Owner: one core; outlives its connections.
#pragma once

#include <functional>

#include "base/event_log.h"
#include "base/hash.h"
#include "io/door.h"
#include "ringcached/config.h"
#include "ringcached/counters.h"
#include "ringcached/time.h"
#include "ringcached/tuning.h"
#include "session/output.h"
#include "session/passwords.h"
#include "session/sasl.h"
#include "shard/shard.h"
#include "wire/text_parser.h"

namespace ringcached::session {

struct Services {
  io::Door& door;
  shard::Shard& shard;
  Counters& counters;
  const Config& config;
  const wire::ParserRules& rules;
  const KeyHasher& hasher;
  const Now& now;  // of this turn
  Tuning tuning;
  const Passwords& passwords;
  Sasl* sasl;  // null without -S
  EventLog& events;
  OutputPool pool{};
  uint32_t batch_capacity = 128;
  /// A client that watches is no client of this core any more: its socket goes to the watchers.
  std::function<void(int socket, uint32_t interests)> hand_over{};
  /// A Watch was answered, and nobody is there to watch.
  std::function<void(uint32_t interests)> unwatch{};
};

}  // namespace ringcached::session
