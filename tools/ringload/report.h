// The results, for people and as JSON.
#pragma once

#include <string>

#include "ringload/options.h"
#include "ringload/result.h"

namespace ringload {

std::string as_table(const Options& options, const Result& result);

/// One object in one line; --help lists its keys.
std::string as_json(const Options& options, const Result& result);

}  // namespace ringload
