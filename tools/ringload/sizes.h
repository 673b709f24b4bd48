// Sizes of keys or values: one, a range of equally likely ones, or a list with weights.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ringload {

class Sizes {
 public:
  explicit Sizes(uint32_t only) : Sizes(std::vector<Kind>{{only, only, UINT32_MAX}}) {}

  /// "100", "10-200", or "100:9,1000:1" (nine times as many of 100; the parts may be ranges, a
  /// weight left out is 1). Nothing if `text` is none of these.
  static std::optional<Sizes> parse(std::string_view text);

  /// The size that belongs to these 64 random bits.
  uint32_t of(uint64_t bits) const {
    const uint32_t share = static_cast<uint32_t>(bits >> 32);
    size_t i = 0;
    while (share > kinds_[i].share_up_to) ++i;
    const uint64_t width = uint64_t{kinds_[i].most} - kinds_[i].least + 1;
    return kinds_[i].least + static_cast<uint32_t>((bits & UINT32_MAX) * width >> 32);
  }

  bool is_one() const { return is_one_; }
  uint32_t least() const { return least_; }
  uint32_t most() const { return most_; }
  double mean() const;

 private:
  struct Kind {
    uint32_t least, most;
    uint32_t share_up_to;  // of 2^32, those before it included; the last one has all
  };

  explicit Sizes(std::vector<Kind> kinds);

  std::vector<Kind> kinds_;  // never empty
  uint32_t least_, most_;
  bool is_one_;
};

}  // namespace ringload
