// One setting of the command line as a row of a table: its name, its values, where they go.
//
// The two tables are option_table.cc (letters) and suboptions.cc (-o). A new option is a new row
// there; -h, the checks and the error lines follow from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "ringcached/config.h"

namespace ringcached::server {

/// What the option does with its value.
enum class Takes : uint8_t {
  Nothing,  // sets a bool (to `turns`), or has no effect when it has no destination
  Number,   // a whole number, low..high, stored times `unit`
  Real,     // above `low`, at most `high`
  Text,     // not empty
  Special,  // what `special` makes of it
};

/// A complaint about a value: "expected ...". Empty: it was taken.
using Complaint = std::string;

/// Into which field of the Config a value goes; the rows are made for one Config.
using Destination =
    std::variant<std::monostate, bool*, int*, uint32_t*, uint64_t*, double*, std::string*>;

struct Setting {
  char letter = 0;             // 0: a sub-option of -o
  const char* name = nullptr;  // long form, or the sub-option's name
  Takes takes = Takes::Nothing;
  bool value_optional = false;  // may be given without its value (Special then sees "")
  Destination to = {};
  bool turns = true;  // Nothing: what the bool becomes
  double low = 0;     // least whole number; Real: must be greater
  double high = INT32_MAX;
  uint64_t unit = 1;
  Complaint (*special)(Config&, std::string_view value) = nullptr;
  bool* also_turns_on = nullptr;     // set when the option is given
  int exit_code = 1;                 // of a bad value, as memcached has it
  const char* refusal = nullptr;     // not there yet: what, and what to do instead
  const char* value_name = nullptr;  // in -h: "num", "file"
  const char* help = nullptr;        // in -h; null: accepted without effect
};

/// Takes the value of a row into its destination.
Complaint apply(const Setting& setting, Config& config, std::optional<std::string_view> value);

/// The present value as -h shows it ("11211", "1.25"), in the row's unit; empty if it has none.
std::string shown_value(const Setting& setting);

/// A whole number with blanks around it at most, as the shell or a unit file may leave them.
std::optional<int64_t> parse_whole(std::string_view text);

}  // namespace ringcached::server
