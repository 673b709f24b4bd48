#include "replay/workload.h"

#include <cmath>

#include "replay/random.h"

namespace replay {

namespace {

constexpr double onehit_share = 0.2;
constexpr uint64_t shifts = 10;  // of popularity, over all requests

/// Where keys of different kinds begin, so that they never meet before they are scrambled.
constexpr uint64_t popular_keys = 0;
constexpr uint64_t onehit_keys = uint64_t{1} << 40;
constexpr uint64_t scanned_keys = uint64_t{1} << 41;

/// A number in [0, 1) that belongs to a key and is another one for each `purpose`.
double share_of(uint64_t key, uint64_t purpose) {
  return static_cast<double>(scramble(key + purpose * 0x9e3779b97f4a7c15u) >> 11) * 0x1p-53;
}

double between(double low, double high, double share) {
  return low + (high - low) * share;
}

/// As evenly over the magnitudes between the two as over numbers of one magnitude.
double log_between(double low, double high, double share) {
  return low * std::pow(high / low, share);
}

/// Small objects, 50 to 450 bytes.
uint32_t small_size(uint64_t key) {
  return static_cast<uint32_t>(between(50, 450, share_of(key, 1)));
}

/// Like the values of Twitter's clusters: 70 % below 300 bytes, a quarter to 2 KB, the rest to 60
/// KB.
uint32_t mixed_size(uint64_t key) {
  const double kind = share_of(key, 1), share = share_of(key, 2);
  if (kind < 0.70) return static_cast<uint32_t>(log_between(20, 300, share));
  if (kind < 0.95) return static_cast<uint32_t>(log_between(300, 2000, share));
  return static_cast<uint32_t>(log_between(2000, 60'000, share));
}

/// What all have: they know how many requests are to come, and scramble the keys with the seed.
class Workload : public Source {
 public:
  explicit Workload(const WorkloadOptions& options)
      : options_(options), random_(options.seed), salt_(random_.next()) {}

  bool next(Request& request) final {
    if (made_ == options_.requests) return false;
    const uint64_t key = scramble(choose(made_) ^ salt_);
    request = {key, size_of(key)};
    ++made_;
    return true;
  }

 protected:
  /// The number of the key that request `at` is for.
  virtual uint64_t choose(uint64_t at) = 0;
  virtual uint32_t size_of(uint64_t key) const { return small_size(key); }

  const WorkloadOptions options_;
  Random random_;

 private:
  uint64_t salt_;
  uint64_t made_ = 0;
};

/// A fifth of the requests are for keys that never come again.
class WithOnehits : public Workload {
 public:
  WithOnehits(const WorkloadOptions& options, double exponent)
      : Workload(options), zipf_(options.keys, exponent) {}

 protected:
  uint64_t choose(uint64_t at) override {
    if (random_.unit() < onehit_share) return onehit_keys + at;
    return popular_keys + zipf_.next(random_);
  }

 private:
  Zipf zipf_;
};

/// Now and then somebody walks over keys that nobody else wants: an eighth as many as are popular,
/// after each quarter as many requests. The walk goes on where the last one ended, round and round
/// over twice as many keys as are popular.
class WithScans : public Workload {
 public:
  explicit WithScans(const WorkloadOptions& options)
      : Workload(options),
        zipf_(options.keys, 0.9),
        quiet_(options.keys / 4 + 1),
        length_(options.keys / 8 + 1) {}

 protected:
  uint64_t choose(uint64_t at) override {
    if (at % (quiet_ + length_) < quiet_) return popular_keys + zipf_.next(random_);
    return scanned_keys + scanned_++ % (2 * options_.keys);
  }

 private:
  Zipf zipf_;
  uint64_t quiet_, length_;
  uint64_t scanned_ = 0;
};

/// All at once others are popular, ten times in all.
class WithShifts : public Workload {
 public:
  explicit WithShifts(const WorkloadOptions& options)
      : Workload(options), zipf_(options.keys, 0.9) {}

 protected:
  uint64_t choose(uint64_t at) override {
    const uint64_t shift = at * shifts / options_.requests;
    return popular_keys + (zipf_.next(random_) + shift * options_.keys / shifts) % options_.keys;
  }

 private:
  Zipf zipf_;
};

/// Sizes of four magnitudes.
class Mix : public Workload {
 public:
  explicit Mix(const WorkloadOptions& options) : Workload(options), zipf_(options.keys, 1.0) {}

 protected:
  uint64_t choose(uint64_t) override { return popular_keys + zipf_.next(random_); }
  uint32_t size_of(uint64_t key) const override { return mixed_size(key); }

 private:
  Zipf zipf_;
};

/// Zipf, all values of one size.
class Plain : public Workload {
 public:
  explicit Plain(const WorkloadOptions& options) : Workload(options), zipf_(options.keys, 1.0) {}

 protected:
  uint64_t choose(uint64_t) override { return popular_keys + zipf_.next(random_); }
  uint32_t size_of(uint64_t) const override { return options_.value_size; }

 private:
  Zipf zipf_;
};

/// Each key once, all values of one size.
class Fill : public Workload {
 public:
  explicit Fill(const WorkloadOptions& options) : Workload(options) {}

 protected:
  uint64_t choose(uint64_t at) override { return onehit_keys + at; }
  uint32_t size_of(uint64_t) const override { return options_.value_size; }
};

}  // namespace

const std::vector<WorkloadName>& workload_names() {
  static const std::vector<WorkloadName> names = {
      {"zipf0.9+onehit", "Zipf 0.9, 20 % of the requests for keys that never come again"},
      {"zipf1.0+onehit", "the same with Zipf 1.0"},
      {"scan+zipf", "Zipf 0.9, broken by walks over keys nobody else wants"},
      {"shift", "Zipf 0.9, others are popular ten times"},
      {"mix", "Zipf 1.0, values of 20 B to 60 KB, 70 % below 300 B"},
      {"zipf", "Zipf 1.0, values of --value-size"},
      {"fill", "each key once, values of --value-size"},
  };
  return names;
}

std::unique_ptr<Source> make_workload(const std::string& name, const WorkloadOptions& options) {
  if (name == "zipf0.9+onehit") return std::make_unique<WithOnehits>(options, 0.9);
  if (name == "zipf1.0+onehit") return std::make_unique<WithOnehits>(options, 1.0);
  if (name == "scan+zipf") return std::make_unique<WithScans>(options);
  if (name == "shift") return std::make_unique<WithShifts>(options);
  if (name == "mix") return std::make_unique<Mix>(options);
  if (name == "zipf") return std::make_unique<Plain>(options);
  if (name == "fill") return std::make_unique<Fill>(options);
  return nullptr;
}

}  // namespace replay
