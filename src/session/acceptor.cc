#include "session/acceptor.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "session/address_text.h"

namespace ringcached::session {

Acceptor::Acceptor(const std::vector<int>& listeners, uint32_t cores, const Config& config,
                   io::Door& door, ConnectionCount& count, Counters& counters, const Clock& clock,
                   std::function<void(int, uint32_t)> deal)
    : cores_(cores),
      config_(config),
      door_(door),
      count_(count),
      counters_(counters),
      clock_(clock),
      deal_(std::move(deal)) {
  RC_ASSERT(cores > 0 && deal_ != nullptr);
  for (const int socket : listeners) listeners_.push_back({socket, false});
}

void Acceptor::start() {
  for (uint32_t i = 0; i < listeners_.size(); ++i) arm(i);
}

void Acceptor::arm(uint32_t i) {
  RC_ASSERT(!stopping_ && !listeners_[i].armed && listeners_[i].socket >= 0);
  listeners_[i].armed = true;
  door_.accept(listeners_[i].socket, {io::Act::Accept, i, 0});
}

void Acceptor::on_completion(const io::Completion& completion) {
  RC_ASSERT(completion.token.slot < listeners_.size());
  Listener& listener = listeners_[completion.token.slot];
  if (!completion.more) listener.armed = false;
  if (completion.result >= 0) take(completion.result);
  // What concerns one client that went away before it was accepted is passed over. All else (out of
  // descriptors or memory, mostly) parks the listener until something is freed: it must not spin.
  const int32_t result = completion.result;
  const bool passing = result == -ECONNABORTED || result == -EINTR || result == -EAGAIN ||
                       result == -EPROTO || result == -ECANCELED;
  const bool parked = result < 0 && !passing;
  if (parked) ++counters_[Counter::ListenDisabled];
  if (!listener.armed && !parked && !paused_ && !stopping_) arm(completion.token.slot);
  if (stopping_ && !listener.armed && listener.socket >= 0) {
    door_.close(listener.socket);
    listener.socket = -1;
  }
}

bool Acceptor::full() const {
  return count_.open.load(std::memory_order_relaxed) >= config_.connections_max;
}

void Acceptor::take(int socket) {
  RC_ASSERT(socket >= 0);
  if (stopping_) {
    ::close(socket);
    return;
  }
  if (full() && config_.extended.maxconns_fast) return refuse(socket);
  count_.open.fetch_add(1, std::memory_order_relaxed);
  deal_(socket, next_core_);
  next_core_ = (next_core_ + 1) % cores_;
  if (full() && !config_.extended.maxconns_fast) pause();
}

/// In memcached's words. The socket is fresh, so its buffer takes the line.
void Acceptor::refuse(int socket) {
  static constexpr std::string_view line = "ERROR Too many open connections\r\n";
  ++counters_[Counter::RejectedConnections];
  [[maybe_unused]] const ssize_t sent =
      ::send(socket, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::close(socket);
}

/// Those that the kernel had accepted already are served all the same: one pause, not many.
void Acceptor::pause() {
  if (paused_ || !count_.must_wait(config_.connections_max)) return;
  paused_ = true;
  paused_since_ = clock_.milliseconds();
  ++counters_[Counter::ListenDisabled];
  counters_[Counter::ListenPaused] = 1;
  for (uint32_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i].armed) door_.cancel({io::Act::Accept, i, 0});
  }
}

void Acceptor::end_pause() {
  RC_ASSERT(paused_);
  paused_ = false;
  counters_[Counter::ListenPaused] = 0;
  counters_[Counter::ListenDisabledMs] += clock_.milliseconds() - paused_since_;
}

void Acceptor::try_again() {
  if (stopping_ || (paused_ && count_.must_wait(config_.connections_max))) return;
  if (paused_) end_pause();
  for (uint32_t i = 0; i < listeners_.size(); ++i) {
    if (!listeners_[i].armed) arm(i);
  }
}

void Acceptor::describe(shard::Report& report) const {
  for (const Listener& listener : listeners_) {
    if (listener.socket < 0) continue;
    report.connections.push_back(
        {listener.socket, local_text(listener.socket), "", "conn_listening", 0});
  }
}

void Acceptor::stop() {
  RC_ASSERT(!stopping_);
  stopping_ = true;
  for (uint32_t i = 0; i < listeners_.size(); ++i) {
    Listener& listener = listeners_[i];
    if (listener.armed) {
      door_.cancel({io::Act::Accept, i, 0});
    } else if (listener.socket >= 0) {
      door_.close(listener.socket);
      listener.socket = -1;
    }
  }
}

bool Acceptor::stopped() const {
  for (const Listener& listener : listeners_) {
    if (listener.socket >= 0) return false;
  }
  return true;
}

}  // namespace ringcached::session
