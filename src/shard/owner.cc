#include "shard/owner.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/assert.h"
#include "base/digits.h"
#include "ringcached/limits.h"
#include "ringcached/meta_extras.h"
#include "shard/number.h"

namespace ringcached::shard {
namespace {

Fill& fill_of(const Operation& operation) {
  RC_ASSERT(operation.fill != nullptr);
  return *static_cast<Fill*>(operation.fill);
}

/// Runs ahead along a chain and asks for memory, so that it comes while others are run: a key's
/// bucket, some operations later its item, and where that lies in an overflow bucket (one in
/// eleven), a little later once more.
class Lookahead {
 public:
  Lookahead(const store::Store& store, const Operation* first) : store_(store) {
    if (first == nullptr || first->next == nullptr) return;  // nothing to overlap with
    bucket_ = item_ = first;
    for (uint32_t i = 0; i < bucket_lead; ++i) ask_for_bucket();
    for (uint32_t i = 0; i < item_lead; ++i) advance();
  }

  /// Once for each operation that is run, before it.
  void advance() {
    ask_for_bucket();
    ask_for_item();
  }

 private:
  // In operations: buckets are asked for so far ahead of items, items so far ahead of who is run.
  static constexpr uint32_t bucket_lead = 8;
  static constexpr uint32_t item_lead = 8;
  static constexpr uint32_t overflow_lag = 4;

  void ask_for_bucket() {
    if (bucket_ == nullptr) return;
    store_.prefetch_bucket(bucket_->key.hash);
    bucket_ = bucket_->next;
  }
  void ask_for_item() {
    uint64_t& late = overflown_[position_++ % overflow_lag];
    if (late != 0) store_.prefetch_overflown(late);
    late = 0;
    if (item_ == nullptr) return;
    if (!store_.prefetch_item(item_->key.hash)) late = item_->key.hash;
    item_ = item_->next;
  }

  const store::Store& store_;
  const Operation* bucket_ = nullptr;
  const Operation* item_ = nullptr;
  std::array<uint64_t, overflow_lag> overflown_{};  // hashes; 0: none
  uint32_t position_ = 0;
};

}  // namespace

// --- The chain.

void Owner::run(Operation* first, ReplyMemory& replies) {
  Lookahead ahead(store_, first);
  reply_bytes_ = 0;
  for (Operation* operation = first; operation != nullptr; operation = operation->next) {
    if (reply_bytes_ >= reply_bytes_max) return;
    ahead.advance();
    execute(*operation, replies);
    if (prefixes_.enabled()) [[unlikely]]
      note_prefix(*operation);
  }
}

void Owner::execute(Operation& operation, ReplyMemory& replies) {
  RC_ASSERT(operation.outcome == Outcome::Pending);
  switch (operation.verb) {
    case Verb::Get:
    case Verb::GetAndTouch:
      return get(operation, replies);
    case Verb::Touch:
      return touch(operation);
    case Verb::Store:
      return store_value(operation);
    case Verb::Delete:
      return remove(operation);
    case Verb::Arithmetic:
      return arithmetic(operation);
    case Verb::Refuse:
      return refuse(operation);
    case Verb::Reserve:
      return reserve(operation);
    case Verb::Extend:
      return extend(operation);
    case Verb::Commit:
      return commit(operation);
    case Verb::Abandon:
      return abandon(operation);
    case Verb::Dump:
      return dump(operation, replies);
    case Verb::MetaGet:
      return meta_get(operation, replies);
    case Verb::MetaStore:
      return meta_store(operation);
    case Verb::MetaDelete:
      return meta_delete(operation);
    case Verb::MetaArithmetic:
      return meta_arithmetic(operation);
    case Verb::MetaDebug:
      return meta_debug(operation);
    default:
      RC_ASSERT(false);  // a verb without a key came to an owner
  }
}

// --- Reading.

void Owner::get(Operation& operation, ReplyMemory& replies) {
  const store::Found found = look_up(operation.key);
  const bool touching = operation.verb == Verb::GetAndTouch;
  ++counters_[touching ? Counter::CmdTouch : Counter::CmdGet];
  if (found.item == nullptr) {
    ++counters_[touching ? Counter::TouchMisses : Counter::GetMisses];
    count_absence(found.absence);
    operation.outcome = Outcome::Miss;
    return;
  }
  ++counters_[touching ? Counter::TouchHits : Counter::GetHits];
  count(*found.item, touching ? ClassCounter::TouchHits : ClassCounter::GetHits);
  store_.mark_read(*found.item);
  if (touching) {
    store_.set_exptime(*found.item, expiry_from_wire(operation.exptime, now_));
  }
  show(operation, *found.item, replies);
}

void Owner::count_absence(store::Absence absence) {
  if (absence == store::Absence::Expired) ++counters_[Counter::GetExpired];
  if (absence == store::Absence::Flushed) ++counters_[Counter::GetFlushed];
}

/// Takes a snapshot of the item into the operation: by copy if it is small or cannot be held.
void Owner::show(Operation& operation, store::Item& item, ReplyMemory& replies) {
  const uint32_t size = item.value_size();
  operation.client_flags = item.client_flags();
  operation.cas = item.cas();
  operation.found.size = size;
  if (size >= copied_below && store_.can_pin(item) && may_pin(size)) {
    store_.pin(item);
    operation.found.holder = &item;
    operation.found.data = nullptr;
  } else {
    char* copy = size <= copied_at_most ? replies.take(size) : nullptr;
    if (copy == nullptr) {
      operation.outcome = Outcome::NoMemory;
      return;
    }
    store_.read(item, 0, {copy, size});
    operation.found.data = copy;
  }
  reply_bytes_ += size;
  operation.outcome = Outcome::Hit;
}

void Owner::touch(Operation& operation) {
  ++counters_[Counter::CmdTouch];
  store::Item* item = find(operation);
  if (item == nullptr) {
    ++counters_[Counter::TouchMisses];
    operation.outcome = Outcome::NotFound;
    return;
  }
  ++counters_[Counter::TouchHits];
  count(*item, ClassCounter::TouchHits);
  store_.mark_read(*item);
  store_.set_exptime(*item, expiry_from_wire(operation.exptime, now_));
  operation.client_flags = item->client_flags();
  operation.cas = item->cas();
  operation.outcome = Outcome::Touched;
}

// --- Storing.

/// The condition of each mode, and that of a cas id beside it. false: `operation` has its outcome,
/// nothing is to be stored.
bool Owner::may_store(Operation& operation, store::Item* old, StoreMode mode, uint64_t cas_wanted) {
  switch (mode) {
    case StoreMode::Set:
      return cas_wanted == 0 || may_swap(operation, old, cas_wanted);
    case StoreMode::Add:
      if (cas_wanted != 0) return may_swap(operation, old, cas_wanted);
      if (old == nullptr) return true;
      store_.mark_used(*old);  // a refused add keeps the item from eviction, as in memcached
      break;
    case StoreMode::Replace:
      if (cas_wanted != 0) return may_swap(operation, old, cas_wanted);
      if (old != nullptr) return true;
      break;
    case StoreMode::Append:
    case StoreMode::Prepend:
      if (old == nullptr) break;
      if (cas_wanted == 0 || old->cas() == cas_wanted) return true;
      operation.outcome = Outcome::Exists;
      return false;
    case StoreMode::Cas:
      return may_swap(operation, old, cas_wanted);
  }
  operation.outcome = Outcome::NotStored;
  return false;
}

/// Compare and swap: whatever the mode, a cas id replaces its condition.
bool Owner::may_swap(Operation& operation, const store::Item* old, uint64_t cas_wanted) {
  if (old == nullptr) {
    ++counters_[Counter::CasMisses];
    operation.outcome = Outcome::NotFound;
    return false;
  }
  const bool holds = old->cas() == cas_wanted && cas_wanted != 0;
  count_cas(*old, holds);
  if (holds) return true;
  operation.outcome = Outcome::Exists;
  operation.number = old->cas();
  return false;
}

void Owner::count_cas(const store::Item& old, bool holds) {
  ++counters_[holds ? Counter::CasHits : Counter::CasBadval];
  count(old, holds ? ClassCounter::CasHits : ClassCounter::CasBadval);
}

/// A value whose condition did not hold counts in the class that it would have gone to.
void Owner::count_unstored(const Key& key, uint32_t client_flags, uint32_t size) {
  ++store_.class_counters(store_.class_for(key, client_flags, size))[ClassCounter::CmdSet];
}

/// A value that a client has stored.
void Owner::publish(const Operation& operation, store::Item& fresh, store::Item* old) {
  store_.publish(fresh, old);
  note_stored(operation, fresh);
}

void Owner::note_stored(const Operation& operation, const store::Item& item) {
  count(item, ClassCounter::CmdSet);
  if (log_ != nullptr) [[unlikely]]
    tell_stored(operation, item);
}

void Owner::store_value(Operation& operation) {
  ++counters_[Counter::CmdSet];
  store::Item* old = find(operation);
  const uint32_t size = static_cast<uint32_t>(operation.value.size());
  if (!may_store(operation, old, operation.mode, operation.cas_wanted)) {
    count_unstored(operation.key, operation.client_flags, size);
    if (log_ != nullptr) tell_not_stored(operation, operation.key.bytes);
    return;
  }
  if (operation.mode == StoreMode::Append || operation.mode == StoreMode::Prepend) {
    return join(operation, *old, operation.value, nullptr, size, operation.mode);
  }
  const Seconds exptime = expiry_from_wire(operation.exptime, now_);
  store::Item* item = old;
  if (old == nullptr ||
      !store_.replace_in_place(*old, operation.client_flags, exptime, operation.value)) {
    item = store_.create(operation.key, operation.client_flags, exptime, size, old);
    if (item == nullptr) return no_memory(operation);
    store_.write(*item, 0, operation.value);
    store_.publish(*item, old);
  }
  note_stored(operation, *item);
  operation.cas = item->cas();
  operation.outcome = Outcome::Stored;
}

/// Append or prepend: what is added lies in `more`, or in the unpublished item `more_in`.
void Owner::join(Operation& operation, store::Item& old, std::string_view more,
                 const store::Item* more_in, uint32_t more_size, StoreMode mode) {
  const bool behind = mode == StoreMode::Append;
  const uint64_t size = uint64_t{old.value_size()} + more_size;
  // memcached says NOT_STORED, both when the sum is too large and when there is no memory.
  operation.outcome = Outcome::NotStored;
  if (!value_fits(rules_.item_size_max, old.key().size(), old.client_flags(), size,
                  rules_.cas_enabled)) {
    ++counters_[Counter::StoreTooLarge];
    if (log_ != nullptr) tell_not_stored(operation, old.key());
    return;
  }
  if (behind && more_in == nullptr && store_.append_in_place(old, more)) {
    count(old, ClassCounter::CmdSet);
    operation.cas = old.cas();
    operation.outcome = Outcome::Stored;
    if (log_ != nullptr) tell_stored(operation, old);
    return;
  }
  store::Item* fresh = create_again(old, operation.key.hash, static_cast<uint32_t>(size));
  if (fresh == nullptr) {
    ++counters_[Counter::StoreNoMemory];
    if (log_ != nullptr) tell_not_stored(operation, old.key());
    return;
  }
  store_.copy_value(old, *fresh, behind ? 0 : more_size);
  const uint32_t more_at = behind ? old.value_size() : 0;
  if (more_in != nullptr) {
    store_.copy_value(*more_in, *fresh, more_at);
  } else {
    store_.write(*fresh, more_at, more);
  }
  publish(operation, *fresh, &old);
  operation.cas = fresh->cas();
  operation.outcome = Outcome::Stored;
}

/// A new item with all that an old one has but its value.
store::Item* Owner::create_again(store::Item& old, uint64_t hash, uint32_t size) {
  store::Item* fresh =
      store_.create({old.key(), hash}, old.client_flags(), old.exptime(), size, &old);
  if (fresh != nullptr && old.has_base64_key()) store_.mark_base64_key(*fresh);
  return fresh;
}

void Owner::no_memory(Operation& operation) {
  ++counters_[Counter::StoreNoMemory];
  operation.outcome = Outcome::NoMemory;
  drop_outdated(operation);
}

void Owner::refuse(Operation& operation) {
  ++counters_[Counter::StoreTooLarge];
  operation.outcome = Outcome::TooLarge;
  if (log_ != nullptr) tell_not_stored(operation, operation.key.bytes);
  drop_outdated(operation);
}

/// A set that cannot be carried out must not leave the stale value behind; nor may any ms, which is
/// memcached's way.
void Owner::drop_outdated(const Operation& operation) {
  if (operation.mode != StoreMode::Set && operation.dialect != Dialect::Meta) return;
  if (store::Item* old = find(operation)) store_.remove(*old);
}

void Owner::remove(Operation& operation) {
  store::Item* item = find(operation);
  if (item == nullptr) {
    ++counters_[Counter::DeleteMisses];
    operation.outcome = Outcome::NotFound;
    return;
  }
  if (operation.cas_wanted != 0 && operation.cas_wanted != item->cas()) {
    operation.outcome = Outcome::Exists;
    return;
  }
  ++counters_[Counter::DeleteHits];
  count(*item, ClassCounter::DeleteHits);
  if (log_ != nullptr) tell_removed(*item, false);
  store_.remove(*item);
  operation.outcome = Outcome::Deleted;
}

// --- Filling: reserve, extend, commit or abandon.

void Owner::reserve(Operation& operation) {
  Fill& fill = fill_of(operation);
  const Seconds exptime = expiry_from_wire(operation.exptime, now_);
  if (may_fill(std::min(operation.value_size, Fill::credit))) {
    fill.item = store_.begin(operation.key, operation.client_flags, exptime, operation.value_size);
  }
  if (fill.item == nullptr) {
    ++counters_[Counter::CmdSet];
    return no_memory(operation);
  }
  extend(operation);
  if (operation.outcome == Outcome::NoMemory) return drop_outdated(operation);
  const bool base64 = fill.extras != nullptr && fill.extras->request.asks(meta::base64_key);
  if (base64) store_.mark_base64_key(*fill.item);
}

void Owner::extend(Operation& operation) {
  Fill& fill = fill_of(operation);
  const uint32_t wanted = std::min(Fill::credit, fill.size - fill.granted);
  fill.span = 0;
  fill.span_count = 0;
  if (may_fill(wanted)) {
    fill.span_count =
        static_cast<uint32_t>(store_.extend(*fill.item, wanted, std::span(fill.spans)));
  }
  if (fill.span_count == 0) {
    ++counters_[Counter::StoreNoMemory];
    store_.discard(*fill.item);
    fill.item = nullptr;
    operation.outcome = Outcome::NoMemory;
    return;
  }
  for (uint32_t i = 0; i < fill.span_count; ++i) {
    fill.granted += static_cast<uint32_t>(fill.spans[i].iov_len);
  }
  RC_ASSERT(fill.granted <= fill.size);
  operation.outcome = Outcome::Granted;
}

void Owner::commit(Operation& operation) {
  ++counters_[Counter::CmdSet];
  Fill& fill = fill_of(operation);
  RC_ASSERT(fill.item != nullptr && fill.filled == fill.size);
  store::Item& fresh = *fill.item;
  fill.item = nullptr;
  if (fill.extras != nullptr) return meta_commit(operation, fresh);
  store::Item* old = look_up({fresh.key(), fill.hash}).item;
  if (!may_store(operation, old, fill.mode, fill.cas_wanted)) {
    count(fresh, ClassCounter::CmdSet);
    if (log_ != nullptr) tell_not_stored(operation, fresh.key());
    store_.discard(fresh);
    return;
  }
  if (fill.mode == StoreMode::Append || fill.mode == StoreMode::Prepend) {
    join(operation, *old, {}, &fresh, fill.size, fill.mode);
    store_.discard(fresh);
    return;
  }
  publish(operation, fresh, old);
  operation.cas = fresh.cas();
  operation.outcome = Outcome::Stored;
}

void Owner::abandon(Operation& operation) {
  Fill& fill = fill_of(operation);
  if (fill.item != nullptr) store_.discard(*fill.item);
  fill.item = nullptr;
  operation.outcome = Outcome::Done;
}

// --- Counting.

void Owner::arithmetic(Operation& operation) {
  const bool down = operation.decrement;
  store::Item* item = find(operation);
  if (item == nullptr) {
    if (operation.mode == StoreMode::Add) return make_number(operation);
    ++counters_[down ? Counter::DecrMisses : Counter::IncrMisses];
    operation.outcome = Outcome::NotFound;
    return;
  }
  char text[numeric_text_max];
  const uint32_t size = item->value_size();
  if (size > 0 && operation.cas_wanted != 0 && operation.cas_wanted != item->cas()) {
    operation.outcome = Outcome::Exists;
    return;
  }
  const size_t read = std::min<size_t>(size, sizeof text);
  store_.read(*item, 0, {text, read});
  const auto number = parse_stored_number({text, read});
  if (!number) {
    operation.outcome = Outcome::NotNumeric;
    return;
  }
  ++counters_[down ? Counter::DecrHits : Counter::IncrHits];
  count(*item, down ? ClassCounter::DecrHits : ClassCounter::IncrHits);
  store_.mark_used(*item);
  operation.number = down ? (*number < operation.delta ? 0 : *number - operation.delta)
                          : *number + operation.delta;  // wraps at 2^64, as the protocol says
  char digits[digits_max];
  const char* end = write_digits(digits, operation.number);
  rewrite_number(operation, *item, {digits, static_cast<size_t>(end - digits)});
}

/// A number that was not there is made of its initial value, to which nothing is added.
void Owner::make_number(Operation& operation) {
  char digits[digits_max];
  const char* end = write_digits(digits, operation.number);
  const std::string_view text{digits, static_cast<size_t>(end - digits)};
  store::Item* fresh = store_.create(operation.key, 0, expiry_from_wire(operation.exptime, now_),
                                     static_cast<uint32_t>(text.size()), nullptr);
  if (fresh == nullptr) {
    operation.outcome = Outcome::NoMemory;
    return;
  }
  store_.write(*fresh, 0, text);
  store_.publish(*fresh, nullptr);
  if (observed_)
    tell_look(operation.key.bytes,
              {.absence = store::Absence::Absent});  // memcached adds it, and so looks once more
  if (log_ != nullptr) tell_stored(operation, *fresh);
  operation.cas = fresh->cas();
  operation.outcome = Outcome::Number;
}

/// In place where the text fits, padded with spaces; else in a new item of the text's size.
void Owner::rewrite_number(Operation& operation, store::Item& item, std::string_view text) {
  operation.outcome = Outcome::Number;
  if (store_.overwrite_in_place(item, text)) {
    operation.cas = item.cas();
    return;
  }
  const uint32_t old_size = item.value_size();
  const uint32_t size = std::max(old_size, static_cast<uint32_t>(text.size()));
  store::Item* fresh = create_again(item, operation.key.hash, size);
  if (fresh == nullptr) {
    operation.mode = StoreMode::Set;  // it is not the making of a number that failed
    operation.outcome = Outcome::NoMemory;
    return;
  }
  static constexpr std::string_view spaces = "                                ";
  store_.write(*fresh, 0, text);
  for (uint32_t at = static_cast<uint32_t>(text.size()); at < size;) {
    const std::string_view pad = spaces.substr(0, size - at);
    store_.write(*fresh, at, pad);
    at += static_cast<uint32_t>(pad.size());
  }
  store_.publish(*fresh, &item);
  operation.cas = fresh->cas();
}

// --- All of it.

void Owner::flush(int64_t exptime) {
  if (exptime <= 0) {
    store_.flush();
  } else {
    store_.flush_at(expiry_from_wire(exptime, now_));
  }
}

}  // namespace ringcached::shard
