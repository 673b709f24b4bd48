// SASL by Cyrus libsasl2, as memcached uses it: service "memcached", its configuration in
// memcached.conf, and with MEMCACHED_SASL_PWDB the passwords in a file of "user:password" lines.
#pragma once

#include <memory>
#include <string>

#include "session/sasl.h"

namespace ringcached::server {

/// Once in a process, before its threads; goes after them. Null, and `error` says why, if nobody
/// could log in. `verbosity` is -v: what libsasl has to say is on stderr; never a secret.
std::unique_ptr<session::Sasl> open_libsasl(int verbosity, std::string& error);

}  // namespace ringcached::server
