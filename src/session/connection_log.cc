// Connection: what -vv says of it on stderr.
//
// Source: memcached 1.6.18, as probed. Each piece is one write, so that cores do not cut each other
// short; whoever reads stderr too slowly holds up the core that writes, as in memcached.
#include <cstdio>
#include <string>

#include "session/clients.h"
#include "session/connection.h"
#include "wire/request_log.h"

namespace ringcached::session {
namespace {

void say(const std::string& text) {
  if (!text.empty()) std::fwrite(text.data(), 1, text.size(), stderr);
}

bool begins_command(const wire::TextParser& parser) {
  return parser.at_command();
}
bool begins_command(const wire::BinaryParser& parser) {
  return parser.at_command();
}
bool begins_command(const wire::AuthGate&) {
  return false;
}

}  // namespace

/// Datagrams have no descriptor that would tell them apart.
bool Connection::has_descriptor() const {
  return home_.have_sockets();
}

/// A batch of one operation, so that the log has each request, and what was looked up for it,
/// before its reply. Nothing is said of what comes before a login: it may be a password.
void Connection::parse_aloud() {
  need_ = 1;
  bool goes_on = true;
  while (goes_on && batch_->empty() && input_.available() > 0) {
    const std::string_view front = input_.front();
    const size_t before = input_.available();
    const bool begins =
        std::visit([](const auto& parser) { return begins_command(parser); }, parser_);
    goes_on = parse_step();
    if (begins && input_.available() < before) log_request(front);
  }
}

void Connection::log_opened() const {
  const Protocol protocol = core_.config.protocol;
  const char* kind = " new auto-negotiating client connection\n";
  if (protocol == Protocol::Binary) kind = " new binary client connection.\n";
  if (protocol == Protocol::Ascii) kind = " new ascii client connection.\n";
  say(std::string("<").append(std::to_string(socket_)).append(kind));
}

void Connection::log_language(bool binary) const {
  say(std::to_string(socket_) + ": Client using the " + (binary ? "binary" : "ascii") +
      " protocol\n");
}

void Connection::log_request(std::string_view bytes) const {
  static constexpr Operation nothing;
  const Operation& made = batch_->empty() ? nothing : batch_->at(batch_->size() - 1);
  if (std::holds_alternative<wire::BinaryParser>(parser_)) {
    return say(wire::log_of_packet(socket_, bytes, made));
  }
  const bool endless = made.verb == Verb::Die && bytes.find('\n') == std::string_view::npos;
  if (!endless) say(wire::log_of_line(socket_, bytes));
}

void Connection::log_reply(const Operation& answered) const {
  say(wire::log_of_reply(socket_, answered));
}

void Connection::log_idle() const {
  say("Closing idle fd " + std::to_string(socket_) + '\n');
}

void Connection::log_closed() const {
  say(std::string("<").append(std::to_string(socket_)).append(" connection closed.\n"));
}

}  // namespace ringcached::session
