// A run: populate, warm up, measure.
#pragma once

#include <atomic>

#include "ringload/options.h"
#include "ringload/result.h"

namespace ringload {

/// Ends early, with what there is, once `interrupted` is set. Throws Failure.
Result run(const Options& options, const std::atomic<bool>& interrupted);

}  // namespace ringload
