// The commands of the classic text protocol: a table of names, shapes and readers of arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ringcached/operation.h"
#include "wire/text_parser.h"
#include "wire/text_words.h"

namespace ringcached::wire {

/// How a command stands in the bytes.
enum class Shape : uint8_t {
  Keys,   // a line with any number of keys
  Value,  // a line and a value
  Line,   // a line
  Meta,   // a line with flags; behind ms a value
};

/// Reads the arguments behind the key into `operation`. What it returns is the reply that ends the
/// command here (an error, or all there is to say); empty if the operation is to run.
using Reader = std::string_view (*)(const Words& words, const ParserRules& rules,
                                    Operation& operation);

struct Command {
  std::string_view name;
  Shape shape = Shape::Line;
  uint8_t words_min = 1;      // Line, Meta: the name included; one with fewer is malformed
  bool has_key = false;       // Line: the word behind the name is a key
  bool heeds_noreply = true;  // Line: a last word "noreply" silences the reply
  Reader read = nullptr;      // null: no arguments beside the key
  Verb verb = Verb::Say;
  StoreMode mode = StoreMode::Set;
  bool with_cas = false;
  bool decrement = false;
};

/// The command called `name`, or null.
const Command* find_command(std::string_view name);

/// The numbers of a storage command and of meta flags may carry a plus sign (memcached reads them
/// with strtol), those of the other commands may not.
std::string_view without_plus(std::string_view word);

/// The LEN of a storage command: at most value_length_max.
std::optional<uint32_t> read_value_size(std::string_view word);

/// An exptime as touch and gat take it: a signed 32-bit number.
std::optional<int32_t> read_exptime(std::string_view word);

}  // namespace ringcached::wire
