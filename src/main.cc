// ringcached: reads the command line, becomes what it says, and serves.
#include <cstdio>
#include <memory>
#include <string>

#include "io/open_door.h"
#include "server/daemon.h"
#include "server/libsasl.h"
#include "server/listeners.h"
#include "server/options.h"
#include "server/process.h"

namespace {

using namespace ringcached;

int fail(const std::string& message, int exit_code) {
  std::fprintf(stderr, "ringcached: %s\n", message.c_str());
  return exit_code;
}

/// Settles by which door to serve; said before anything else is begun. false: there is none.
bool settle_io(Io& io) {
  const io::Choice choice = io::choose_door(io);
  io = choice.io;
  if (choice.reason.empty()) return true;
  const char* and_so = io == Io::Epoll ? "using epoll: " : "";
  std::fprintf(stderr, "ringcached: %s%s\n", and_so, choice.reason.c_str());
  return io == Io::Epoll;
}

/// The steps before serving, in memcached's order: sockets are bound without privileges.
int run(Config config) {
  if (const auto failure = server::check_large_pages(config)) {
    return fail(failure.message, failure.exit_code);
  }
  if (const auto failure = server::raise_limits(config)) {
    return fail(failure.message, failure.exit_code);
  }
  if (const auto failure = server::drop_privileges(config)) {
    return fail(failure.message, failure.exit_code);
  }
  if (!config.auth_file.empty()) {
    // Said before it goes to the background; read for good where it serves.
    const std::string wrong = session::Passwords().load(config.auth_file);
    if (!wrong.empty()) return fail(wrong, server::exit_nobody_could_log_in);
  }
  std::unique_ptr<session::Sasl> sasl;
  if (config.sasl) {
    std::string wrong;
    sasl = server::open_libsasl(static_cast<int>(config.verbosity), wrong);
    if (sasl == nullptr) return fail(wrong, server::exit_nobody_could_log_in);
  }
  if (!settle_io(config.extended.io)) return server::exit_os_error;
  server::Listeners listeners = server::open_listeners(config);
  if (!listeners.error.empty()) return fail(listeners.error, server::exit_os_error);
  if (const auto failure = server::go_to_background(config)) {
    return fail(failure.message, failure.exit_code);
  }
  server::lock_memory(config);
  server::write_pid_file(config);
  const int exit_code =
      server::serve(config, std::move(listeners.sockets), listeners.udp, sasl.get());
  server::remove_pid_file(config);
  return exit_code;
}

}  // namespace

int main(int argc, char* argv[]) {
  const server::OptionsResult options = server::parse_options(argc, argv, stdout, stderr);
  if (options.exit_code) return *options.exit_code;
  return run(options.config);
}
