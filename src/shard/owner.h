// Runs operations on the partition it owns: what each verb means, in terms of the store.
//
// Owner: one core. Source: protocol.txt, and the behaviour of memcached 1.6.45 where it is silent.
#pragma once

#include <cstdint>

#include "ringcached/counters.h"
#include "ringcached/operation.h"
#include "ringcached/time.h"
#include "shard/fill.h"
#include "shard/prefix_stats.h"
#include "shard/reply_memory.h"
#include "shard/report.h"
#include "store/item.h"
#include "store/store.h"

namespace ringcached::shard {

struct OwnerRules {
  uint64_t item_size_max = 1u << 20;
  bool cas_enabled = true;
  /// Pinned and uncommitted bytes of the partition, up to which values may be filled, and read in
  /// place. The second is larger: a reader takes nothing that is not there already.
  uint64_t fill_bytes_max = 0;
  uint64_t pin_bytes_max = 0;
  char prefix_delimiter = ':';
};

class Owner {
 public:
  /// Values below this are copied into the parcel, larger ones pinned and sent from the item.
  /// Guess, to be measured: one page.
  static constexpr uint32_t copied_below = 4096;
  /// What cannot be pinned for want of quota is copied up to this size, and beyond it refused: a
  /// client that does not read must not grow memory without bound. Guess.
  static constexpr uint32_t copied_at_most = 64 * 1024;
  /// A parcel stops once its replies reach this; the rest comes back unrun. DESIGN section 4.
  static constexpr uint64_t reply_bytes_max = 256 * 1024;

  Owner(store::Store& store, Counters& counters, const OwnerRules& rules)
      : store_(store), counters_(counters), rules_(rules), prefixes_(rules.prefix_delimiter) {}

  void set_now(const Now& now) {
    now_ = now;
    store_.set_now(now);
  }

  /// Runs the chain from `first` in order until it ends or the replies are large enough; what was
  /// not run stays Pending.
  void run(Operation* first, ReplyMemory& replies);
  void flush(int64_t exptime);
  /// What partitions are asked for by an operator. Class numbers as on the wire: from 1, 0 for
  /// none, -1 for any.
  Outcome reassign(int64_t from, uint64_t to);
  Outcome crawl(uint64_t classes, uint64_t chunks_most);
  void set_balancing(bool on) { store_.set_balancing(on); }
  void set_sweeping(bool on) { store_.set_sweeping(on); }
  /// -m's share of this partition has changed.
  void set_held_bytes_max(uint64_t fill_bytes, uint64_t pin_bytes) {
    rules_.fill_bytes_max = fill_bytes;
    rules_.pin_bytes_max = pin_bytes;
  }
  void set_detail(bool on) { prefixes_.enable(on); }
  /// Who is told what becomes of items; null: nobody watches.
  void set_log(EventLog* log) {
    log_ = log;
    store_.set_log(log);
    observed_ = log_ != nullptr || aloud_;
  }
  /// Every look at a key is told on stderr (-vvv).
  void set_aloud(bool aloud) {
    aloud_ = aloud;
    observed_ = log_ != nullptr || aloud_;
  }
  /// The descriptor of the client whose operations are run next; for watchers.
  void set_client(int client) { client_ = client; }
  /// Adds what this partition knows of its classes, sizes and prefixes.
  void describe(Report& report) const;
  void reset_counters() {
    store_.reset_class_counters();
    prefixes_.clear();
  }
  /// Ahead of run(): the memory of this key's bucket, or a little later its item's, is on its way.
  void look_for_bucket(uint64_t hash) const { store_.prefetch_bucket(hash); }
  void look_for_item(uint64_t hash) const { store_.prefetch_item(hash); }
  void unpin(void* holder) { store_.unpin(*static_cast<store::Item*>(holder)); }
  /// true: more to do at once.
  bool sweep() { return store_.sweep(); }
  const store::Store& store() const { return store_; }

 private:
  void note_prefix(const Operation&);
  void execute(Operation&, ReplyMemory&);
  void get(Operation&, ReplyMemory&);
  void touch(Operation&);
  void store_value(Operation&);
  void publish(const Operation&, store::Item& fresh, store::Item* old);
  void note_stored(const Operation&, const store::Item&);
  void remove(Operation&);
  void arithmetic(Operation&);
  void refuse(Operation&);
  void reserve(Operation&);
  void extend(Operation&);
  void commit(Operation&);
  void abandon(Operation&);
  void dump(Operation&, ReplyMemory&);

  // owner_events.cc
  void tell_look(std::string_view key, const store::Found& found);
  void tell_stored(const Operation&, const store::Item& item);
  void tell_not_stored(const Operation&, std::string_view key);
  void tell_removed(const store::Item& item, bool by_meta);

  // owner_meta.cc
  enum class MayStore : uint8_t { No, Yes, AsStale };
  void meta_get(Operation&, ReplyMemory&);
  void meta_store(Operation&);
  void meta_commit(Operation&, store::Item& fresh);
  void meta_delete(Operation&);
  void meta_arithmetic(Operation&);
  void meta_debug(Operation&);
  store::Item* make_empty(const Operation&);
  void take_steps(Operation&, store::Item&);
  void settle_renewal(Operation&, store::Item&);
  MayStore meta_may_store(Operation&, store::Item* old);
  MayStore meta_may_make(Operation&) const;
  void meta_publish(Operation&, store::Item& fresh, store::Item* old, MayStore);
  void meta_join(Operation&, store::Item& old, const store::Item* more_in, uint32_t more_size);
  void finish_meta_store(Operation&, store::Item&);
  store::Item* drop_value(const Operation&, store::Item& old);
  void invalidate(Operation&, store::Item&);

  void show(Operation&, store::Item&, ReplyMemory&);
  bool may_store(Operation&, store::Item* old, StoreMode, uint64_t cas_wanted);
  bool may_swap(Operation&, const store::Item* old, uint64_t cas_wanted);
  void join(Operation&, store::Item& old, std::string_view more, const store::Item* more_in,
            uint32_t more_size, StoreMode);
  void make_number(Operation&);
  void rewrite_number(Operation&, store::Item&, std::string_view text);
  store::Item* create_again(store::Item& old, uint64_t hash, uint32_t size);
  void no_memory(Operation&);
  void drop_outdated(const Operation&);
  void count_absence(store::Absence);
  void count_unstored(const Key& key, uint32_t client_flags, uint32_t size);
  void count_cas(const store::Item& old, bool holds);
  static Outcome told(store::Store::Asked asked);
  void count(const store::Item& item, ClassCounter counter) {
    ++store_.class_counters(item)[counter];
  }
  /// As store_.find, and told to those who watch: every look at a key is, but a second one.
  store::Found look_up(const Key& key) {
    const store::Found found = store_.find(key);
    if (observed_) [[unlikely]]
      tell_look(key.bytes, found);
    return found;
  }
  store::Item* find(const Operation& operation) { return look_up(operation.key).item; }
  store::Item* find_again(const Operation& operation) { return store_.find(operation.key).item; }
  uint64_t held_bytes() const { return store_.pinned_bytes() + store_.uncommitted_bytes(); }
  bool may_fill(uint64_t bytes) const { return held_bytes() + bytes <= rules_.fill_bytes_max; }
  bool may_pin(uint64_t bytes) const { return held_bytes() + bytes <= rules_.pin_bytes_max; }

  store::Store& store_;
  Counters& counters_;
  OwnerRules rules_;
  Now now_;
  PrefixStats prefixes_;
  EventLog* log_ = nullptr;  // null: nobody watches
  bool aloud_ = false;
  bool observed_ = false;  // somebody is told of looks at keys: watchers, or whoever reads stderr
  int client_ = -1;
  uint64_t reply_bytes_ = 0;  // of the parcel being run
};

}  // namespace ringcached::shard
