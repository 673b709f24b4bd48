// doctest's claims as plain comparisons, for the fuzzers to find in place of doctest, whose own
// take most of a fuzzer's time. What does not hold ends the process, so that the fuzzer keeps the
// input.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace ringcached::fuzz {

[[noreturn]] inline void claim_failed(const char* file, int line, const char* claim) {
  std::fprintf(stderr, "%s:%d: the claim does not hold: %s\n", file, line, claim);
  std::abort();
}

}  // namespace ringcached::fuzz

#define CHECK(...) \
  ((__VA_ARGS__) ? void() : ringcached::fuzz::claim_failed(__FILE__, __LINE__, #__VA_ARGS__))
#define CHECK_FALSE(...) CHECK(!(__VA_ARGS__))
#define REQUIRE(...) CHECK(__VA_ARGS__)
#define INFO(...) static_cast<void>(0)
