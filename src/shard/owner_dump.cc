// Owner: tells of the items of its partition, for dumps and statistics.
#include <cstring>

#include "base/assert.h"
#include "ringcached/dump_record.h"
#include "ringcached/limits.h"
#include "shard/dump.h"
#include "shard/owner.h"

namespace ringcached::shard {
namespace {

/// One step: about 50 us if every header misses the cache, and no more records than a block holds.
constexpr uint32_t chunks_per_step = 256;
constexpr uint32_t record_bytes_max = 16 * 1024;

DumpRecord record_of(const store::Item& item) {
  DumpRecord record;
  record.cas = item.cas();
  record.size = item.size();
  record.client_flags = item.client_flags();
  record.value_size = item.value_size();
  record.exptime = item.exptime();
  record.last_access = item.last_access();
  record.class_id = static_cast<uint8_t>(item.class_number() + 1);
  record.fetched = item.fetched();
  record.base64_key = item.has_base64_key();
  record.key_size = static_cast<uint8_t>(item.key().size());
  return record;
}

}  // namespace

/// The records lie one behind the other in the value found.
void Owner::dump(Operation& operation, ReplyMemory& replies) {
  RC_ASSERT(operation.fill != nullptr);
  Dump& dump = *static_cast<Dump*>(operation.fill);
  char* const records = replies.take(record_bytes_max);
  if (records == nullptr) {
    operation.outcome = Outcome::NoMemory;
    return;
  }
  uint32_t used = 0;
  const store::Slab& slab = store_.slab();
  dump.partition_done = store::walk_items(
      slab, dump.place, dump.classes, chunks_per_step, [&](const store::Item& item) {
        if (store_.life().is_over(item)) return true;
        const DumpRecord record = record_of(item);
        if (used + sizeof(record) + record.key_size > record_bytes_max) return false;
        std::memcpy(records + used, &record, sizeof(record));
        std::memcpy(records + used + sizeof(record), item.key().data(), record.key_size);
        used += static_cast<uint32_t>(sizeof(record)) + record.key_size;
        return true;
      });
  operation.found.data = records;
  operation.found.size = used;
  operation.outcome = Outcome::Done;
}

/// After the operation has run: its key is still there, the outcome known.
void Owner::note_prefix(const Operation& operation) {
  const std::string_view key = operation.key.bytes;
  switch (operation.verb) {
    case Verb::Get:
    case Verb::GetAndTouch:
    case Verb::MetaGet:
      return prefixes_.note_get(key, operation.outcome == Outcome::Hit);
    case Verb::Touch:  // in text it counts as nothing
      if (operation.dialect != Dialect::Binary) return;
      return prefixes_.note_get(key, operation.outcome == Outcome::Touched);
    case Verb::Store:
    case Verb::Reserve:
    case Verb::Refuse:
    case Verb::MetaStore:
      return prefixes_.note_set(key);
    case Verb::Delete:
    case Verb::MetaDelete:
      return prefixes_.note_delete(key);
    default:
      return;
  }
}

void Owner::describe(Report& report) const {
  report.prefixes = prefixes_.table();
  for (uint8_t i = 0; i < store_.sizes().count(); ++i) {
    report.classes.push_back(store_.figures(i));
  }
  for (const auto& [step, count] : store_.sizes_seen()) {
    if (count > 0) {
      report.sizes[uint64_t{step} * store::Store::size_step] += static_cast<uint64_t>(count);
    }
  }
}

Outcome Owner::reassign(int64_t from, uint64_t to) {
  const auto last = static_cast<int64_t>(store_.sizes().count());
  const auto heir = static_cast<int64_t>(to);
  if (from == heir) return Outcome::SameClass;
  if (from < store::Store::any_class || from > last || heir < 0 || heir > last) {
    return Outcome::BadClass;
  }
  if (from == 0) return Outcome::NoSpare;  // free pages go by themselves to who needs them
  const int donor = static_cast<int>(from < 0 ? store::Store::any_class : from - 1);
  const uint8_t wanted = heir == 0 ? store::Slab::no_class : static_cast<uint8_t>(heir - 1);
  return told(store_.reassign(donor, wanted));
}

Outcome Owner::crawl(uint64_t classes, uint64_t chunks_most) {
  return told(store_.crawl(classes, chunks_most));
}

Outcome Owner::told(store::Store::Asked asked) {
  switch (asked) {
    case store::Store::Asked::Started:
      return Outcome::Done;
    case store::Store::Asked::Busy:
      return Outcome::Busy;
    case store::Store::Asked::NoSpare:
      return Outcome::NoSpare;
    case store::Store::Asked::NothingThere:
      break;
  }
  return Outcome::NotStarted;
}

}  // namespace ringcached::shard
