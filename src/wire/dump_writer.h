// Spells what a dump tells of an item: `lru_crawler metadump`, `mgdump` and `stats cachedump`.
#pragma once

#include <cstddef>
#include <string_view>

#include "ringcached/dump_record.h"

namespace ringcached::wire {

/// The most bytes of one item's line: the key with every byte escaped, and the numbers.
inline constexpr size_t dump_line_max = 1024;

struct DumpForm {
  std::string_view name;   // the word of the command
  std::string_view start;  // before the first line
  std::string_view end;    // behind the last
  /// Writes the line at `out`, which has room for dump_line_max; returns the end. Writes nothing
  /// for an item that this form does not show.
  char* (*write)(const DumpRecord&, std::string_view key, const Now&, char* out);
};

/// The form called `name`, or null.
const DumpForm* find_dump_form(std::string_view name);

}  // namespace ringcached::wire
