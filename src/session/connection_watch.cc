// Connection: how it becomes a watcher, and what watchers are told of it.
#include <cstring>

#include "session/clients.h"
#include "session/connection.h"
#include "wire/text_replies.h"

namespace ringcached::session {

/// Only the first in a pipeline, and not too many: a complaint takes the operation's place.
void Connection::begin_watch(Operation& operation) {
  if (!home_.have_sockets()) {
    operation = {};
    operation.value = wire::watch_refused;
    operation.outcome = Outcome::Done;
    return;
  }
  const bool first = batch_->size() == 1 && output_.empty();
  if (first && core_.events.watchers() < watchers_max) return;
  operation = {};
  operation.value = first ? wire::too_many_watchers : wire::watch_not_first;
  operation.outcome = Outcome::Done;
}

/// The client went away while its Watch went round.
void Connection::cease_to_watch() {
  if (batch_->empty()) return;
  const Operation& last = batch_->at(batch_->size() - 1);
  if (last.verb == Verb::Watch && last.outcome == Outcome::Done) {
    core_.unwatch(static_cast<uint32_t>(last.delta));
  }
}

/// Who is there is kept for the end, when the system may have forgotten it.
void Connection::tell_connection(EventKind kind, CloseReason reason) {
  if (!home_.have_sockets()) return;
  if (peer_ == nullptr) peer_ = std::make_unique<PeerEnd>(peer_end(socket_));
  Event event;
  event.kind = kind;
  event.status = static_cast<uint8_t>(reason);
  event.port = peer_->port;
  event.client = socket_;
  core_.events.add(event, peer_->address);
}

/// What the system says of a receive or a send that failed.
void Connection::tell_trouble(int error) {
  if (!home_.have_sockets() || error == 0) return;
  Event event;
  event.kind = EventKind::ConnectionError;
  event.client = socket_;
  core_.events.add(event, std::strerror(error));
}

}  // namespace ringcached::session
