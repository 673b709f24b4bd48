#include "ringload/pattern.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace ringload {

namespace {

constexpr double zipf_exponent = 0.99;      // YCSB's default
constexpr double gaussian_share = 1.0 / 6;  // memtier's default: three deviations to either side
constexpr double golden_share = 0.6180339887498949;

std::optional<double> parameter_in(std::string_view text, double most) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!(number > 0 && number <= most)) return std::nullopt;
  return number;
}

/// A step near the golden section, which keeps the first few ranks far apart.
uint64_t stride_for(uint64_t keys) {
  uint64_t stride = static_cast<uint64_t>(static_cast<double>(keys) * golden_share) | 1;
  while (std::gcd(stride, keys) != 1) stride += 2;
  return stride;
}

struct Name {
  const char* name;
  PatternKind kind;
  double parameter, parameter_max;  // 0: takes none
};

constexpr Name names[] = {
    {"uniform", PatternKind::Uniform, 0, 0},
    {"zipf", PatternKind::Zipf, zipf_exponent, 10},
    {"sequential", PatternKind::Sequential, 0, 0},
    {"gaussian", PatternKind::Gaussian, gaussian_share, 1},
};

}  // namespace

std::optional<Pattern> Pattern::parse(std::string_view text) {
  const size_t colon = text.find(':');
  for (const Name& each : names) {
    if (text.substr(0, colon) != each.name) continue;
    if (colon == std::string_view::npos) return Pattern{each.kind, each.parameter};
    const auto parameter = parameter_in(text.substr(colon + 1), each.parameter_max);
    if (!parameter) return std::nullopt;
    return Pattern{each.kind, *parameter};
  }
  return std::nullopt;
}

std::string Pattern::spelled() const {
  const Name& each = names[static_cast<size_t>(kind)];
  if (each.parameter_max == 0) return each.name;
  char text[48];
  std::snprintf(text, sizeof text, "%s:%.6g", each.name, parameter);
  return text;
}

KeyChoice::KeyChoice(const Pattern& pattern, uint64_t keys, double hot_share, Lane lane)
    : pattern_(pattern),
      keys_(keys),
      hot_below_(static_cast<uint64_t>(hot_share * 0x1p63)),
      lane_(lane),
      at_(lane.first % keys),
      stride_(stride_for(keys)),
      zipf_(keys, pattern.kind == PatternKind::Zipf ? pattern.parameter : 1) {}

/// Marsaglia's polar method; what falls outside the keys is drawn again.
uint64_t KeyChoice::next_gaussian(replay::Random& random) {
  const double middle = static_cast<double>(keys_) / 2;
  const double deviation = static_cast<double>(keys_) * pattern_.parameter;
  for (;;) {
    double normal = 0;
    if (spare_) {
      normal = *spare_;
      spare_.reset();
    } else {
      const double x = 2 * random.unit() - 1, y = 2 * random.unit() - 1;
      const double square = x * x + y * y;
      if (square >= 1 || square == 0) continue;
      const double factor = std::sqrt(-2 * std::log(square) / square);
      normal = x * factor;
      spare_ = y * factor;
    }
    const double place = middle + deviation * normal;
    if (place >= 0 && place < static_cast<double>(keys_)) return static_cast<uint64_t>(place);
  }
}

}  // namespace ringload
