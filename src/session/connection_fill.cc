// Connection: a value that arrives in pieces, written to where it belongs.
#include <cstring>

#include "base/assert.h"
#include "session/clients.h"
#include "session/connection.h"
#include "wire/text_replies.h"

namespace ringcached::session {

void Connection::begin_fill(Operation& operation) {
  RC_ASSERT(fill_ == nullptr && filling_ == Filling::No);
  fill_ = std::make_unique<shard::Fill>();
  fill_->hash = operation.key.hash;
  fill_->cas_wanted = operation.cas_wanted;
  fill_->size = operation.value_size;
  fill_->mode = operation.mode;
  fill_->quiet = operation.quiet;
  fill_->dialect = operation.dialect;
  fill_->echo = operation.echo;
  if (operation.extras != nullptr) {
    fill_->key = operation.key.bytes;
    fill_->extras = std::make_unique<MetaExtras>(*operation.extras);
  }
  operation.fill = fill_.get();
  filling_ = Filling::Reserving;
  home_.hold(*this);
}

/// The owner has answered a Reserve or an Extend.
void Connection::after_grant(Outcome outcome) {
  RC_ASSERT(fill_ != nullptr);
  RC_ASSERT(filling_ == Filling::Reserving || filling_ == Filling::Extending);
  if (outcome == Outcome::Granted) {
    filling_ = Filling::Ready;
    return;
  }
  filling_ = Filling::No;
  need_ = 1;
  const uint64_t rest = uint64_t{fill_->size} - fill_->filled + value_end().size();
  std::visit([rest](auto& parser) { parser.swallow(rest); }, parser_);
  fill_.reset();
}

/// Writes what has come to where it belongs; puts into the batch what is next, if anything is.
void Connection::fill_value() {
  copy_into_fill();
  RC_ASSERT(fill_->filled <= fill_->granted && fill_->granted <= fill_->size);
  input_.release(door());
  if (fill_->filled < fill_->granted) return;
  if (fill_->filled < fill_->size) {
    add_fill_operation(Verb::Extend, *fill_);
    filling_ = Filling::Extending;
  } else if (input_.join(value_end().size())) {
    end_fill();
  }
}

void Connection::copy_into_fill() {
  shard::Fill& fill = *fill_;
  while (fill.span < fill.span_count && input_.available() > 0) {
    iovec& span = fill.spans[fill.span];
    const std::string_view bytes = input_.front().substr(0, span.iov_len);
    std::memcpy(span.iov_base, bytes.data(), bytes.size());
    span.iov_base = static_cast<char*>(span.iov_base) + bytes.size();
    span.iov_len -= bytes.size();
    if (span.iov_len == 0) ++fill.span;
    fill.filled += static_cast<uint32_t>(bytes.size());
    input_.consume(bytes.size());
  }
}

/// The whole value and what should be its end are here.
void Connection::end_fill() {
  RC_ASSERT(fill_->filled == fill_->size);
  const bool ended_well = input_.front().starts_with(value_end());
  input_.consume(value_end().size());
  add_fill_operation(ended_well ? Verb::Commit : Verb::Abandon, *fill_);
  if (!ended_well && !fill_->quiet) {
    Operation& complaint = batch_->next_free();
    complaint = {};
    complaint.value = wire::bad_data_chunk;
    complaint.outcome = Outcome::Done;
    batch_->add();
  }
  committed_ = std::move(fill_);
  filling_ = Filling::No;
}

void Connection::add_fill_operation(Verb verb, shard::Fill& fill) {
  Operation& operation = batch_->next_free();
  operation = {};
  operation.verb = verb;
  operation.key = {fill.key, fill.hash};
  operation.cas_wanted = fill.cas_wanted;
  operation.mode = fill.mode;
  operation.quiet = fill.quiet || verb == Verb::Abandon;
  operation.dialect = fill.dialect;
  operation.echo = fill.echo;
  operation.extras = fill.extras.get();
  operation.value_size = fill.size;
  operation.fill = &fill;
  batch_->add();
}

}  // namespace ringcached::session
