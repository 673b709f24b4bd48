// Keeps what an operator has set, for `stats settings` and for whoever looks it up.
//
// Owner: the core whose Tuning it is.
#pragma once

#include "ringcached/operation.h"
#include "ringcached/tuning.h"

namespace ringcached::server {

/// `operation` must set a value (Verb says which do); the parser has seen to its range.
void note_tuning(const Operation& operation, Tuning& tuning);

}  // namespace ringcached::server
