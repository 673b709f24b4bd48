#include "ringload/worker.h"

#include <sys/prctl.h>

#include <algorithm>
#include <cstring>

#include "ringload/failure.h"
#include "ringload/now.h"

namespace ringload {

namespace {

/// Batches go to the kernel as soon as so many commands are queued, so that the server has work
/// while the rest is written; below it they share an entry. Guess.
constexpr uint64_t flush_commands = 512;

constexpr uint64_t second_ns = 1'000'000'000;
constexpr uint64_t check_gap_ns = second_ns / 10;
constexpr double reply_bytes_besides = 64;  // of a value, without key and value

size_t expected_reply_size(const Options& options) {
  const double one = options.key_size.mean() + options.value_size.mean() * (1 - options.set_ratio) +
                     reply_bytes_besides;
  return static_cast<size_t>(one * options.depth * options.multiget);
}

}  // namespace

Worker::Worker(const Options& options, const Keys& keys, uint32_t thread,
               const std::atomic<Halt>& halt, Progress& progress)
    : options_(options), halt_(halt), progress_(progress), load_(options, thread) {
  const uint64_t count = share_of(options.connections, thread, options.threads);
  for (uint64_t i = 0; i < count; ++i) {
    sockets_.push_back(connect_to(options.server));
    connections_.push_back({make_conversation(options.protocol, keys, options.verify)});
  }
  std::vector<int> descriptors;
  for (const Socket& socket : sockets_) descriptors.push_back(socket.descriptor());
  ring_ = std::make_unique<Ring>(descriptors, expected_reply_size(options));
  usable_ = static_cast<uint32_t>(count);
  ::prctl(PR_SET_TIMERSLACK, 1);  // open loop: a sleep shall end when the next request is due
}

void Worker::run(const Phase& phase) {
  begin(phase);
  while (waiting_ > 0 || has_more()) turn();
  if (schedule_ && halt_ == Halt::No && !load_.is_spent()) {
    unsent_ = schedule_->drop_until(phase_.end_ns);
  }
  publish();
}

void Worker::begin(const Phase& phase) {
  phase_ = phase;
  tally_ = {};
  latency_.clear();
  lag_.clear();
  unsent_ = 0;
  load_.begin(phase);
  now_ns_ = checked_ns_ = now_ns();
  schedule_.reset();
  idle_.clear();
  if (options_.rate > 0 && phase.kind == Phase::Kind::Load) {
    schedule_.emplace(options_, load_.thread(), phase.start_ns);
  }
  for (uint32_t i = 0; i < connections_.size(); ++i) {
    if (connections_[i].is_given_up) continue;
    schedule_ ? idle_.push_back(i) : start_batch(i);
  }
}

/// Whether there is something to send once its time has come; a closed loop sends at once.
bool Worker::has_more() const {
  return schedule_ && usable_ > 0 && may_send_scheduled();
}

void Worker::turn() {
  stamp_queued();
  sleep();
  now_ns_ = now_ns();
  if (halt_.load(std::memory_order_relaxed) == Halt::Abandon) {
    throw Failure(Exit::Ok, "another thread failed");
  }
  ring_->take(
      [this](uint32_t connection, std::string_view bytes) { on_received(connection, bytes); },
      [this](uint32_t connection, int error) { on_gone(connection, error); });
  if (schedule_) start_due_batches();
  if (now_ns_ - checked_ns_ > check_gap_ns) give_up_late_ones();
  publish();
}

void Worker::sleep() {
  if (!has_more() || idle_.empty()) return ring_->wait();
  const uint64_t next = schedule_->next_ns();
  const uint64_t now = now_ns();
  ring_->wait_at_most(next > now ? next - now : 0);
}

bool Worker::may_send() const {
  return now_ns_ < phase_.end_ns && !load_.is_spent() &&
         halt_.load(std::memory_order_relaxed) == Halt::No;
}

// --- Sending.

void Worker::start_batch(uint32_t connection) {
  if (!may_send()) return;
  Conversation& talk = *connections_[connection].talk;
  talk.begin_batch();
  for (uint32_t i = 0; i < load_.depth() && load_.ask(talk, 0) > 0; ++i) {
  }
  send_batch(connection);
}

void Worker::send_batch(uint32_t number) {
  Connection& connection = connections_[number];
  ring_->send(number, connection.talk->slices());
  connection.sent_ns = now_ns_;
  connection.is_waiting = true;
  ++waiting_;
  queued_.push_back(number);
  queued_commands_ += connection.talk->commands().size();
  if (queued_commands_ < flush_commands) return;
  stamp_queued();
  ring_->flush();
}

/// They are handed to the kernel now; the clock is read once for all of them.
void Worker::stamp_queued() {
  if (queued_.empty()) return;
  const uint64_t now = now_ns();
  for (const uint32_t number : queued_) {
    connections_[number].sent_ns = now;
    if (!schedule_) continue;
    for (const Conversation::Command& command : connections_[number].talk->commands()) {
      lag_.add(now - command.intended_ns, command.requests);
    }
  }
  queued_.clear();
  queued_commands_ = 0;
}

/// An open loop whose server does not keep up sends what it should have sent before the end, but
/// for no longer than a reply may take.
bool Worker::may_send_scheduled() const {
  const uint64_t next = schedule_->next_ns();
  const double late_ns = static_cast<double>(now_ns_) - static_cast<double>(phase_.end_ns);
  return next < phase_.end_ns && late_ns < options_.timeout * second_ns && !load_.is_spent() &&
         halt_.load(std::memory_order_relaxed) == Halt::No;
}

void Worker::ask_scheduled(uint32_t connection) {
  schedule_->advance(load_.ask(*connections_[connection].talk, schedule_->next_ns()));
}

/// Each command goes to a connection of its own while there are idle ones; only then do they take
/// more than one.
void Worker::start_due_batches() {
  dealt_.clear();
  for (; !idle_.empty() && is_due(); idle_.pop_front()) {
    dealt_.push_back(idle_.front());
    connections_[idle_.front()].talk->begin_batch();
    ask_scheduled(idle_.front());
  }
  for (uint32_t round = 1; round < options_.depth && !dealt_.empty() && is_due(); ++round) {
    for (size_t i = 0; i < dealt_.size() && is_due(); ++i) ask_scheduled(dealt_[i]);
  }
  for (const uint32_t connection : dealt_) send_batch(connection);
}

// --- Receiving.

void Worker::on_received(uint32_t number, std::string_view bytes) {
  Connection& connection = connections_[number];
  if (connection.is_given_up) return;
  const size_t answered_before = connection.talk->answered();
  connection.talk->read(bytes, tally_);
  note_latencies(connection, answered_before);
  if (!connection.talk->is_answered() || !connection.is_waiting) return;
  connection.is_waiting = false;
  --waiting_;
  schedule_ ? idle_.push_back(number) : start_batch(number);
}

void Worker::note_latencies(const Connection& connection, size_t from) {
  const auto answered = connection.talk->commands().subspan(0, connection.talk->answered());
  if (schedule_) {
    for (const Conversation::Command& command : answered.subspan(from)) {
      latency_.add(now_ns_ - command.intended_ns, command.requests);
    }
    return;
  }
  uint64_t requests = 0;
  for (const Conversation::Command& command : answered.subspan(from)) requests += command.requests;
  if (requests > 0) latency_.add(now_ns_ - connection.sent_ns, requests);
}

void Worker::on_gone(uint32_t connection, int error) {
  if (connections_[connection].is_given_up) return;
  throw Failure(Exit::Unavailable, error == 0 ? "the server closed a connection"
                                              : std::string("a connection to the server broke: ") +
                                                    std::strerror(error));
}

void Worker::give_up_late_ones() {
  checked_ns_ = now_ns_;
  const uint64_t timeout_ns = static_cast<uint64_t>(options_.timeout * second_ns);
  for (Connection& connection : connections_) {
    if (!connection.is_waiting || now_ns_ < connection.sent_ns + timeout_ns) continue;
    tally_.timeouts += connection.talk->unanswered_requests();
    connection.is_given_up = true;
    connection.is_waiting = false;
    --waiting_;
    --usable_;
  }
}

void Worker::publish() {
  progress_.requests.store(tally_.requests(), std::memory_order_relaxed);
  progress_.hits.store(tally_.hits, std::memory_order_relaxed);
  progress_.misses.store(tally_.misses, std::memory_order_relaxed);
  progress_.errors.store(tally_.errors, std::memory_order_relaxed);
}

}  // namespace ringload
