// Owner: what the meta commands ask of a key.
//
// Source: protocol.txt "Meta Commands", memcached 1.6.45 as probed.
#include "base/assert.h"
#include "ringcached/meta_extras.h"
#include "shard/owner.h"

namespace ringcached::shard {
namespace {

constexpr bool is_join(StoreMode mode) {
  return mode == StoreMode::Append || mode == StoreMode::Prepend;
}

/// A cas id of the request against that of an item; 0 matches nothing and forbids nothing.
enum class Match : uint8_t { None, Same, Older, Different };

Match match_cas(uint64_t wanted, uint64_t actual, bool older_will_do) {
  if (wanted == 0) return Match::None;
  if (wanted == actual) return Match::Same;
  return older_will_do && wanted < actual ? Match::Older : Match::Different;
}

/// What h, l, c, f, s and k tell: the item as it was before anybody touched it.
void tell_of(const store::Item& item, Seconds now, Operation& operation) {
  MetaResult& result = operation.extras->result;
  result.fetched = item.fetched();
  result.idle = now - item.last_access();
  result.size = item.value_size();
  result.base64 = item.has_base64_key();
  operation.cas = item.cas();
  operation.client_flags = item.client_flags();
}

}  // namespace

// --- mg.

void Owner::meta_get(Operation& operation, ReplyMemory& replies) {
  RC_ASSERT(operation.extras != nullptr);
  const MetaRequest& request = operation.extras->request;
  MetaResult& result = operation.extras->result;
  const store::Found found = look_up(operation.key);
  store::Item* item = found.item;
  if (item == nullptr) {
    count_absence(found.absence);
    result.made = request.asks(meta::vivify);
    if (result.made) item = make_empty(operation);
  }
  if (item == nullptr) {
    ++counters_[Counter::CmdGet];
    ++counters_[Counter::GetMisses];
    operation.outcome = Outcome::Miss;
    return;
  }
  tell_of(*item, now_.seconds, operation);
  take_steps(operation, *item);
  settle_renewal(operation, *item);
  const bool touched = request.asks(meta::set_exptime);
  ++counters_[touched ? Counter::CmdTouch : Counter::CmdGet];
  ++counters_[touched ? Counter::TouchHits : Counter::GetHits];
  count(*item, touched ? ClassCounter::TouchHits : ClassCounter::GetHits);
  if (!request.asks(meta::no_bump)) {
    result.made ? store_.mark_fetched(*item) : store_.mark_read(*item);
  }
  const bool is_known = request.asks(meta::match_cas) && operation.cas_wanted == item->cas();
  if (request.asks(meta::with_value) && !is_known) return show(operation, *item, replies);
  operation.outcome = Outcome::Done;
}

/// An item without a value, for whoever wins it to fill. Its exptime is set by take_steps.
store::Item* Owner::make_empty(const Operation& operation) {
  const MetaRequest& request = operation.extras->request;
  store::Item* fresh = store_.create(operation.key, 0, never, 0);
  if (fresh == nullptr) return nullptr;
  if (request.asks(meta::base64_key)) store_.mark_base64_key(*fresh);
  store_.publish(*fresh, nullptr);
  if (request.asks(meta::give_cas)) store_.set_cas(*fresh, request.cas_new);
  return fresh;
}

/// What looks at the exptime, or sets it, in the order of the request.
void Owner::take_steps(Operation& operation, store::Item& item) {
  const MetaRequest& request = operation.extras->request;
  MetaResult& result = operation.extras->result;
  for (const MetaStep step : request.steps) {
    switch (step) {
      case MetaStep::None:
        return;
      case MetaStep::ShowTtl:
        result.ttl = ttl_of(item.exptime(), now_.seconds);
        break;
      case MetaStep::SetExptime:
        store_.set_exptime(item, expiry_from_wire(request.new_exptime, now_));
        break;
      case MetaStep::Vivify:
        if (result.made) store_.set_exptime(item, expiry_from_wire(request.vivify_exptime, now_));
        break;
      case MetaStep::Recache:
        if (!result.made && item.exptime() != never &&
            item.exptime() < expiry_from_wire(request.recache_exptime, now_)) {
          result.won = true;
        }
        break;
    }
  }
}

/// Who is to renew the item: whoever made it, or is the first to meet it stale or short of its end.
void Owner::settle_renewal(Operation& operation, store::Item& item) {
  MetaResult& result = operation.extras->result;
  result.stale = item.stale();
  result.lost = item.won();
  result.won = !result.lost && (result.won || result.made || result.stale);
  if (result.won) store_.mark_won(item);
}

// --- ms.

void Owner::meta_store(Operation& operation) {
  RC_ASSERT(operation.extras != nullptr);
  ++counters_[Counter::CmdSet];
  const auto size = static_cast<uint32_t>(operation.value.size());
  store::Item* old = find(operation);
  const MayStore may = meta_may_store(operation, old);
  if (may == MayStore::No) {
    count_unstored(operation.key, operation.client_flags, size);
    if (log_ != nullptr) tell_not_stored(operation, operation.key.bytes);
    return;
  }
  if (old != nullptr && is_join(operation.mode)) {
    return meta_join(operation, *old, nullptr, size);
  }
  const Seconds exptime = expiry_from_wire(operation.exptime, now_);
  const bool as_usual = may == MayStore::Yes && !operation.extras->request.asks(meta::base64_key);
  if (old != nullptr && as_usual &&
      store_.replace_in_place(*old, operation.client_flags, exptime, operation.value)) {
    note_stored(operation, *old);
    return finish_meta_store(operation, *old);
  }
  store::Item* fresh = store_.create(operation.key, operation.client_flags, exptime, size, old);
  if (fresh == nullptr) return no_memory(operation);
  store_.write(*fresh, 0, operation.value);
  if (operation.extras->request.asks(meta::base64_key)) store_.mark_base64_key(*fresh);
  meta_publish(operation, *fresh, old, may);
}

/// The value of `operation` lies in `fresh`, filled as it came.
void Owner::meta_commit(Operation& operation, store::Item& fresh) {
  store::Item* old = find(operation);
  const MayStore may = meta_may_store(operation, old);
  if (may == MayStore::No) {
    count(fresh, ClassCounter::CmdSet);
    if (log_ != nullptr) tell_not_stored(operation, operation.key.bytes);
    store_.discard(fresh);
  } else if (old != nullptr && is_join(operation.mode)) {
    meta_join(operation, *old, &fresh, operation.value_size);
    store_.discard(fresh);
  } else {
    meta_publish(operation, fresh, old, may);
  }
}

/// The conditions of mode and cas id. No: `operation` has its outcome, nothing is to be stored.
Owner::MayStore Owner::meta_may_store(Operation& operation, store::Item* old) {
  const uint64_t wanted = rules_.cas_enabled ? operation.cas_wanted : 0;
  operation.extras->result.size = operation.value_size;
  if (old == nullptr) {
    if (wanted != 0) ++counters_[Counter::CasMisses];
    return meta_may_make(operation);
  }
  const bool older_will_do =
      operation.mode == StoreMode::Cas && operation.extras->request.asks(meta::invalidate);
  const Match match = match_cas(wanted, old->cas(), older_will_do);
  const bool holds = match == Match::Same || match == Match::Older;
  if (match != Match::None) count_cas(*old, holds);
  switch (operation.mode) {
    case StoreMode::Set:
    case StoreMode::Replace:
      return MayStore::Yes;
    case StoreMode::Add:
      store_.mark_used(*old);  // as in the classic protocol
      operation.outcome = Outcome::NotStored;
      return MayStore::No;
    case StoreMode::Append:
    case StoreMode::Prepend:
      if (holds || match == Match::None) return MayStore::Yes;
      break;
    case StoreMode::Cas:
      if (holds) return match == Match::Older ? MayStore::AsStale : MayStore::Yes;
      break;
  }
  operation.outcome = Outcome::Exists;
  operation.number = old->cas();
  return MayStore::No;
}

Owner::MayStore Owner::meta_may_make(Operation& operation) const {
  const bool may = operation.mode == StoreMode::Set || operation.mode == StoreMode::Add ||
                   (is_join(operation.mode) && operation.extras->request.asks(meta::vivify));
  if (may) return MayStore::Yes;
  operation.outcome = operation.mode == StoreMode::Cas ? Outcome::NotFound : Outcome::NotStored;
  return MayStore::No;
}

/// A value that comes in over an item newer than its client knew is stale, and keeps its time.
void Owner::meta_publish(Operation& operation, store::Item& fresh, store::Item* old, MayStore may) {
  if (may == MayStore::AsStale) {
    RC_ASSERT(old != nullptr);
    store_.set_exptime(fresh, old->exptime());
    store_.mark_stale(fresh, old->won());
  }
  publish(operation, fresh, old);
  finish_meta_store(operation, fresh);
}

void Owner::meta_join(Operation& operation, store::Item& old, const store::Item* more_in,
                      uint32_t more_size) {
  const uint64_t size = uint64_t{old.value_size()} + more_size;
  join(operation, old, operation.value, more_in, more_size, operation.mode);
  if (operation.outcome != Outcome::Stored) return;
  operation.extras->result.size = size;
  finish_meta_store(operation, *find_again(operation));
}

/// A cas id of 0 is none of the client's choosing, as in memcached.
void Owner::finish_meta_store(Operation& operation, store::Item& item) {
  const MetaRequest& request = operation.extras->request;
  if (request.asks(meta::give_cas) && request.cas_new != 0) store_.set_cas(item, request.cas_new);
  operation.cas = item.cas();
  operation.outcome = Outcome::Stored;
}

// --- md.

void Owner::meta_delete(Operation& operation) {
  RC_ASSERT(operation.extras != nullptr);
  const MetaRequest& request = operation.extras->request;
  store::Item* item = find(operation);
  const bool differs =
      item != nullptr && request.asks(meta::match_cas) && operation.cas_wanted != item->cas();
  if (item == nullptr || differs) {
    ++counters_[Counter::DeleteMisses];
    operation.outcome = differs ? Outcome::Exists : Outcome::NotFound;
    return;
  }
  if (request.asks(meta::drop_value)) {
    item = drop_value(operation, *item);
    if (item == nullptr) {
      operation.outcome = Outcome::NoMemory;
      return;
    }
  }
  if (request.asks(meta::invalidate)) return invalidate(operation, *item);
  ++counters_[Counter::DeleteHits];
  count(*item, ClassCounter::DeleteHits);
  if (!request.asks(meta::drop_value)) {
    if (log_ != nullptr) tell_removed(*item, true);
    store_.remove(*item);
  }
  operation.outcome = Outcome::Deleted;
}

/// An item without a value takes the place and the cas id of the old one.
store::Item* Owner::drop_value(const Operation& operation, store::Item& old) {
  const MetaRequest& request = operation.extras->request;
  const uint64_t cas = request.asks(meta::give_cas) ? request.cas_new : old.cas();
  const Seconds exptime = expiry_from_wire(request.new_exptime, now_);
  store::Item* fresh = store_.create(operation.key, operation.client_flags, exptime, 0, &old);
  if (fresh == nullptr) return nullptr;
  if (old.has_base64_key()) store_.mark_base64_key(*fresh);
  store_.publish(*fresh, &old);
  store_.set_cas(*fresh, cas);
  return fresh;
}

/// It stays, stale; whoever reads it first is to renew it.
void Owner::invalidate(Operation& operation, store::Item& item) {
  const MetaRequest& request = operation.extras->request;
  if (request.asks(meta::set_exptime)) {
    store_.set_exptime(item, expiry_from_wire(request.new_exptime, now_));
  }
  store_.mark_stale(item, false);
  store_.renew_cas(item);
  if (request.asks(meta::give_cas)) store_.set_cas(item, request.cas_new);
  operation.outcome = Outcome::Done;
}

// --- ma.

/// As incr and decr, which see to cas ids and missing numbers; flags act on what they leave.
void Owner::meta_arithmetic(Operation& operation) {
  RC_ASSERT(operation.extras != nullptr);
  const MetaRequest& request = operation.extras->request;
  if (request.asks(meta::vivify)) {
    operation.mode = StoreMode::Add;
    operation.number = request.initial;
    operation.extras->result.made = find_again(operation) == nullptr;
  }
  arithmetic(operation);
  if (operation.outcome != Outcome::Number) return;
  store::Item& item = *find_again(operation);
  if (operation.extras->result.made && request.asks(meta::base64_key)) {
    store_.mark_base64_key(item);
  }
  if (request.asks(meta::give_cas)) store_.set_cas(item, request.cas_new);
  operation.cas = item.cas();
  take_steps(operation, item);
}

// --- me.

void Owner::meta_debug(Operation& operation) {
  ++counters_[Counter::CmdMeta];
  const store::Item* item = find(operation);
  if (item == nullptr) {
    operation.outcome = Outcome::Miss;
    return;
  }
  tell_of(*item, now_.seconds, operation);
  MetaResult& result = operation.extras->result;
  result.ttl = ttl_of(item->exptime(), now_.seconds);
  result.size = item->size();
  result.class_id = static_cast<uint8_t>(item->class_number() + 1);
  operation.outcome = Outcome::Done;
}

}  // namespace ringcached::shard
