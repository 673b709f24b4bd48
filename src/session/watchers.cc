#include "session/watchers.h"

#include <algorithm>
#include <cerrno>

#include "base/assert.h"
#include "wire/event_line.h"
#include "wire/text_replies.h"

namespace ringcached::session {

void Watchers::adopt(int socket, uint32_t interests, LentSlot slot) {
  RC_ASSERT(socket >= 0);
  Watcher& w = watchers_.emplace_back();
  w.socket = socket;
  w.interests = interests;
  w.slot = slot;
  w.peer = peer_end(socket);
  w.waiting = wire::ok;
  ++counters_[Counter::LogWatchers];
  ++counters_[Counter::CurrConnections];
  receive(w);
}

// --- Telling.

void Watchers::work() {
  size_t told = 0;
  while (!letters_.empty() && told < told_per_turn) {
    const Delivery delivery = letters_.front();
    Event event;
    std::string_view text;
    EventPiece& piece = *delivery.letter->piece;
    const size_t before = piece.told;
    while (piece.told - before < told_per_turn && piece.next(event, text)) tell(event, text);
    told += piece.told - before;
    RC_ASSERT(piece.told <= piece.used);
    if (piece.told < piece.used) break;
    letters_.pop_front();
    home_.told(*delivery.letter, delivery.from);
  }
  for (Watcher& w : watchers_) {
    if (!w.is_sending() && !w.closing) send(w);
  }
  bury();
}

void Watchers::tell(const Event& event, std::string_view text) {
  char line[wire::event_line_max];
  const uint32_t kind = interest_in(event.kind);
  const char* end = nullptr;
  ++last_gid_;
  for (Watcher& w : watchers_) {
    if ((w.interests & kind) == 0 || w.closing) continue;
    if (end == nullptr) end = wire::write_event_line(event, text, last_gid_, line);
    RC_ASSERT(end <= line + sizeof line);
    give_line(w, {line, static_cast<size_t>(end - line)});
  }
}

bool Watchers::fits(const Watcher& w, size_t size) const {
  return w.waiting.size() + (w.sending.size() - w.sent) + size <= buffer_size_;
}

/// What was lost is told before the next line that there is room for.
void Watchers::give_line(Watcher& w, std::string_view line) {
  char lost[wire::event_line_max];
  std::string_view notice;
  if (w.skipped > 0) {
    const char* end = wire::write_skipped_line(w.skipped, lost);
    notice = {lost, static_cast<size_t>(end - lost)};
  }
  if (!fits(w, notice.size() + line.size())) {
    ++w.skipped;
    ++counters_[Counter::LogWatcherSkipped];
    return;
  }
  w.waiting.append(notice).append(line);
  w.skipped = 0;
  ++counters_[Counter::LogWatcherSent];
}

// --- The sockets.

bool Watchers::on_completion(const io::Completion& completion) {
  const auto found = std::find_if(watchers_.begin(), watchers_.end(), [&](const Watcher& w) {
    return w.slot.slot == completion.token.slot && w.slot.generation == completion.token.generation;
  });
  if (found == watchers_.end()) return false;
  if (completion.token.act == io::Act::Receive) {
    on_received(*found, completion);
  } else {
    on_sent(*found, completion.result);
  }
  return true;
}

void Watchers::receive(Watcher& w) {
  RC_ASSERT(!w.receiving && !w.closing);
  w.receiving = true;
  door_.receive(w.socket, token(io::Act::Receive, w));
}

/// What a watcher says is not listened to; that it goes away is.
void Watchers::on_received(Watcher& w, const io::Completion& completion) {
  if (completion.result > 0) {
    counters_[Counter::BytesRead] += static_cast<uint64_t>(completion.result);
    door_.release(completion.lease);
  }
  if (!completion.more) w.receiving = false;
  const int32_t result = completion.result;
  const bool passing = result == -EAGAIN || result == -EINTR || result == -ENOBUFS;
  if (result <= 0 && !passing) return close(w);
  if (!w.receiving && !w.closing) receive(w);
}

void Watchers::send(Watcher& w) {
  RC_ASSERT(!w.closing);
  if (w.sent == w.sending.size()) {
    w.sending.clear();
    w.sent = 0;
    if (w.waiting.empty()) return;
    std::swap(w.sending, w.waiting);
  }
  door_.send(w.socket, w.sending.data() + w.sent, w.sending.size() - w.sent,
             token(io::Act::Send, w));
}

void Watchers::on_sent(Watcher& w, int32_t result) {
  const bool lost = result <= 0 && result != -EAGAIN && result != -EINTR;
  if (result > 0) {
    w.sent += static_cast<size_t>(result);
    RC_ASSERT(w.sent <= w.sending.size());
    counters_[Counter::BytesWritten] += static_cast<uint64_t>(result);
  }
  if (w.closing || lost) {
    w.sending.clear();
    return close(w);
  }
  send(w);
}

/// Its acts come home first; work() buries it.
void Watchers::close(Watcher& w) {
  if (w.closing) return;
  w.closing = true;
  if (w.is_sending() || w.receiving) door_.shutdown(w.socket);
  if (w.receiving) door_.cancel(token(io::Act::Receive, w));
}

void Watchers::bury() {
  for (auto w = watchers_.begin(); w != watchers_.end();) {
    if (!w->closing || w->receiving || w->is_sending()) {
      ++w;
      continue;
    }
    door_.close(w->socket);
    --counters_[Counter::LogWatchers];
    --counters_[Counter::CurrConnections];
    const GoneWatcher gone{w->socket, w->interests, w->slot.slot, std::move(w->peer)};
    w = watchers_.erase(w);
    home_.gone(gone);
  }
}

// --- All of them.

void Watchers::describe(shard::Report& report) const {
  for (const Watcher& w : watchers_) {
    report.connections.push_back(
        {w.socket, peer_text(w.socket), local_text(w.socket), "conn_watch", 0});
  }
}

void Watchers::stop() {
  for (Watcher& w : watchers_) close(w);
}

}  // namespace ringcached::session
