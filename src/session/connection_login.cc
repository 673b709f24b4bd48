// Connection: how its client shows who it is, with -Y in text and with -S in the binary protocol.
#include "session/connection.h"
#include "session/sasl.h"
#include "wire/binary_commands.h"
#include "wire/text_replies.h"

namespace ringcached::session {

void Connection::log_in(Operation& operation) {
  if (operation.dialect == Dialect::Binary) {
    log_in_by_sasl(operation);
  } else {
    log_in_by_password(operation);
  }
  operation.outcome = Outcome::Done;
}

/// The reply takes the operation's place.
void Connection::log_in_by_password(Operation& operation) {
  const wire::Credentials given = wire::read_credentials(operation.value);
  const bool readable = !given.user.empty();
  const bool known = readable && core_.passwords.admits(given.user, given.password);
  if (readable) count_login(known);
  if (known) parser_.emplace<wire::TextParser>(core_.rules, core_.hasher);
  operation = {};
  operation.value = known ? wire::stored : readable ? wire::auth_failed : wire::bad_auth_token;
}

/// Whoever asks is nobody until the answer, as in memcached: even one who had logged in.
void Connection::log_in_by_sasl(Operation& operation) {
  if (sasl_ == nullptr) sasl_ = core_.sasl->begin();
  auto& parser = std::get<wire::BinaryParser>(parser_);
  parser.admit(false);
  if (static_cast<wire::Login>(operation.delta) == wire::Login::Mechanisms) {
    const std::optional<std::string_view> names = sasl_->mechanisms();
    return tell_login(operation, names ? wire::BinaryStatus::Ok : wire::BinaryStatus::Refused,
                      names.value_or(""));
  }
  const SaslAnswer answer = static_cast<wire::Login>(operation.delta) == wire::Login::Start
                                ? sasl_->start(operation.key.bytes, operation.value)
                                : sasl_->step(operation.value);
  if (answer.what == SaslAnswer::What::Continue) {
    return tell_login(operation, wire::BinaryStatus::AuthContinue, answer.challenge);
  }
  const bool admitted = answer.what == SaslAnswer::What::Admitted;
  parser.admit(admitted);
  count_login(admitted);
  if (admitted) return tell_login(operation, wire::BinaryStatus::Ok, wire::authenticated);
  tell_login(operation, wire::BinaryStatus::Refused, "");
}

void Connection::tell_login(Operation& operation, wire::BinaryStatus status,
                            std::string_view words) {
  operation.number = static_cast<uint64_t>(status);
  operation.value = words;
}

void Connection::count_login(bool admitted) {
  ++core_.counters[Counter::AuthCommands];
  if (!admitted) ++core_.counters[Counter::AuthErrors];
}

/// Of SASL: the header, and then what there is to tell, which may be long.
void Connection::write_login(const Operation& operation) {
  char* out = output_.room(wire::reply_room(operation.dialect), core_.pool);
  output_.commit(wire::write_binary_head(operation, out), core_.pool);
  output_.append(operation.value, core_.pool);
}

}  // namespace ringcached::session
