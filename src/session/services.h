// What a core lends to its connections.
//
// Owner: one core; outlives its connections.
#pragma once

#include "base/hash.h"
#include "io/door.h"
#include "ringcached/config.h"
#include "ringcached/counters.h"
#include "ringcached/time.h"
#include "ringcached/tuning.h"
#include "session/output.h"
#include "session/passwords.h"
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
  OutputPool pool{};
  uint32_t batch_capacity = 128;
};

}  // namespace ringcached::session
