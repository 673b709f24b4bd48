#include "store/balance.h"

namespace ringcached::store {

namespace {

constexpr double decay = 0.98;     // per window
constexpr double hits_least = 16;  // below that an heir's hits are noise
constexpr double gain_least = 2;   // the heir's hits per page against the donor's
constexpr double donor_prior = 4;  // hits for free: quiet classes are not bled dry

}  // namespace

Balance::Move Balance::decide(const Slab& slab, const Eviction& eviction) {
  Move move;
  double most = 0, fewest = 0;
  for (uint8_t i = 0; i < slab.sizes().count(); ++i) {
    const uint64_t counted = eviction.queues(i).ghost_hits;
    hits_[i] = hits_[i] * decay + static_cast<double>(counted - hits_counted_[i]);
    hits_counted_[i] = counted;
    const auto pages = static_cast<double>(slab.class_at(i).pages);
    if (pages == 0) continue;
    if (const double rate = hits_[i] / pages; hits_[i] >= hits_least && rate > most) {
      most = rate;
      move.heir = i;
    }
    const double cost = (hits_[i] + donor_prior) / pages;
    if (pages < 2 || (move.donor != Slab::no_class && cost >= fewest)) continue;
    fewest = cost;
    move.donor = i;
  }
  const bool pays = move.donor != Slab::no_class && move.donor != move.heir;
  return pays && most > gain_least * fewest ? move : Move{};
}

uint8_t Balance::poorest(const Slab& slab, uint64_t not_these) const {
  uint8_t poorest = Slab::no_class;
  double fewest = 0;
  for (uint8_t i = 0; i < slab.sizes().count(); ++i) {
    const auto pages = static_cast<double>(slab.class_at(i).pages);
    if (pages == 0 || (not_these >> i & 1) != 0) continue;
    const double cost = (hits_[i] + donor_prior) / pages;
    if (poorest != Slab::no_class && cost >= fewest) continue;
    fewest = cost;
    poorest = i;
  }
  return poorest;
}

}  // namespace ringcached::store
