// One setting of the command line as a row of a table: checks a value and stores it.
#include "server/setting.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "base/assert.h"
#include "base/digits.h"

namespace ringcached::server {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// Numbers for people: no trailing zeros, no exponent below 10 digits.
std::string shown(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", number);
  return text;
}

Complaint expected_number(const Setting& setting) {
  std::string text = "expected a whole number";
  if (setting.unit == 1 << 10) text += " of KiB";
  if (setting.unit == 1 << 20) text += " of MiB";
  if (setting.high == INT32_MAX || setting.high == UINT32_MAX) {
    return text + ", at least " + shown(setting.low);
  }
  return text + " from " + shown(setting.low) + " to " + shown(setting.high);
}

Complaint expected_real(const Setting& setting) {
  std::string text = "expected a number greater than " + shown(setting.low);
  if (setting.high != INT32_MAX) text += " and at most " + shown(setting.high);
  return text;
}

/// Numbers are checked against the row's bounds before; the row's maker answers for bounds that
/// fit the destination.
void store_number(const Destination& to, int64_t number) {
  if (auto* const* as_int = std::get_if<int*>(&to)) {
    **as_int = static_cast<int>(number);
    RC_ASSERT(**as_int == number);
  } else if (auto* const* as_u32 = std::get_if<uint32_t*>(&to)) {
    **as_u32 = static_cast<uint32_t>(number);
    RC_ASSERT(**as_u32 == number);
  } else if (auto* const* as_u64 = std::get_if<uint64_t*>(&to)) {
    RC_ASSERT(number >= 0);
    **as_u64 = static_cast<uint64_t>(number);
  } else {
    RC_ASSERT(std::holds_alternative<std::monostate>(to));
  }
}

Complaint apply_number(const Setting& setting, std::string_view value) {
  RC_ASSERT(setting.low <= setting.high && setting.unit > 0);
  const std::optional<int64_t> number = parse_whole(value);
  if (!number || static_cast<double>(*number) < setting.low ||
      static_cast<double>(*number) > setting.high) {
    return expected_number(setting);
  }
  store_number(setting.to, *number * static_cast<int64_t>(setting.unit));
  return {};
}

Complaint apply_real(const Setting& setting, std::string_view value) {
  RC_ASSERT(setting.low < setting.high);
  const std::string text(trimmed(value));
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const bool whole_text = !text.empty() && *end == '\0';
  if (!whole_text || !std::isfinite(number) || number <= setting.low || number > setting.high) {
    return expected_real(setting);
  }
  if (auto* const* real = std::get_if<double*>(&setting.to)) **real = number;
  return {};
}

Complaint apply_text(const Setting& setting, std::string_view value) {
  if (value.empty()) return "expected a value that is not empty";
  if (auto* const* text = std::get_if<std::string*>(&setting.to)) **text = std::string(value);
  return {};
}

Complaint apply_value(const Setting& setting, Config& config, std::string_view value) {
  switch (setting.takes) {
    case Takes::Number:
      return apply_number(setting, value);
    case Takes::Real:
      return apply_real(setting, value);
    case Takes::Text:
      return apply_text(setting, value);
    case Takes::Special:
      RC_ASSERT(setting.special != nullptr);
      return setting.special(config, value);
    case Takes::Nothing:
      if (auto* const* on = std::get_if<bool*>(&setting.to)) **on = setting.turns;
      return {};
  }
  return {};
}

Complaint expected_value(const Setting& setting) {
  if (setting.takes == Takes::Number) return expected_number(setting);
  if (setting.takes == Takes::Real) return expected_real(setting);
  return "expected a value";
}

}  // namespace

std::optional<int64_t> parse_whole(std::string_view text) {
  text = trimmed(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  return parse_signed(text);
}

Complaint apply(const Setting& setting, Config& config, std::optional<std::string_view> value) {
  if (setting.refusal != nullptr) return setting.refusal;
  if (setting.takes != Takes::Nothing && !value && !setting.value_optional) {
    return expected_value(setting);
  }
  if (setting.also_turns_on != nullptr) *setting.also_turns_on = true;
  if (setting.takes != Takes::Nothing && setting.takes != Takes::Special && !value) return {};
  return apply_value(setting, config, value.value_or(""));
}

std::string shown_value(const Setting& setting) {
  const double unit = static_cast<double>(setting.unit);
  if (auto* const* number = std::get_if<int*>(&setting.to)) return shown(**number / unit);
  if (auto* const* u32 = std::get_if<uint32_t*>(&setting.to)) return shown(**u32 / unit);
  if (auto* const* u64 = std::get_if<uint64_t*>(&setting.to)) {
    return shown(static_cast<double>(**u64) / unit);
  }
  if (auto* const* real = std::get_if<double*>(&setting.to)) return shown(**real);
  return {};
}

}  // namespace ringcached::server
