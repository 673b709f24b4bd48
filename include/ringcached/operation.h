// One operation of a batch: what a client asks of one key (or of all), and what became of it.
#pragma once

#include <cstdint>
#include <string_view>

#include "ringcached/key.h"

namespace ringcached {

struct MetaExtras;

/// What is asked. Every dialect spells these same verbs.
enum class Verb : uint8_t {
  // Answered by the session alone.
  Say,           // `value` is the whole reply, ready made; a view into static memory
  Authenticate,  // `value`: who the client says it is; binary: see wire::Login
  Quit,          // no reply (binary: as Say); the connection closes after the replies before it
  Die,  // no reply; the connection closes and the replies before it are sent (HTTP, endless line)

  // For the partition that owns the key.
  Get,          // read
  GetAndTouch,  // read, and set exptime
  Touch,        // set exptime
  Store,        // `mode` says how; the whole value is in `value`
  Delete,
  Arithmetic,  // `delta`, `decrement`
  Refuse,      // a Store whose value cannot be taken; a refused Set deletes the old value
  Reserve,     // begin to fill an item of value_size bytes; answers with a first grant
  Extend,      // the next grant of the item under way
  Commit,      // the item under way is complete: store it as `mode` says
  Abandon,     // forget the item under way; nobody waits for the answer
  // What the meta commands ask beyond that: `extras` says more.
  MetaGet,
  MetaStore,
  MetaDelete,
  MetaArithmetic,
  MetaDebug,  // what is known of the item
  Dump,       // records (dump_record.h) of some items of one partition, in `found`

  // For every partition; a batch of its own.
  FlushAll,  // `exptime`
  Stats,     // sub-command in `value`
  ResetStats,
  Shutdown,  // `delta`: 0 at once, 1 graceful
  Reassign,  // a page of class `exptime` (-1: any) goes to class `delta`, both as on the wire
  // What each core sees to as a whole; most set `delta` as the new value of what may be tuned.
  Crawl,  // a round of the sweep at once, if a class of `delta` (a bit each) has items
  Verbosity,
  MemoryLimit,     // bytes of -m
  Automove,        // 0: pages do not follow the misses
  AutomoveRatio,   // the bits of a double
  AutomoveWindow,  // seconds
  LruTune,  // percents: hot above warm, 32 bits each; factors: `cas_wanted` and `number`, the
            // bits of a double each
  LruMode,  // 0: flat, 1: segmented
  LruTemporaryTtl,  // a signed number of seconds; below 0: none
  Crawler,          // 0: nothing sweeps
  CrawlerSleep,
  CrawlerTocrawl,
  Detail,     // 1: what is asked of keys is counted by their prefixes
  PauseTime,  // at the second that `delta` is; only where debug commands are taken
  ResumeTime,
  AdvanceTime,  // by `delta` seconds
  Watch,        // the events of `delta` (interest, event.h) are told from now on
};

/// In which language the question was put; the answer comes in the same.
enum class Dialect : uint8_t { Text, Meta, Binary };

enum class StoreMode : uint8_t { Set, Add, Replace, Append, Prepend, Cas };

/// What became of it. A dialect has one spelling for each.
enum class Outcome : uint8_t {
  Pending,  // not run yet
  Done,     // Say, Quit, Verbosity, FlushAll, Abandon...
  Hit,      // Get, GetAndTouch: value, client_flags, cas are set
  Miss,     // Get, GetAndTouch
  Stored,
  NotStored,  // Add, Replace, Append, Prepend: the condition did not hold
  Exists,     // Cas: changed since
  NotFound,   // Cas, Delete, Touch, Arithmetic
  Deleted,
  Touched,
  Number,      // Arithmetic: `number`
  NotNumeric,  // Arithmetic: the value is not a decimal number
  TooLarge,    // the value is over the limit
  NoMemory,    // no room, and none to be made
  Granted,     // Reserve, Extend: the session may fill
  // Reassign, Crawl, Crawler. Those that come first say more than what comes behind.
  Busy,        // one is under way already
  NoSpare,     // the class has no page to spare
  NotStarted,  // no items to crawl
  BadClass,
  SameClass,
  Refused,  // switched off, or it is so already
};

/// A value that a Hit found. Either a copy (holder null), which lives as long as its batch, or the
/// item's own bytes (holder set), which live until the pin is given back.
struct ValueView {
  const char* data = nullptr;  // the first contiguous bytes
  uint32_t size = 0;           // of the whole value, in bytes
  void* holder = nullptr;      // the pinned item, for the shard only
};

/// Owner: one core at a time; it crosses to another only inside a parcel. The views (`key`,
/// `value`, `echo`) point into leased or copied input and live as long as the batch.
struct Operation {
  // What is asked.
  Key key;
  std::string_view value;     // Store: the value; Say: the reply; Stats, Dump: the sub-command
  uint64_t cas_wanted = 0;    // mode Cas; else 0, or what the item's must be
  uint64_t delta = 0;         // Arithmetic; Dump: classes, a bit each; what is for all: see Verb
  int64_t exptime = 0;        // as on the wire; the owner interprets it
  uint32_t client_flags = 0;  // Store, Reserve; on a Hit: the item's
  uint32_t value_size = 0;    // Store, Reserve, Refuse: announced bytes of the value
  Verb verb = Verb::Say;
  StoreMode mode = StoreMode::Set;  // Arithmetic: Add to make a number that is not there, `number`
  bool decrement = false;
  bool quiet = false;       // noreply: no reply whatever the outcome
  bool with_cas = false;    // gets, gats: the reply shows the cas id
  bool ends_reply = false;  // get family: END follows this key's reply; or a Say that is that END
  Outcome outcome = Outcome::Pending;
  Dialect dialect = Dialect::Text;

  // What became of it.
  ValueView found;
  uint64_t cas = 0;  // Hit, Stored
  /// Number; Exists of a store: the item's cas id. When asked: Dump: items at most, 0 for all;
  /// Arithmetic to add: its value; binary Say, Authenticate, Quit: the status.
  uint64_t number = 0;
  void* fill = nullptr;  // Reserve..Abandon: the item under way; Dump: how far it is

  Operation* next = nullptr;  // the same owner's next one, in request order

  // What only some dialects need; a classic command leaves both alone.
  std::string_view echo;         // what the reply repeats. Meta: the flags; Binary: the header
  MetaExtras* extras = nullptr;  // Meta: the batch's or the fill's, and lives as long
};
static_assert(sizeof(Operation) <= 160, "a batch walks over many of them");

constexpr bool has_key(Verb verb) {
  return verb >= Verb::Get && verb <= Verb::Dump;
}
constexpr bool is_for_all(Verb verb) {
  return verb >= Verb::FlushAll;
}

}  // namespace ringcached
