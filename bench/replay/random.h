// Randomness that is the same everywhere: a seed gives the same requests with every compiler.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace replay {

/// Spreads the bits of a number over all 64; one to one (the finalizer of splitmix64).
constexpr uint64_t scramble(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// A sequence of 64-bit numbers.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(scramble(seed)) {}
  uint64_t next() { return scramble(state_ += 0x9e3779b97f4a7c15u); }
  /// In [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  uint64_t state_;
};

/// Ranks 1 ... n, rank k as often as 1 / k^exponent says; constant time and no table, by rejection
/// and inversion (Hoermann and Derflinger, 1996).
class Zipf {
 public:
  Zipf(uint64_t n, double exponent)
      : exponent_(exponent),
        n_(static_cast<double>(n)),
        low_(area(1.5) - 1),
        high_(area(n_ + 0.5)),
        sure_(2 - area_inverse(area(2.5) - std::pow(2, -exponent))) {}

  uint64_t next(Random& random) const {
    for (;;) {
      const double u = high_ + random.unit() * (low_ - high_);
      const double x = area_inverse(u);
      const double k = std::min(std::max(std::floor(x + 0.5), 1.0), n_);
      if (k - x <= sure_ || u >= area(k + 0.5) - std::pow(k, -exponent_)) {
        return static_cast<uint64_t>(k);
      }
    }
  }

 private:
  /// The area under x^-exponent, up to a constant.
  double area(double x) const {
    return exponent_ == 1 ? std::log(x) : (std::pow(x, 1 - exponent_) - 1) / (1 - exponent_);
  }
  double area_inverse(double a) const {
    return exponent_ == 1 ? std::exp(a) : std::pow(1 + a * (1 - exponent_), 1 / (1 - exponent_));
  }

  double exponent_, n_, low_, high_, sure_;
};

}  // namespace replay
