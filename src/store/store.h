// The memory of one partition: it finds, makes, links, evicts and frees items, and knows no verbs.
//
// Owner: one core, but for PageBudget. What a verb means (conditions, counters of hits, arithmetic)
// is decided in shard/execute; this room only keeps items and their bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <sys/uio.h>

#include "ringcached/counters.h"
#include "ringcached/key.h"
#include "ringcached/time.h"

namespace ringcached::store {

class Item;        // store/item.h: the drawn layout
class PageBudget;  // store/page_budget.h: -m, in pages, shared by the partitions

struct StoreConfig {
  uint32_t partition = 0;       // this one's number: low bits of its cas ids
  uint32_t partitions = 1;      // how many there are
  double growth_factor = 1.25;  // -f
  uint32_t slab_min_size = 48;  // -n
  bool cas_enabled = true;      // -C clears it
  bool evict = true;            // -M clears it
  uint32_t initial_buckets = 64;
};

/// Why a key was not found.
enum class Absence : uint8_t { None, Absent, Expired, Flushed };

struct Found {
  Item* item = nullptr;  // valid until the next call that may evict, remove or replace
  Absence absence = Absence::Absent;
};

class Store {
 public:
  /// `counters` is the core's; the store keeps its gauges (CurrItems, Bytes, PagesHeld, TableBytes,
  /// TableBuckets, GhostBytes, PinnedBytes) and TotalItems, Evictions, EvictedUnfetched,
  /// ExpiredUnfetched, Reclaimed, CrawlerReclaimed, CrawlerItemsChecked, SlabsMoved, DirectReclaims.
  Store(const StoreConfig&, PageBudget&, Counters& counters);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Once per turn, before any other call. Fires a delayed flush that is due.
  void set_now(Now now);

  // --- Looking up. A hint may be stale or wrong; only find() tells the truth.

  void prefetch_bucket(uint64_t hash) const;
  /// After prefetch_bucket had time to work: prefetches the item that the tag points at.
  void prefetch_item(uint64_t hash) const;
  /// A dead item (expired, flushed) is freed on the way and reported as absent.
  Found find(const Key&);
  /// A read that counts: frequency, fetched bit, last access.
  void mark_read(Item&);

  // --- Making. A new item is invisible and the caller's alone until publish() or discard().

  /// Room for the whole value at once; may evict. nullptr: no memory (an outcome, not an error).
  /// The bytes of the value are undefined until written. Never frees `keep` (may be null), the
  /// linked item that the caller still reads from.
  Item* create(const Key&, uint32_t client_flags, Seconds exptime, uint32_t value_size,
               const Item* keep = nullptr);
  /// As create, but with no room for the value yet: extend() brings it in pieces.
  Item* begin(const Key&, uint32_t client_flags, Seconds exptime, uint32_t value_size);
  /// Makes room for up to `bytes` more of the value and appends the spans where they are to be
  /// written (at most 64) to `spans`, whose size it returns; 0: no memory (the item stays as it is).
  /// `granted` says how many bytes of the value have room so far.
  size_t extend(Item&, uint32_t bytes, std::span<iovec, 64> spans);
  void discard(Item&);
  /// Makes `item` visible with a new cas id; `old` (the linked item of the same key, or null) goes.
  /// An item whose exptime is already past is allowed: it is found dead later.
  void publish(Item& item, Item* old);

  // --- Reading and changing.

  void read(const Item&, uint32_t offset, std::span<char> out) const;
  /// Only where nobody can look: an unpublished item.
  void write(Item&, uint32_t offset, std::string_view bytes);
  void copy_value(const Item& from, Item& to, uint32_t to_offset);
  /// Appends without moving the item if that is possible (single-chunk items with room at the end,
  /// segmented items by more segments); gives a new cas id. Readers that hold a pin keep their
  /// length. false: not possible or no memory, nothing changed.
  bool append_in_place(Item&, std::string_view bytes);
  /// Overwrites the value of an unpinned single-chunk item with text of at most the same size,
  /// padded on the right with spaces; gives a new cas id. false: pinned, segmented or too small.
  bool overwrite_in_place(Item&, std::string_view text);
  void set_exptime(Item&, Seconds exptime);
  /// Unlinks; the bytes go when the last pin is back.
  void remove(Item&);

  // --- Pins: an owner counts who still reads an item's bytes; it may be unlinked, never reused.
  // Only items in chunks of at least pinnable_chunk bytes can be pinned: smaller values are copied.

  bool can_pin(const Item&) const;
  void pin(Item&);
  void unpin(Item&);

  // --- All of it.

  /// O(1): everything published so far is dead.
  void flush();
  /// The same at `at` (process clock); replaces an earlier delayed flush.
  void flush_at(Seconds at);
  /// Background work in bounded steps (at most about 50 us): frees expired and flushed items.
  /// true: more to do at once.
  bool sweep();
  /// Bytes of items under way plus bytes pinned, for the quota.
  uint64_t uncommitted_bytes() const;
  uint64_t pinned_bytes() const;
  /// Checks every invariant of every structure; aborts on a broken one. For tests and debug builds.
  void verify() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace ringcached::store
