#include "pauses/phases.h"

#include <string>
#include <vector>

#include "base/assert.h"
#include "replay/random.h"
#include "ringcached/counters.h"
#include "ringcached/limits.h"
#include "store/page.h"

namespace pauses {

using ringcached::Counter;
using ringcached::Seconds;

namespace {

constexpr uint32_t small_value = 100;
/// Bytes of an item: header, cas id, key and value; and bytes that there is memory for.
constexpr uint32_t item_bytes = 24 + 8 + 19 + small_value;
constexpr uint64_t room_per_item = 200;
/// A round of the sweep takes a minute; more than two are a failure.
constexpr uint32_t patience_seconds = 150;
constexpr uint64_t idle_turns_most = 1'000'000;

int64_t unix_time_of(Seconds seconds) {
  return CoreLoop::unix_start + seconds;
}

/// A loop whose clock goes on with its turns.
class Service {
 public:
  Service(const Scale& scale, uint64_t memory_bytes, uint64_t seed)
      : loop(memory_bytes, scale.preallocated, seed), turns_per_second_(scale.turns_per_second) {}

  void turn(Turns& turns) {
    if (++turns_ % turns_per_second_ == 0) loop.at(loop.seconds() + 1);
    loop.turn(turns);
  }
  /// New keys from `first` on, all in one go.
  void grow(uint64_t first, uint64_t count, int64_t exptime, Turns& turns) {
    for (uint64_t i = 0; i < count;) {
      for (; i < count && !loop.full(); ++i) loop.set(first + i, small_value, exptime);
      turn(turns);
    }
  }
  /// Nine reads and a write in ten, of keys below `keys`.
  void serve(uint64_t keys, uint64_t turns_wanted, Turns& turns) {
    for (uint64_t i = 0; i < turns_wanted; ++i) {
      while (!loop.full()) {
        const uint64_t key = loop.random().below(keys);
        if (loop.random().below(10) == 0) {
          loop.set(key, small_value);
        } else {
          loop.get(key);
        }
      }
      turn(turns);
    }
  }
  uint64_t items() { return loop.counters()[Counter::CurrItems]; }
  uint64_t items_per_page() const {
    const ringcached::store::SizeClasses& sizes = loop.store().sizes();
    return sizes.chunks_per_page(sizes.class_for(item_bytes));
  }
  uint64_t empty_pages() const { return loop.store().slab().pages_empty(); }

  CoreLoop loop;

 private:
  uint64_t turns_per_second_;
  uint64_t turns_ = 0;
};

/// One second in which nobody asks for anything.
void quiet_second(CoreLoop& loop, Turns& turns) {
  loop.at(loop.seconds() + 1);
  loop.idle(turns, idle_turns_most);
}

/// Nobody asks for anything until `done`; how many seconds that took.
template <class Done>
uint32_t wait_until(CoreLoop& loop, Turns& turns, Done&& done) {
  uint32_t seconds = 0;
  for (; !done() && seconds < patience_seconds; ++seconds) quiet_second(loop, turns);
  return seconds;
}

/// What was to die at `death` does.
void expire(Service& service, uint64_t lasting, uint64_t dying, Seconds death, const Tell& tell,
            SweepFigures& figures) {
  CoreLoop& loop = service.loop;
  Turns turns;
  RC_ASSERT(loop.seconds() < death && service.items() == lasting + dying);
  while (loop.seconds() + 1 < death) quiet_second(loop, turns);
  // All but the two at either end, which others share.
  const uint64_t pages = dying / service.items_per_page() - 2;
  const auto gone = [&] { return service.items() <= lasting; };
  const auto freed = [&] { return service.empty_pages() >= pages; };
  Turns after;
  figures.seconds_until_pages = wait_until(loop, after, freed);
  figures.seconds_until_gone = figures.seconds_until_pages + wait_until(loop, after, gone);
  tell("a tenth expires", after, std::to_string(dying) + " items in one second");
}

}  // namespace

SweepFigures run_many_items(const Scale& scale, uint64_t seed, const Tell& tell) {
  constexpr Seconds steady_seconds = 10, quiet_seconds = 60;
  SweepFigures figures;
  Service service(scale, scale.items * room_per_item, seed);
  CoreLoop& loop = service.loop;
  const uint64_t dying = scale.items / 10, lasting = scale.items - dying;
  const uint64_t growth_seconds = scale.items / CoreLoop::batch_least / scale.turns_per_second + 1;
  const auto death =
      static_cast<Seconds>(loop.seconds() + growth_seconds + steady_seconds + quiet_seconds + 1);
  Turns growth, steady, quiet, flushed;

  service.grow(0, lasting, 0, growth);
  service.grow(lasting, dying, unix_time_of(death), growth);
  tell("growth", growth, std::to_string(service.items()) + " items");
  service.serve(lasting, scale.turns_per_second * steady_seconds, steady);
  tell("steady", steady, "reads and writes in all of them");

  for (Seconds i = 0; i < quiet_seconds; ++i) quiet_second(loop, quiet);
  figures.share_of_core = static_cast<double>(quiet.whole.sum()) / (quiet_seconds * 1e9);
  tell("sweep alone", quiet, "nobody asks, nobody is dead");

  expire(service, lasting, dying, death, tell, figures);

  loop.flush_all();
  service.serve(lasting, scale.turns_per_second * patience_seconds / 2, flushed);
  tell("flush_all", flushed, std::to_string(lasting) + " items, and service goes on");
  return figures;
}

// --- Pages that move.

namespace {

/// Reads keys of a popularity that is Zipf's, and sets what was missed.
void serve_and_fill(Service& service, uint64_t first_key, uint64_t keys, uint32_t value_size,
                    uint64_t requests, Turns& turns) {
  CoreLoop& loop = service.loop;
  replay::Random random(first_key + 1);
  const replay::Zipf zipf(keys, 0.9);
  for (uint64_t i = 0; i < requests;) {
    const std::vector<uint64_t> missed = loop.missed();
    if (value_size > ringcached::whole_value_max) {
      for (const uint64_t key : missed) loop.load(key, value_size, turns);
    }
    for (const uint64_t key : missed) {
      if (value_size <= ringcached::whole_value_max && !loop.full()) loop.set(key, value_size);
    }
    for (; i < requests && !loop.full(); ++i) loop.get(first_key + zipf.next(random));
    service.turn(turns);
  }
}

}  // namespace

void run_shifts(const Scale& scale, uint64_t seed, const Tell& tell) {
  Service service(scale, scale.shift_memory, seed);
  uint64_t first_key = 0;
  for (const uint32_t value_size : {100u, 1000u, 10'000u, 200'000u, 3000u, 100u}) {
    Turns turns;
    const uint64_t moved = service.loop.counters()[Counter::SlabsMoved];
    const uint64_t keys = 2 * scale.shift_memory / (value_size + 64) + 100;
    const uint64_t requests = scale.shift_requests * 100 / (100 + value_size / 20);
    serve_and_fill(service, first_key, keys, value_size, requests, turns);
    first_key += keys;
    const uint64_t pages = service.loop.counters()[Counter::SlabsMoved] - moved;
    tell("values of " + std::to_string(value_size) + " B", turns,
         std::to_string(pages) + " pages moved");
  }
}

void run_shrink(const Scale& scale, uint64_t seed, const Tell& tell) {
  Service service(scale, scale.shift_memory, seed);
  const uint64_t items = scale.shift_memory / item_bytes;
  Turns growth, turns;
  service.grow(0, items * 5 / 4, 0, growth);
  ringcached::store::PageBudget& budget = service.loop.budget();
  budget.resize(scale.shift_memory / 2);
  for (uint64_t i = 0; budget.owes(0) && i < idle_turns_most; ++i) service.serve(items, 1, turns);
  tell("-m halved", turns, "down to " + std::to_string(budget.held(0)) + " pages");
}

void run_giant(const Scale& scale, uint64_t seed, const Tell& tell) {
  Service service(scale, uint64_t{scale.giant_bytes} * 2, seed);
  CoreLoop& loop = service.loop;
  Turns loaded, deleted;
  loop.load(1, scale.giant_bytes, loaded);
  tell("a giant comes", loaded, std::to_string(scale.giant_bytes >> 20) + " MiB");
  const uint64_t pages = service.empty_pages();
  loop.remove(1);
  loop.idle(deleted, idle_turns_most);
  RC_ASSERT(service.items() == 0);
  tell("a giant goes", deleted, std::to_string(service.empty_pages() - pages) + " pages emptied");
}

}  // namespace pauses
