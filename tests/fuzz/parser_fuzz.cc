// Bytes for a parser: it keeps within them, always gets on, and reads the same however they come.
//
// The first byte of an input chooses what the server allows and how the rest is cut.
#include <doctest/doctest.h>

#include <cstdint>
#include <iterator>
#include <string_view>

#include "ringcached/limits.h"
#include "transcript.h"

using namespace ringcached;
using namespace ringcached::wire;
using namespace ringcached::wire::testing;

#ifdef FUZZ_BINARY
using Parser = BinaryParser;
#else
using Parser = TextParser;
#endif

namespace {

ParserRules rules_of(uint8_t choice) {
  ParserRules rules;
  rules.cas_enabled = (choice & 0x10) == 0;
  rules.flush_enabled = (choice & 0x20) == 0;
  rules.shutdown_enabled = (choice & 0x40) != 0;
  if ((choice & 0x80) != 0) rules.item_size_max = 2048;
  return rules;
}

#ifdef FUZZ_CANARY
/// A fault put there on purpose, some words deep: who does not find it finds nothing.
void canary(const std::vector<std::string>& operations) {
  for (const std::string& each : operations) CHECK_FALSE(each.starts_with("incr k1 9"));
}
#else
void canary(const std::vector<std::string>&) {}
#endif

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const ParserRules rules = rules_of(data[0]);
  const size_t fragment_size = fragment_sizes[(data[0] & 0xf) % std::size(fragment_sizes)];
  CallerOf<Parser> caller(rules);
  caller.receive(input, fragment_size);
  const size_t fragments = fragment_size == 0 ? 1 : input.size() / fragment_size + 1;
  CHECK(caller.calls() <= input.size() + fragments);
  // A line beyond the limit may live or die by the way it comes; all others may not.
  if (input.size() < line_size_max) {
    CHECK((caller.operations() == transcript<Parser>(input, 0, rules)));
  }
  canary(caller.operations());
  return 0;
}
