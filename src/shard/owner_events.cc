// Owner: what it tells those who watch, or read stderr. Only called while somebody does.
//
// Source: protocol.txt "Watchers", memcached 1.6.18 as probed.
#include <cstdio>

#include "shard/owner.h"

namespace ringcached::shard {
namespace {

uint8_t spelled_class(uint8_t class_number) {
  return static_cast<uint8_t>(class_number + 1);
}

uint8_t status_of(store::Absence absence) {
  switch (absence) {
    case store::Absence::None:
      return static_cast<uint8_t>(GetStatus::Found);
    case store::Absence::Expired:
      return static_cast<uint8_t>(GetStatus::Expired);
    case store::Absence::Flushed:
      return static_cast<uint8_t>(GetStatus::Flushed);
    case store::Absence::Absent:
      break;
  }
  return static_cast<uint8_t>(GetStatus::NotFound);
}

uint8_t status_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::Stored:
      return static_cast<uint8_t>(StoreStatus::Stored);
    case Outcome::Exists:
      return static_cast<uint8_t>(StoreStatus::Exists);
    case Outcome::NotFound:
      return static_cast<uint8_t>(StoreStatus::NotFound);
    case Outcome::TooLarge:
      return static_cast<uint8_t>(StoreStatus::TooLarge);
    case Outcome::NoMemory:
      return static_cast<uint8_t>(StoreStatus::NoMemory);
    default:
      return static_cast<uint8_t>(StoreStatus::NotStored);
  }
}

/// A cas id makes a compare and swap of what would replace a value.
uint8_t command_of(const Operation& operation) {
  const bool joins = operation.mode == StoreMode::Append || operation.mode == StoreMode::Prepend;
  const bool swaps = operation.cas_wanted != 0 && !joins;
  return static_cast<uint8_t>(swaps ? StoreMode::Cas : operation.mode);
}

/// As -vvv tells it in memcached.
void log_look(std::string_view key, store::Absence absence) {
  const char* what = absence == store::Absence::Absent ? "NOT FOUND" : "FOUND KEY";
  const char* fate = absence == store::Absence::Expired   ? " -nuked by expire"
                     : absence == store::Absence::Flushed ? " -nuked by flush"
                                                          : "";
  std::fprintf(stderr, "> %s %.*s%s\n", what, static_cast<int>(key.size()), key.data(), fate);
}

Event store_event(const Operation& operation, Outcome outcome, int client) {
  Event event;
  event.kind = EventKind::ItemStore;
  event.status = status_of(outcome);
  event.command = command_of(operation);
  event.client = client;
  return event;
}

}  // namespace

void Owner::tell_look(std::string_view key, const store::Found& found) {
  if (aloud_) log_look(key, found.absence);
  if (log_ == nullptr) return;
  Event event;
  event.kind = EventKind::ItemGet;
  event.status = status_of(found.absence);
  event.client = client_;
  if (found.item != nullptr) {
    event.class_id = spelled_class(found.item->class_number());
    event.size = found.item->value_size();
  }
  log_->add(event, key);
}

void Owner::tell_stored(const Operation& operation, const store::Item& item) {
  Event event = store_event(operation, Outcome::Stored, client_);
  if (item.exptime() != never) event.ttl = int64_t{item.exptime()} - now_.seconds;
  event.class_id = spelled_class(item.class_number());
  event.size = item.value_size();
  log_->add(event, item.key());
}

/// Of what found no room memcached tells neither time nor size.
void Owner::tell_not_stored(const Operation& operation, std::string_view key) {
  Event event = store_event(operation, operation.outcome, client_);
  const bool had_room =
      operation.outcome != Outcome::TooLarge && operation.outcome != Outcome::NoMemory;
  if (had_room) {
    const uint32_t size = operation.verb == Verb::Store || operation.value_size == 0
                              ? static_cast<uint32_t>(operation.value.size())
                              : operation.value_size;
    const Seconds exptime = expiry_from_wire(operation.exptime, now_);
    if (exptime != never) event.ttl = int64_t{exptime} - now_.seconds;
    event.class_id = spelled_class(store_.class_for({key, 0}, operation.client_flags, size));
    event.size = size;
  }
  log_->add(event, key);
}

void Owner::tell_removed(const store::Item& item, bool by_meta) {
  Event event;
  event.kind = EventKind::Deleted;
  event.command = by_meta ? 1 : 0;
  event.class_id = spelled_class(item.class_number());
  event.size = item.value_size();
  log_->add(event, item.key());
}

}  // namespace ringcached::shard
