// What a fuzzer holds the server to: the tests' own claims, and the end of the process when one
// fails.
#pragma once

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

namespace ringcached::fuzz {

/// Lets doctest's claims be made outside of its tests; one that fails aborts, so that the fuzzer
/// keeps the input. Once per process, before the first claim.
inline void make_claims_fatal() {
  static doctest::Context context;
  context.setAsDefaultForAssertsOutOfTestCases();
  context.setAssertHandler([](const doctest::AssertData& claim) {
    if (!claim.m_failed) return;
    std::fprintf(stderr, "%s:%d: the claim does not hold: %s\n", claim.m_file, claim.m_line,
                 claim.m_expr);
    std::abort();
  });
}

}  // namespace ringcached::fuzz
