// Who goes when memory is short: S3-FIFO per class, with a bounded search (DESIGN section 6).
//
// Owner: one core. New items enter a small queue (a tenth of the class); those that were hit by the
// time they reach its end move on to main, the others leave and are remembered by a ghost. A hit
// only counts up two bits. When others become popular, main is full of yesterday's favourites: then
// the small queue gets more room for a while (adapt).
#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "store/class_table.h"
#include "store/ghost.h"
#include "store/item_queue.h"
#include "store/life.h"
#include "store/slab.h"

namespace ringcached::store {

/// Items that may be spared in one search; the next one goes regardless. Simulated: 8 costs 0.3
/// points of misses, 16 nothing.
inline constexpr uint32_t reinsertions_max = 16;
/// Pinned items that may be passed over in one search. Guess.
inline constexpr uint32_t passed_over_max = 32;

class Eviction {
 public:
  struct Victim {
    Item* item = nullptr;  // null: nobody can go
    bool dead = false;     // it had expired or was flushed: no loss
  };

  struct Queues {
    explicit Queues(Arena& arena) : ghost(arena) {}
    ItemQueue small;
    ItemQueue main;
    Ghost ghost;
    uint64_t ghost_hits = 0;
    uint64_t size() const { return small.size() + main.size(); }
  };

  /// Counts hits and moves in `classes`; the ghosts' memory is the arena's. All outlive it.
  Eviction(const Slab& slab, ClassTable& classes, Arena& arena);

  /// An insert or a remember of this hash is to come.
  void prefetch_ghost(uint8_t class_number, uint64_t hash) const {
    queues_[class_number].ghost.prefetch(hash);
  }
  /// A new key: into main if the ghost knows it, else into small.
  void insert(Item& item, uint64_t hash);
  /// A new value of a key: it inherits the place of the old one.
  void inherit(Item& item, const Item& old);
  void remove(Item& item) { queue_of(item).remove(slab_, item); }
  void relocate(const Item& to) { queue_of(to).relocate(slab_, to); }

  /// Writes only what changes: a hot item's line stays clean.
  void note_hit(Item& item) {
    note_rewrite(item);
    if (item.has(status::in_main)) {
      ++main_hits_.now;
      ++counters_of(item)[ClassCounter::HitsInMain];
    } else {
      ++counters_of(item)[ClassCounter::HitsInSmall];
    }
  }
  /// A new value is a use of the key, but no hit.
  void note_rewrite(Item& item) {
    if (item.frequency() < frequency_max) {
      item.set_frequency(static_cast<uint8_t>(item.frequency() + 1));
    }
  }
  /// Once per window of requests: settles how much of each class its small queue may have. The
  /// ghost tells what more room for it would be worth.
  void adapt();

  /// Whom to evict from this class. Never `keep` nor a pinned item. Moves items between the queues.
  Victim choose(uint8_t class_number, const Life& life, const Item* keep);
  /// Only a dead item: looks at the oldest few. For -M.
  Victim choose_dead(uint8_t class_number, const Life& life, const Item* keep) const;
  /// An item that leaves by eviction. Only what never reached main is remembered.
  void remember(const Item& item, uint64_t hash);

  const Queues& queues(uint8_t class_number) const { return queues_[class_number]; }
  uint64_t ghost_bytes() const { return ghost_bytes_; }
  double small_share() const { return small_share_; }

  static bool is_protected(const Item& item, const Item* keep) {
    return &item == keep || item.pins() != 0;
  }

  void verify() const;
  /// Of this item's place in its queue.
  void verify_place(const Item& item) const;

 private:
  /// Hits, counted up and fading window by window.
  struct Hits {
    uint64_t now = 0;  // so far
    uint64_t counted = 0;
    double lately = 0;
    void end_window();
  };

  template <size_t... class_number>
  static std::array<Queues, classes_max> make_queues(Arena& arena,
                                                     std::index_sequence<class_number...>) {
    return {((void)class_number, Queues(arena))...};
  }
  ClassCounters& counters_of(const Item& item) { return classes_[item.class_number()].counters; }
  ItemQueue& queue_of(const Item& item) {
    Queues& queues = queues_[item.class_number()];
    return item.has(status::in_main) ? queues.main : queues.small;
  }
  bool small_is_due(const Queues& queues) const;
  void spare(Queues& queues, Item& item);
  uint64_t verify_queue(const ItemQueue& queue, uint32_t class_number, bool main) const;

  const Slab& slab_;
  ClassTable& classes_;
  uint64_t ghost_bytes_ = 0;
  Hits main_hits_, ghost_hits_;  // of all classes
  double small_share_;
  bool main_was_filled_ = false;  // to a quarter: a cold main is hit little whatever is popular
  std::array<Queues, classes_max> queues_;
};

}  // namespace ringcached::store
