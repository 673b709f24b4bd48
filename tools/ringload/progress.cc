#include "ringload/progress.h"

#include <unistd.h>

#include <cstdio>

#include "ringload/now.h"

namespace ringload {

ProgressLine::ProgressLine(const char* phase, bool quiet)
    : phase_(phase),
      quiet_(quiet),
      on_terminal_(::isatty(STDERR_FILENO) == 1),
      start_ns_(now_ns()),
      last_ns_(start_ns_) {}

ProgressLine::~ProgressLine() {
  if (shown_ && on_terminal_) std::fputs("\r\x1b[K", stderr);
}

void ProgressLine::show(const Crew::Sums& sums) {
  if (quiet_) return;
  const uint64_t now = now_ns();
  const double rate = static_cast<double>(sums.requests - last_requests_) * 1e9 /
                      static_cast<double>(now - last_ns_);
  const uint64_t looked_up = sums.hits + sums.misses;
  std::fprintf(stderr, "%s%s %3.0f s  %9.0f requests/s", on_terminal_ ? "\r" : "", phase_,
               static_cast<double>(now - start_ns_) * 1e-9, rate);
  if (looked_up > 0) {
    std::fprintf(stderr, "  %5.1f %% hits",
                 100 * static_cast<double>(sums.hits) / static_cast<double>(looked_up));
  }
  if (sums.errors > 0) std::fprintf(stderr, "  %llu errors", (unsigned long long)sums.errors);
  std::fputs(on_terminal_ ? "\x1b[K" : "\n", stderr);
  std::fflush(stderr);
  shown_ = true;
  last_ns_ = now;
  last_requests_ = sums.requests;
}

}  // namespace ringload
