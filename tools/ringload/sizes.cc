#include "ringload/sizes.h"

#include <algorithm>

#include "base/digits.h"

namespace ringload {

namespace {

constexpr uint64_t weight_max = 1'000'000'000;  // guess: nobody needs finer shares
constexpr size_t kinds_max = 1000;

std::optional<uint64_t> number_in(std::string_view text, uint64_t most) {
  const auto number = ringcached::parse_unsigned(text);
  return number && *number <= most ? number : std::nullopt;
}

/// What stands before `separator`, which goes too; all of `text` without one.
std::string_view take_until(std::string_view& text, char separator) {
  const size_t at = std::min(text.find(separator), text.size());
  const std::string_view word = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return word;
}

struct Part {
  uint32_t least, most;
  uint64_t weight;
};

std::optional<Part> parse_part(std::string_view text) {
  const bool weighted = text.find(':') != std::string_view::npos;
  const std::string_view range = take_until(text, ':');
  const auto weight = weighted ? number_in(text, weight_max) : 1;
  const size_t dash = range.find('-');
  const auto least = number_in(range.substr(0, dash), UINT32_MAX);
  const auto most =
      dash == std::string_view::npos ? least : number_in(range.substr(dash + 1), UINT32_MAX);
  if (!weight || *weight == 0 || !least || !most || *least > *most) return std::nullopt;
  return Part{static_cast<uint32_t>(*least), static_cast<uint32_t>(*most), *weight};
}

}  // namespace

std::optional<Sizes> Sizes::parse(std::string_view text) {
  std::vector<Part> parts;
  uint64_t total = 0;
  if (text.ends_with(',')) return std::nullopt;
  do {
    const auto part = parse_part(take_until(text, ','));
    if (!part || parts.size() == kinds_max) return std::nullopt;
    parts.push_back(*part);
    total += part->weight;
  } while (!text.empty());
  std::vector<Kind> kinds;
  uint64_t before = 0;
  for (const Part& part : parts) {
    before += part.weight;
    const double share = static_cast<double>(before) / static_cast<double>(total);
    kinds.push_back({part.least, part.most, static_cast<uint32_t>(share * UINT32_MAX)});
  }
  kinds.back().share_up_to = UINT32_MAX;
  return Sizes(std::move(kinds));
}

Sizes::Sizes(std::vector<Kind> kinds) : kinds_(std::move(kinds)) {
  least_ = most_ = kinds_.front().least;
  for (const Kind& kind : kinds_) {
    least_ = std::min(least_, kind.least);
    most_ = std::max(most_, kind.most);
  }
  is_one_ = least_ == most_;
}

double Sizes::mean() const {
  double sum = 0, before = 0;
  for (const Kind& kind : kinds_) {
    const double middle = (static_cast<double>(kind.least) + static_cast<double>(kind.most)) / 2;
    sum += middle * (kind.share_up_to - before);
    before = kind.share_up_to;
  }
  return sum / UINT32_MAX;
}

}  // namespace ringload
