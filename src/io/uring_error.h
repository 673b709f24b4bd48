// Puts a refused io_uring into words: what was refused, the likely cause and the cure.
#pragma once

#include <string>

namespace ringcached::io {

/// One line, without a newline at its end, for `error` (an errno) of the step `what`.
std::string explain_refusal(const char* what, int error);
/// The same where kernel.io_uring_disabled is `setting`; -1: the kernel has none.
std::string explain_refusal(const char* what, int error, int setting);

}  // namespace ringcached::io
