// What --help prints.
#pragma once

namespace ringload {

extern const char* const help_text;

}  // namespace ringload
