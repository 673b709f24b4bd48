// The memory of one partition: it finds, makes, links, evicts and frees items, and knows no verbs.
//
// Owner: one core, but for PageBudget. What a verb means (conditions, counters of hits, arithmetic)
// is decided in shard/execute; this room only keeps items and their bytes.
//
// Where what is: store.cc looks up, links and flushes; values.cc makes room for values and moves
// their bytes; memory.cc finds a chunk when memory is short; page_move.cc hands pages from class to
// class; sweep.cc works in the background; report.cc tells figures; verify.cc checks it all.
#pragma once

#include <sys/uio.h>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/assert.h"
#include "base/event_log.h"
#include "base/hash.h"
#include "ringcached/class_figures.h"
#include "ringcached/counters.h"
#include "ringcached/key.h"
#include "ringcached/time.h"
#include "store/arena.h"
#include "store/balance.h"
#include "store/class_table.h"
#include "store/eviction.h"
#include "store/fault_plan.h"
#include "store/item.h"
#include "store/life.h"
#include "store/page_budget.h"
#include "store/size_classes.h"
#include "store/slab.h"
#include "store/table.h"

namespace ringcached::store {

struct StoreConfig {
  uint32_t partition = 0;                    // this one's number: low bits of its cas ids
  uint32_t partitions = 1;                   // how many there are
  double growth_factor = 1.25;               // -f
  uint32_t slab_min_size = 48;               // -n
  std::vector<uint32_t> slab_sizes;          // -o slab_sizes; empty: by growth_factor
  uint32_t slab_chunk_max = chunk_size_max;  // -o slab_chunk_max
  bool cas_enabled = true;                   // -C clears it
  bool evict = true;                         // -M clears it
  bool track_sizes = false;                  // keep what `stats sizes` tells
  uint32_t initial_buckets = 64;
  /// The one that made every Key::hash: items do not keep their hash, it is made again.
  KeyHasher hasher{0};
};

/// Why a key was not found.
enum class Absence : uint8_t { None, Absent, Expired, Flushed };

struct Found {
  Item* item = nullptr;  // valid until the next call that may evict, remove or replace
  Absence absence = Absence::Absent;
};

/// Spans that one extend() hands out at most.
inline constexpr size_t extend_spans_max = 64;

class Store {
 public:
  /// `counters` is the core's; the store keeps its gauges (CurrItems, Bytes; the others as of the
  /// last set_now or update_gauges) and TotalItems, Evictions, EvictedUnfetched, ExpiredUnfetched,
  /// Reclaimed, CrawlerReclaimed, CrawlerItemsChecked, SlabsMoved, DirectReclaims.
  Store(const StoreConfig&, PageBudget&, Counters& counters);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// For -L: brings all pages that are reserved for this partition into memory, on huge pages where
  /// the kernel has them. false: not all were to be had; the others come as they are needed.
  bool take_memory_ahead() { return arena_.take_ahead(budget_.entitlement()); }

  /// Once per turn, before any other call. Fires a delayed flush that is due.
  void set_now(Now now);
  /// PagesHeld, TableBytes, TableBuckets, GhostBytes, PinnedBytes, ArenaBytes, ArenaBytesReturned.
  void update_gauges();

  // --- Looking up. A hint may be stale or wrong; only find() tells the truth.

  void prefetch_bucket(uint64_t hash) const { table_.prefetch_bucket(hash); }
  /// After prefetch_bucket had time to work: prefetches the item that the tag points at. false: ask
  /// prefetch_overflown as well, a little later.
  bool prefetch_item(uint64_t hash) const { return table_.prefetch_item(hash); }
  void prefetch_overflown(uint64_t hash) const { table_.prefetch_overflown(hash); }
  /// A dead item (expired, flushed) is freed on the way and reported as absent.
  Found find(const Key&);
  /// A read that counts: frequency, fetched bit, last access.
  void mark_read(Item&);
  /// Its parts: a use that is no read, and a read that is not to keep the item.
  void mark_used(Item&);
  void mark_fetched(Item&);

  // --- Making. A new item is invisible and the caller's alone until publish() or discard().

  /// Room for the whole value at once; may evict. nullptr: no memory (an outcome, not an error).
  /// The bytes of the value are undefined until written. Never frees `keep` (may be null), the
  /// linked item that the caller still reads from.
  Item* create(const Key&, uint32_t client_flags, Seconds exptime, uint32_t value_size,
               const Item* keep = nullptr);
  /// As create, but extend() brings the room for the value, in pieces.
  Item* begin(const Key&, uint32_t client_flags, Seconds exptime, uint32_t value_size);
  /// Makes room for up to `bytes` more of the value and puts the spans where they are to be written
  /// into `spans`; returns how many. Less than asked for if memory or spans run out; 0: no memory
  /// (the item stays as it is), or the whole value has been granted.
  size_t extend(Item&, uint32_t bytes, std::span<iovec, extend_spans_max> spans);
  /// Bytes of the value that extend() has made room for so far.
  uint32_t granted(const Item&) const;
  void discard(Item&);
  /// Makes `item` visible with a new cas id; `old` (the linked item of the same key, or null) goes.
  /// All of the value must have been granted. An item whose exptime is already past is allowed: it
  /// is found dead later.
  void publish(Item& item, Item* old);

  // --- Reading and changing.

  void read(const Item&, uint32_t offset, std::span<char> out) const;
  /// Only where nobody can look: an unpublished item.
  void write(Item&, uint32_t offset, std::string_view bytes);
  void copy_value(const Item& from, Item& to, uint32_t to_offset);
  /// Appends without moving the item if that is possible (single-chunk items with room at the end,
  /// segmented items by more segments); gives a new cas id, and is new otherwise: neither read nor
  /// stale. Readers that hold a pin keep their length. false: not possible or no memory, nothing
  /// changed.
  bool append_in_place(Item&, std::string_view bytes);
  /// A new value for the same key where the old one lies, if it is just such a chunk that the new
  /// item would get: no queue, table or free list is touched. It is new in all else: neither read
  /// nor stale, with a cas id of its own; as a use it counts for the eviction. false: pinned or not
  /// of that shape, nothing changed.
  bool replace_in_place(Item&, uint32_t client_flags, Seconds exptime, std::string_view value);
  /// Overwrites the value of an unpinned single-chunk item with text of at most the same size,
  /// padded on the right with spaces; gives a new cas id. false: pinned, segmented or too small.
  bool overwrite_in_place(Item&, std::string_view text);
  void set_exptime(Item& item, Seconds exptime) { item.set_exptime(exptime); }
  /// A cas id that somebody chose, or one of our own.
  void set_cas(Item& item, uint64_t cas) { item.set_cas(cas); }
  void renew_cas(Item& item);
  /// The item is to be renewed; whether a client has been told to.
  void mark_stale(Item& item, bool won);
  void mark_won(Item& item) { item.set(status::won); }
  /// The key of an item that nobody reads yet is to be shown in base64.
  void mark_base64_key(Item& item);
  /// Unlinks; the bytes go when the last pin is back.
  void remove(Item&);

  // --- Pins: an owner counts who still reads an item's bytes; it may be unlinked, never reused.
  // Only items in chunks of at least pinnable_chunk bytes can be pinned: smaller values are copied.
  // Whoever holds a pin reads with for_each_span (item.h), on any core.

  bool can_pin(const Item& item) const { return item.is_pinnable(); }
  void pin(Item&);
  void unpin(Item&);

  // --- All of it.

  /// O(1): everything published so far is dead. A pending flush_at is forgotten.
  void flush();
  /// The same at `at` (process clock); replaces an earlier delayed flush.
  void flush_at(Seconds at);
  /// Background work, once per turn, in bounded steps (at most about 50 us): frees expired and
  /// flushed items and moves pages between classes. true: more to do at once.
  bool sweep();
  /// Bytes of items under way and bytes pinned, for the quota.
  uint64_t uncommitted_bytes() const { return uncommitted_bytes_; }
  uint64_t pinned_bytes() const { return pinned_bytes_; }

  // --- Administration.

  /// -1 as the source: any class that has two pages or more.
  static constexpr int any_class = -1;
  enum class Asked : uint8_t { Started, Busy, NoSpare, NothingThere };
  /// Begins to move one page from class to class (`heir` no_class: to whoever needs it).
  Asked reassign(int donor, uint8_t heir);
  /// Pages follow the misses; false: only those move that somebody cannot do without.
  void set_balancing(bool on) { balancing_ = on; }
  /// The sweep's walk goes on; false: what is dead is found by those who ask for it only.
  void set_sweeping(bool on) { sweeping_ = on; }
  /// Who is told of evictions and page moves; null: nobody.
  void set_log(EventLog* log) { log_ = log; }
  /// The class of an item of this size, before it is made.
  uint8_t class_for(const Key& key, uint32_t client_flags, uint32_t value_size) const;
  /// One round of the sweep at once, if one of `classes` (a bit each) has items. It looks at no
  /// more than `chunks_most` chunks; 0: at all.
  Asked crawl(uint64_t classes, uint64_t chunks_most);

  // --- Figures.

  ClassFigures figures(uint8_t class_number) const;
  void reset_class_counters();
  /// For what the owner of a key counts.
  ClassCounters& class_counters(const Item& item) { return counters_of(item.class_number()); }
  ClassCounters& class_counters(uint8_t class_number) { return counters_of(class_number); }
  /// Items by their bytes (headers included) in steps of size_step, rounded up; only with
  /// track_sizes. Never below what is true by more than what had no memory to be counted.
  static constexpr uint32_t size_step = 32;
  const std::unordered_map<uint32_t, int64_t>& sizes_seen() const { return sizes_seen_; }
  const SizeClasses& sizes() const { return sizes_; }
  const Slab& slab() const { return slab_; }
  const Eviction& eviction() const { return eviction_; }
  const Life& life() const { return life_; }

  // --- For tests and debug builds.

  /// Checks every invariant of every structure; aborts on a broken one.
  void verify() const;
  /// The same of what an act on this key may have touched: its bucket, and what is near its item.
  void verify_near(const Key& key) const;
  /// The item, the pages of its chunks, and its place in its queue if it is linked.
  void verify_near(const Item& item) const;
  FaultPlan& faults() { return faults_; }

 private:
  struct Memo {
    const Item* item = nullptr;
    uint64_t hash = 0;
  };
  struct Census;
  /// A page that is being emptied, and how far that is.
  /// What the counters of a class were when this round of the sweep began.
  struct SweepMark {
    uint64_t checked = 0;
    uint64_t reclaimed = 0;
  };
  struct PageMove {
    uint32_t page = 0;  // 0: none
    uint32_t chunk = 0;
    uint32_t round = 0;
  };

  uint64_t hash_of(const Item& item) const { return config_.hasher(item.key()); }
  ClassCounters& counters_of(uint8_t class_number) { return classes_[class_number].counters; }
  void leave_under_way(Item& item);
  void unlink(Item& item, uint64_t hash);
  void retire(Item& item);
  void release(Item& item);
  void start_epoch();

  // values.cc
  uint8_t plan_item(size_t key_size, uint32_t client_flags, uint32_t value_size,
                    uint8_t* class_number) const;
  bool could_ever_fit(uint32_t value_size) const;
  /// The bytes of value that a segment of the largest class holds.
  uint32_t segment_capacity_max() const {
    return sizes_.largest_size() - static_cast<uint32_t>(sizeof(Segment));
  }
  Segment* make_segment(Ref owner, uint32_t wanted);
  bool make_room(Item& item, uint32_t bytes, size_t segments_allowed);
  bool append_segments(Item& item, uint32_t bytes);
  void read_chain(const Item& item, uint32_t offset, std::span<char> out) const;

  // memory.cc
  void* obtain(uint8_t class_number);
  void* obtain_tail(uint8_t class_number);
  void* reclaim(uint8_t class_number);
  void* make_way(uint8_t class_number);
  void* reclaim_dead(uint8_t class_number);
  void prefetch_next_victims(const Item& victim) const;
  void evict(Item& item, bool dead);
  void count_evicted(const Item& item);
  void tell_evicted(const Item& item) const;
  void tell_sweep_round() const;
  void tell_page_move(uint8_t donor, uint8_t heir) const;
  void count_expired_unfetched(const Item& item);
  bool take_page_from_others(uint8_t heir);
  uint32_t find_page_of(uint8_t donor);
  bool empty_page(uint32_t number, uint8_t heir);
  bool can_empty(uint32_t number) const;
  bool is_evictable(const void* chunk) const;
  void reap(uint32_t chunks);

  // page_move.cc
  bool step_pages();
  bool step_balance();
  bool step_shrink();
  bool start_move(const Balance::Move& move);
  void step_move();
  void vacate(void* chunk);
  void relocate_item(Item& from, void* to);
  void relocate_segment(Item& owner, Segment& from, void* to);

  // report.cc
  void track_size(const Item& item, int change);
  void account(const Item& item);
  void discount(const Item& item);

  // sweep.cc
  void refill_sweep_credit(Seconds passed);
  bool nothing_to_sweep() const;
  bool has_to_sweep() const;
  bool sweep_chunk();
  void begin_sweep_round();
  void sweep_item(Item& item);
  void sweep_flushed();

  // verify.cc
  void verify_items(Census& census) const;
  void verify_item(const Item& item, Census& census) const;
  void verify_dying(Census& census) const;

  StoreConfig config_;
  PageBudget& budget_;
  Counters& counters_;
  EventLog* log_ = nullptr;  // null: nobody watches
  FaultPlan faults_;
  SizeClasses sizes_;
  ClassTable classes_;
  std::unordered_map<uint32_t, int64_t> sizes_seen_;
  Arena arena_;
  Slab slab_;
  Table table_;
  Eviction eviction_;
  Balance balance_;
  PageMove move_;
  uint64_t lookups_ = 0;  // since the balance was last asked
  Life life_;
  Epochs epochs_;
  Seconds flush_at_ = never;
  uint64_t cas_last_ = 0;
  uint64_t cas_step_ = 1;
  Memo memo_;                   // the hash of the item begun last: most are published right away
  const Item* keep_ = nullptr;  // not to be evicted by the call under way
  uint64_t under_way_ = 0;      // items begun and neither published nor discarded
  uint64_t uncommitted_bytes_ = 0;
  uint64_t pinned_bytes_ = 0;
  Ref dying_ = no_ref;         // giants whose segments are still to be freed, linked by `next`
  uint32_t donor_cursor_ = 0;  // page number
  bool balancing_ = true;
  bool sweeping_ = true;
  uint64_t shrink_tried_ = 0;       // classes that had no page to give up, a bit each
  Seconds shrink_rests_until_ = 0;  // nobody had one
  uint32_t sweep_page_ = 0;
  uint32_t sweep_chunk_ = 0;
  Seconds sweep_began_ = 0;  // this round
  std::array<SweepMark, classes_max> sweep_marks_{};
  uint64_t sweep_pace_ = 0;    // chunks a second
  uint64_t sweep_credit_ = 0;  // chunks that may still be looked at in this second
  uint64_t crawl_left_ = 0;    // chunks that somebody asked to be looked at now
};

// In line: once for each read.

/// Writes only what changes: a hot item's line stays clean.
inline void Store::mark_read(Item& item) {
  mark_fetched(item);
  mark_used(item);
}

inline void Store::mark_fetched(Item& item) {
  if (!item.fetched()) item.set(status::fetched);
}

inline void Store::mark_used(Item& item) {
  eviction_.note_hit(item);
  if (item.last_access() != life_.now) item.set_last_access(life_.now);
}

inline void Store::read(const Item& item, uint32_t offset, std::span<char> out) const {
  RC_ASSERT(offset <= item.value_size() && out.size() <= item.value_size() - offset);
  if (item.is_segmented()) return read_chain(item, offset, out);
  if (!out.empty()) std::memcpy(out.data(), item.value_data() + offset, out.size());
}

}  // namespace ringcached::store
