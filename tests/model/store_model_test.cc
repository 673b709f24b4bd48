// Seeded acts against a plain map: what a store shows must be what the map holds.
//
// With a tight budget an item may have been evicted; with an ample one it may not. Partitions that
// share a budget take turns at being busy, so that one grows while another shrinks. SEED=n replays
// one run, ACTS=n makes it longer.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "model.h"

namespace ringcached::store {
namespace {

constexpr uint64_t acts_per_tide = 10'000;     // before another partition is the busiest
constexpr uint64_t acts_per_check = 1000;      // before everything is looked at
constexpr uint64_t acts_per_resize = 1700;     // on average
constexpr uint64_t acts_elsewhere_one_in = 8;  // while one partition is the busiest

/// The partitions of one budget.
class Partitions {
 public:
  Partitions(const Setting& setting, uint64_t seed)
      : setting_(setting),
        random_(seed),
        budget_(setting.memory, setting.config.partitions),
        fewest_(setting.memory / page_size) {
    for (uint32_t i = 0; i < setting.config.partitions; ++i) {
      models_.push_back(std::make_unique<Model>(setting, i, seed + i, budget_));
    }
  }

  void run(uint64_t acts) {
    for (uint64_t i = 1; i <= acts; ++i) {
      if (i % acts_per_tide == 1) busiest_ = random_() % models_.size();
      const bool elsewhere = random_() % acts_elsewhere_one_in == 0;
      models_[elsewhere ? random_() % models_.size() : busiest_]->act();
      if (!setting_.ample && random_() % acts_per_resize == 0) resize();
      if (i % acts_per_check == 0) check_all();
    }
    for (const auto& model : models_) model->let_go();
    if (!setting_.ample) budget_.resize(setting_.memory / 4);
    for (const auto& model : models_) model->give_pages_back();
    for (const auto& model : models_) model->wind_down();
    budget_.verify();
  }

  void tell() const {
    uint64_t hits = 0, evictions = 0, page_moves = 0;
    for (const auto& model : models_) {
      hits += model->hits();
      evictions += model->evictions();
      page_moves += model->page_moves();
    }
    std::printf("ok - %s: %llu hits, %llu evictions, %llu page moves, %llu to %llu pages\n",
                setting_.name, static_cast<unsigned long long>(hits),
                static_cast<unsigned long long>(evictions),
                static_cast<unsigned long long>(page_moves),
                static_cast<unsigned long long>(fewest_), static_cast<unsigned long long>(most_));
    std::fflush(stdout);
  }

 private:
  /// Another -m, from a quarter to all of what it was at the start. What is promised stays: pins
  /// and values under way.
  void resize() {
    budget_.resize(setting_.memory / 4 + random_() % (setting_.memory * 3 / 4 + 1));
    if (random_() % 4 == 0) budget_.resize(setting_.memory);
  }

  void check_all() {
    budget_.verify();
    uint64_t held = 0;
    bool owing = false;
    for (uint32_t i = 0; i < models_.size(); ++i) {
      models_[i]->check_all();
      CLAIM(models_[i]->pages() == budget_.held(i));
      held += budget_.held(i);
      owing = owing || budget_.owes(i);
    }
    CLAIM(owing || held <= budget_.pages_total());
    fewest_ = std::min(fewest_, models_[0]->pages());
    most_ = std::max(most_, models_[0]->pages());
  }

  const Setting& setting_;
  std::mt19937_64 random_;
  PageBudget budget_;
  std::vector<std::unique_ptr<Model>> models_;
  size_t busiest_ = 0;
  uint64_t fewest_, most_ = 0;  // pages that the first one held
};

StoreConfig partitions_of(uint32_t partitions, StoreConfig config) {
  config.partitions = partitions;
  return config;
}

std::vector<Setting> settings() {
  StoreConfig plain;
  StoreConfig no_cas = plain;
  no_cas.cas_enabled = false;
  no_cas.slab_min_size = 1;
  no_cas.initial_buckets = 2;
  StoreConfig no_evict = plain;
  no_evict.evict = false;
  plain.track_sizes = true;
  StoreConfig fine = plain;
  fine.growth_factor = 1.02;
  StoreConfig large = plain;
  large.slab_min_size = 1000;
  large.slab_chunk_max = 4096;
  StoreConfig given = plain;
  given.slab_sizes = {96, 200, 1000, 9000};
  return {
      {"ample, but failures", 512u << 20, false, plain, 3000, 400'000},
      {"ample", 512u << 20, true, plain, 3000, 400'000},
      {"ample, no cas, two partitions", 512u << 20, true, partitions_of(2, no_cas), 20'000, 3000},
      {"tight", 2u << 20, false, plain, 3000, 300'000},
      {"tight, small values", 1u << 20, false, no_cas, 20'000, 300},
      {"tight, two partitions", 4u << 20, false, partitions_of(2, plain), 3000, 100'000},
      {"tight, three partitions", 6u << 20, false, partitions_of(3, no_cas), 4000, 30'000},
      {"tight, fine classes", 4u << 20, false, fine, 5000, 50'000},
      {"tight, few large classes", 4u << 20, false, large, 3000, 50'000},
      {"tight, given classes", 2u << 20, false, given, 3000, 50'000},
      {"tight, no eviction", 2u << 20, false, no_evict, 3000, 100'000},
      {"tight, no eviction, two partitions", 4u << 20, false, partitions_of(2, no_evict), 3000,
       50'000},
      {"tight, drifting", 3u << 20, false, plain, 2000, 200'000, true},
      {"tight, drifting, two partitions", 4u << 20, false, partitions_of(2, plain), 2000, 100'000,
       true},
      {"tight, giants", 24u << 20, false, plain, 100, 4'000'000},
      {"hardly any", 256u << 10, false, plain, 300, 300'000},
  };
}

uint64_t number_from(const char* name, uint64_t otherwise) {
  const char* given = std::getenv(name);
  return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

}  // namespace
}  // namespace ringcached::store

int main() {
  using namespace ringcached::store;
  const uint64_t seed = number_from("SEED", std::random_device{}());
  const uint64_t acts = number_from("ACTS", 50'000);  // in each setting
  std::printf("SEED=%llu ACTS=%llu\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(acts));
  std::fflush(stdout);
  for (const Setting& setting : settings()) {
    Partitions partitions(setting, seed);
    partitions.run(acts);
    partitions.tell();
  }
  return 0;
}
