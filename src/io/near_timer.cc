#include "io/near_timer.h"

#include <sys/resource.h>
#include <time.h>

namespace ringcached::io {
namespace {

uint32_t kernel_tick_ns() {
  timespec tick{};
  ::clock_getres(CLOCK_MONOTONIC_COARSE, &tick);  // that clock moves with the ticks
  return static_cast<uint32_t>(tick.tv_nsec);
}

/// How often the calling thread has given up its processor to wait for something.
uint64_t sleeps_of_thread() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return static_cast<uint64_t>(usage.ru_nvcsw);
}

}  // namespace

NearTimer::NearTimer() : nanoseconds_(kernel_tick_ns() / 2), slept_(sleeps_of_thread()) {}

bool NearTimer::look() {
  const uint64_t slept = sleeps_of_thread();
  set_ = slept - slept_ >= slept_least;
  slept_ = slept;
  asked_ = 0;
  return set_;
}

}  // namespace ringcached::io
