#include "session/connection.h"

#include <cerrno>
#include <cstring>
#include <span>

#include "base/assert.h"
#include "session/class_stats.h"
#include "session/clients.h"
#include "session/stat_packets.h"
#include "session/stats_text.h"
#include "wire/replies.h"
#include "wire/text_replies.h"

namespace ringcached::session {
namespace {

/// What the partition of its key answers, and the parser can go on behind.
bool is_plain(const wire::Step& step, const Operation& operation) {
  return step.what == wire::Step::What::Operation && has_key(operation.verb) &&
         operation.verb != Verb::Dump;
}

/// It stands in one piece with its frame.
bool is_small_copy(const ValueView& value) {
  return value.holder == nullptr && value.size <= OutputBlock::capacity / 2;
}

/// A classic command's reply of one line, or of one small value.
bool has_plain_reply(const Operation& operation) {
  return operation.dialect == Dialect::Text && !operation.quiet && has_key(operation.verb) &&
         operation.verb != Verb::Dump && operation.outcome != Outcome::Pending &&
         operation.outcome != Outcome::NoMemory && operation.outcome != Outcome::Granted &&
         is_small_copy(operation.found);
}

/// A key of a get line, or the Say with which a streamed one ends.
bool belongs_to_get(const Operation& operation) {
  return operation.verb == Verb::Get || operation.verb == Verb::GetAndTouch ||
         (operation.verb == Verb::Say && operation.ends_reply);
}

}  // namespace

Connection::Connection(Clients& home, uint32_t slot, uint32_t generation, int socket)
    : slot_(slot),
      home_(home),
      core_(home.services()),
      generation_(generation),
      socket_(socket),
      introduced_(core_.config.protocol != Protocol::Negotiated),
      last_heard_(core_.now.seconds),
      parser_(std::in_place_type<wire::TextParser>, core_.rules, core_.hasher) {
  if (core_.config.protocol == Protocol::Binary) speak_binary();
  if (!core_.config.auth_file.empty()) parser_.emplace<wire::AuthGate>();
}

io::Streams& Connection::door() {
  return home_.streams();
}

void Connection::start() {
  if (core_.events.wants(interest::connections)) [[unlikely]]
    tell_connection(EventKind::ConnectionNew, CloseReason::Normal);
  if (aloud()) [[unlikely]]
    log_opened();
  // One buffer, until it has shown what it is: the kernel copies up to half a megabyte of a stream
  // in one go, and of a line without end the first 2 KiB are enough to close.
  receiving_ = true;
  door().receive_first(socket_, token(io::Act::Receive));
}

// --- Receiving.

bool Connection::receiving_allowed() const {
  return state_ == State::Open && !leaving_ && !input_.full() && !starving_listed;
}

void Connection::resume_receiving() {
  if (receiving_ || !receiving_allowed()) return;
  receiving_ = true;
  restrained_ = false;
  door().receive(socket_, token(io::Act::Receive));
}

/// Too much has come that cannot be run yet: the client is to wait.
void Connection::restrain_receiving() {
  if (!receiving_ || restrained_ || !input_.full()) return;
  if (state_ != State::Open) return;
  restrained_ = true;
  ++core_.counters[Counter::OutputStalls];
  door().cancel(token(io::Act::Receive));
}

void Connection::receive_again() {
  resume_receiving();
}

void Connection::on_received(const io::Completion& completion) {
  if (!completion.more) receiving_ = false;
  if (state_ != State::Open || leaving_) {
    if (completion.result > 0) door().release(completion.lease);
    if (state_ == State::Closing) try_to_close();
    return;
  }
  if (completion.result > 0) {
    core_.counters[Counter::BytesRead] += static_cast<uint64_t>(completion.result);
    last_heard_ = core_.now.seconds;
    input_.accept(completion.lease);
    home_.note_holder(completion.lease.buffer, slot_);
    return home_.make_ready(*this);  // run() asks for more, or restrains the client
  } else if (completion.result == 0) {
    state_ = State::Eof;
    home_.make_ready(*this);
  } else if (completion.result == -ENOBUFS) {
    ++core_.counters[Counter::BuffersStarved];
    home_.starve(*this);
  } else if (completion.result != -ECANCELED && completion.result != -EAGAIN &&
             completion.result != -EINTR) {
    if (core_.events.wants(interest::connections)) tell_trouble(-completion.result);
    return abort();
  }
  resume_receiving();
}

bool Connection::move_input_aside() {
  if (input_.leases() == 0 || (batch_ != nullptr && batch_->in_flight())) return false;
  input_.move_aside(batch_, door());
  return true;
}

// --- Running.

bool Connection::can_go_on() const {
  return output_.pending() < output_high;
}

bool Connection::has_work() const {
  if (leaving_) return false;
  if (dump_ != nullptr) return true;
  if (filling_ == Filling::No) return input_.available() >= need_;
  if (filling_ != Filling::Ready) return false;
  if (fill_->filled < fill_->granted) return input_.available() > 0;
  return fill_->filled < fill_->size || input_.available() >= value_end().size();
}

void Connection::prepare() {
  if (state_ == State::Closing || batch_ != nullptr || !can_go_on()) return;
  begin_batch();
}

void Connection::look_for_bucket() const {
  if (batch_ != nullptr && !batch_->in_flight()) core_.shard.look_for_bucket(*batch_);
}

void Connection::look_for_item() const {
  if (batch_ != nullptr && !batch_->in_flight()) core_.shard.look_for_item(*batch_);
}

void Connection::run() {
  if (state_ == State::Closing) return try_to_close();
  run_batch();
  restrain_receiving();
}

void Connection::run_batch() {
  if (batch_ != nullptr && batch_->in_flight()) return;
  if (!can_go_on()) return;  // on_sent() makes us ready again
  if (batch_ == nullptr && !begin_batch()) return rest();
  core_.shard.submit(*batch_);
  if (!batch_->in_flight()) settle();
}

void Connection::batch_returned(shard::Batch& batch) {
  RC_ASSERT(&batch == batch_ && !batch.in_flight());
  if (state_ == State::Closing) {
    cease_to_watch();
    return try_to_close();
  }
  settle();
}

/// Takes a batch and parses into it what is at hand. false: there was nothing to run.
bool Connection::begin_batch() {
  RC_ASSERT(batch_ == nullptr);
  if (!has_work()) return false;
  batch_ = core_.shard.take_batch(core_.batch_capacity);
  batch_->owner = this;
  batch_->client = socket_;
  if (dump_ != nullptr) {
    dump_->ask(batch_->next_free());
    batch_->add();
    return true;
  }
  if (filling_ == Filling::Ready) fill_value();
  if (filling_ == Filling::No) parse_batch();
  if (!batch_->empty()) return true;
  drop_batch();
  return false;
}

void Connection::drop_batch() {
  RC_ASSERT(batch_ != nullptr && !batch_->in_flight());
  core_.shard.recycle(*batch_);
  batch_ = nullptr;
}

void Connection::parse_batch() {
  if (!introduced_ && input_.available() > 0) {
    introduced_ = true;
    const bool binary = static_cast<uint8_t>(input_.front()[0]) == wire::request_magic;
    if (binary) speak_binary();
    if (aloud()) [[unlikely]]
      log_language(binary);
  }
  if (aloud()) [[unlikely]]
    return parse_aloud();
  std::visit([this](auto& parser) { parse_batch_with(parser); }, parser_);
}

/// The first byte of a connection decides about all of it.
void Connection::speak_binary() {
  parser_.emplace<wire::BinaryParser>(core_.rules, core_.hasher);
}

template <class Parser>
void Connection::parse_batch_with(Parser& parser) {
  need_ = 1;
  while (!batch_->full()) {
    if (input_.available() == 0) return;
    if (!parse_step(parser)) return;
  }
  if (input_.available() > 0) ++core_.counters[Counter::ConnYields];
}

/// One operation, or what leads to it. false: the batch ends here. In line, since the loop above
/// runs it for every operation: 20 instructions of 1,400 for a get.
template <class Parser>
[[gnu::always_inline]] inline bool Connection::parse_step(Parser& parser) {
  Operation& operation = batch_->next_free();
  const wire::Step step = parser.next(input_.front(), operation);
  if (step.what == wire::Step::What::NeedsExtras) {
    batch_->make_extras();
    return true;
  }
  if (step.what == wire::Step::What::Incomplete) {
    if (input_.join(step.need)) return true;
    need_ = static_cast<uint32_t>(step.need);
    return false;
  }
  if (!is_plain(step, operation)) return take_step(step, operation);
  RC_ASSERT(step.consumed > 0);
  input_.consume(step.consumed);
  batch_->add();
  return true;
}

bool Connection::parse_step() {
  return std::visit([this](auto& parser) { return parse_step(parser); }, parser_);
}

/// Takes over what the parser made, if it is not plain. false: the batch ends here.
bool Connection::take_step(const wire::Step& step, Operation& operation) {
  RC_ASSERT(step.consumed > 0);
  input_.consume(step.consumed);
  if (step.what == wire::Step::What::Nothing) return true;
  batch_->add();
  if (step.what == wire::Step::What::Fill) {
    begin_fill(operation);
    return false;
  }
  if (operation.verb == Verb::Dump) {
    begin_dump(operation);
    return false;
  }
  if (operation.verb == Verb::Watch) {
    begin_watch(operation);
    return false;
  }
  if (operation.verb == Verb::Authenticate) {
    log_in(operation);
    return false;  // who goes on is another
  }
  // All cores stop at the second that this one shows.
  if (operation.verb == Verb::PauseTime) operation.delta = core_.now.seconds;
  if (is_for_all(operation.verb)) return false;
  operation.outcome = Outcome::Done;
  return operation.verb == Verb::Say;
}

/// The batch is home: its replies are written; what was not run waits for the client to read.
void Connection::settle() {
  write_replies();
  if (batch_->finished()) return finish_batch();
  if (can_go_on()) home_.make_ready(*this);
}

void Connection::finish_batch() {
  RC_ASSERT(!batch_->empty());
  const Outcome last = batch_->at(batch_->size() - 1).outcome;
  drop_batch();
  committed_.reset();
  if (dump_ != nullptr && dump_->ended()) dump_.reset();
  if (filling_ == Filling::Reserving || filling_ == Filling::Extending) after_grant(last);
  rest();
}

/// Nothing is under way: gives home what need not be held, and decides what comes next.
void Connection::rest() {
  if (batch_ != nullptr || state_ == State::Closing) return;
  if (leaving_) input_.clear(door());
  input_.release(door());
  output_.trim(core_.pool);
  if (has_work()) {
    if (can_go_on()) home_.make_ready(*this);
  } else if (state_ == State::Eof || leaving_) {
    if (output_.empty()) return begin_closing(farewell_);
  } else if (filling_ == Filling::No && input_.available() > 0) {
    input_.join(need_);
    input_.release(door());
    input_.keep_unfinished(need_, door());
  }
  resume_receiving();
}

// --- Replying.

void Connection::write_replies() {
  const bool logs = aloud();
  uint32_t i = batch_->written();
  for (; i < batch_->size() && !leaving_; ++i) {
    if (!logs && !dropping_get_) i = write_plain_replies(i);
    if (i == batch_->size()) break;
    Operation& operation = batch_->at(i);
    if (operation.outcome == Outcome::Pending) break;
    if (dropping_get_ && belongs_to_get(operation)) {
      dropping_get_ = !operation.ends_reply;
      give_back_pin(operation);
      continue;
    }
    if (logs) [[unlikely]]
      log_reply(operation);
    write_reply(operation);
    // Its error is the whole answer: the rest of the line says nothing, END included.
    dropping_get_ = operation.outcome == Outcome::NoMemory && belongs_to_get(operation) &&
                    !operation.ends_reply;
  }
  batch_->note_written(leaving_ ? batch_->size() : i);
  if (!output_.empty()) home_.make_dirty(*this);
  if (output_.holds_pins()) home_.hold(*this);
}

/// As many replies as are plain, one behind the other into one room: nearly all are. Returns the
/// first operation whose reply is not, or does not fit.
uint32_t Connection::write_plain_replies(uint32_t i) {
  if (!has_plain_reply(batch_->at(i))) return i;
  const auto needed = [](const Operation& o) { return wire::reply_frame_max + o.found.size; };
  const std::span<char> room = output_.all_room(needed(batch_->at(i)), core_.pool);
  char* const end = room.data() + room.size();
  char* out = room.data();
  for (; i < batch_->size(); ++i) {
    const Operation& operation = batch_->at(i);
    if (!has_plain_reply(operation) || static_cast<size_t>(end - out) < needed(operation)) break;
    out = wire::write_reply(operation, out);
  }
  output_.commit(out, core_.pool);
  return i;
}

void Connection::give_back_pin(Operation& operation) {
  if (operation.found.holder == nullptr) return;
  core_.shard.give_back(operation.found.holder, operation.key.hash);
  operation.found.holder = nullptr;
}

void Connection::write_reply(Operation& operation) {
  switch (operation.verb) {
    case Verb::Say:
      if (wire::is_ready_made(operation)) return output_.append(operation.value, core_.pool);
      break;
    case Verb::Quit:
      leaving_ = true;
      if (operation.number != 0) farewell_ = CloseReason::Error;  // a request that made no sense
      break;
    case Verb::Die:
      leaving_ = true;
      farewell_ = CloseReason::Error;
      return;
    case Verb::Shutdown:
      leaving_ = true;
      farewell_ = CloseReason::Shutdown;
      return;
    case Verb::Watch:
      watching_ = static_cast<uint32_t>(operation.delta);
      leaving_ = true;
      return;
    case Verb::Authenticate:
      return write_login(operation);
    case Verb::Stats:
      return write_stats(operation);
    case Verb::Dump:
      return dump_->take(operation, output_, core_.pool, core_.now);
    default:
      break;
  }
  if (operation.outcome == Outcome::Granted) return;
  if (wire::is_silent(operation)) return give_back_pin(operation);
  if (wire::has_value(operation)) return write_value(operation);
  char* out = output_.room(wire::reply_room(operation.dialect), core_.pool);
  out = wire::write_reply_tail(operation, wire::write_reply_head(operation, out));
  output_.commit(out, core_.pool);
}

void Connection::write_stats(const Operation& operation) {
  const shard::Report sum = core_.shard.sum_of_reports(*batch_);
  const StatSources sources{sum, core_.config, core_.tuning, core_.now};
  if (operation.dialect == Dialect::Binary) {
    StatPackets packets(operation.echo);
    if (operation.value == "detail") {
      packets.add("detailed", prefix_lines(sum));
    } else {
      tell_stats(operation.value, sources, packets);
    }
    return output_.append(packets.finish(), core_.pool);
  }
  if (operation.value == "detail") return output_.append(prefix_lines(sum), core_.pool);
  StatLines lines;
  tell_stats(operation.value, sources, lines);
  output_.append(lines.finish(), core_.pool);
}

/// A value of a few KiB stands in one piece with its frame; a larger one is sent from its item.
void Connection::write_value(Operation& operation) {
  const ValueView& found = operation.found;
  const bool inline_copy = is_small_copy(found);
  const size_t frame = wire::reply_room(operation.dialect);
  char* out = output_.room(frame + (inline_copy ? found.size : 0), core_.pool);
  out = wire::write_reply_head(operation, out);
  if (inline_copy) {
    std::memcpy(out, found.data, found.size);
    return output_.commit(wire::write_reply_tail(operation, out + found.size), core_.pool);
  }
  output_.commit(out, core_.pool);
  if (found.holder != nullptr) {
    output_.append_pinned(found, operation.key.hash, core_.pool);
    operation.found.holder = nullptr;  // the output gives the pin back
  } else {
    output_.append({found.data, found.size}, core_.pool);
  }
  out = output_.room(frame, core_.pool);
  output_.commit(wire::write_reply_tail(operation, out), core_.pool);
}

void Connection::flush() {
  if (output_.sending() || output_.empty() || state_ == State::Closing) return;
  send_began_ = core_.now.seconds;
  output_.send(socket_, token(io::Act::Send), door(), core_.pool);
}

void Connection::on_sent(int32_t result) {
  output_.sent(result > 0 ? static_cast<size_t>(result) : 0, core_.pool, core_.shard);
  if (state_ == State::Closing) return try_to_close();
  if (result <= 0 && result != -EAGAIN && result != -EINTR) {
    if (core_.events.wants(interest::connections)) tell_trouble(-result);
    return abort();
  }
  if (result > 0) {
    core_.counters[Counter::BytesWritten] += static_cast<uint64_t>(result);
    last_heard_ = core_.now.seconds;
  }
  if (!output_.empty()) home_.make_dirty(*this);
  if (output_.pending() > output_low) return;
  if (batch_ == nullptr) return rest();
  if (!batch_->in_flight()) home_.make_ready(*this);
}

void Connection::check_patience() {
  const Seconds now = core_.now.seconds;
  if (output_.holds_pins() && now - send_began_ >= patience) return abort();
  if (fill_ != nullptr && now - last_heard_ >= patience) return abort();
  if (!output_.holds_pins() && fill_ == nullptr) home_.unhold(*this);
}

void Connection::check_idleness(Seconds timeout) {
  if (state_ != State::Open || batch_ != nullptr || !output_.empty()) return;
  if (core_.now.seconds - last_heard_ <= timeout) return;
  ++core_.counters[Counter::IdleKicks];
  if (aloud()) log_idle();
  begin_closing(CloseReason::IdleTimeout);
}

// --- Dumps.

/// The first question stands in this batch, the next ones in batches of their own.
void Connection::begin_dump(Operation& operation) {
  if (!core_.tuning.lru_crawler && operation.value != "cachedump") {
    operation = {};
    operation.value = wire::crawler_refused;
    operation.outcome = Outcome::Done;
    return;
  }
  RC_ASSERT(dump_ == nullptr);
  dump_ = std::make_unique<DumpReply>(operation, core_.shard.partitions());
  dump_->ask(operation);
}

// --- Ending.

shard::ConnectionFigures Connection::describe() const {
  const char* state = "conn_read";
  if (state_ == State::Closing) {
    state = "conn_closing";
  } else if (batch_ != nullptr) {
    state = "conn_parse_cmd";
  } else if (fill_ != nullptr) {
    state = "conn_nread";
  } else if (!output_.empty()) {
    state = "conn_mwrite";
  }
  return {socket_, peer_text(socket_), local_text(socket_), state, core_.now.seconds - last_heard_};
}

void Connection::stop() {
  if (state_ != State::Open) return;
  state_ = State::Eof;
  if (receiving_) door().cancel(token(io::Act::Receive));
  home_.make_ready(*this);
}

void Connection::abort() {
  begin_closing(CloseReason::Error);
}

void Connection::begin_closing(CloseReason reason) {
  if (state_ == State::Closing) return;
  state_ = State::Closing;
  if (watching_ == 0 && core_.events.wants(interest::connections)) [[unlikely]]
    tell_connection(EventKind::ConnectionClose, reason);
  if (watching_ == 0 && (receiving_ || output_.sending())) door().shutdown(socket_);
  if (receiving_) door().cancel(token(io::Act::Receive));
  try_to_close();
}

/// Everything that was lent must be home before the descriptor and the slot are given up.
void Connection::try_to_close() {
  if (closed_ || receiving_ || output_.sending()) return;
  if (batch_ != nullptr && batch_->in_flight()) return;
  if (batch_ != nullptr) drop_batch();
  committed_.reset();
  dump_.reset();
  if (fill_ != nullptr && fill_->item != nullptr && abandon_fill()) return;
  fill_.reset();
  output_.clear(core_.pool, core_.shard);
  input_.clear(door());
  closed_ = true;
  if (watching_ != 0) {
    core_.door.hand_over(socket_, token(io::Act::Receive));
    core_.hand_over(socket_, watching_);
  } else {
    if (aloud()) [[unlikely]]
      log_closed();
    door().close(socket_);
  }
  home_.gone(*this);
}

/// Tells the owner of the item under way. true: its answer is to be waited for.
bool Connection::abandon_fill() {
  batch_ = core_.shard.take_batch(core_.batch_capacity);
  batch_->owner = this;
  batch_->client = socket_;
  add_fill_operation(Verb::Abandon, *fill_);
  core_.shard.submit(*batch_);
  if (batch_->in_flight()) return true;
  drop_batch();
  return false;
}

}  // namespace ringcached::session
