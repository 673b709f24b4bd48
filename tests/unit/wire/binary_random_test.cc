// Claims about binary bytes that nobody meant: no crash, always progress, alike in every fragment.
#include <doctest/doctest.h>

#include <cstdlib>
#include <random>
#include <string>

#include "binary_packets.h"
#include "transcript.h"

using namespace ringcached;
using namespace ringcached::wire;
using namespace ringcached::wire::testing;

namespace {

using Random = std::mt19937_64;

/// RINGCACHED_SEED replays a failure.
uint64_t chosen_seed() {
  const char* const given = std::getenv("RINGCACHED_SEED");
  if (given != nullptr) return std::strtoull(given, nullptr, 10);
  return std::random_device()();
}

size_t below(Random& random, size_t bound) {
  return std::uniform_int_distribution<size_t>(0, bound - 1)(random);
}

std::string random_bytes(Random& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(below(random, 256));
  return bytes;
}

/// Mostly what an opcode wants, so that the values behind it are met as well.
std::string random_packet(Random& random) {
  static constexpr size_t extras_sizes[] = {0, 0, 4, 8, 20, 3, 255};
  Packet packet;
  packet.opcode = static_cast<uint8_t>(below(random, below(random, 8) == 0 ? 256 : 0x26));
  packet.key =
      std::string(below(random, 30) == 0 ? 248 + below(random, 5) : below(random, 20), 'k');
  packet.extras = random_bytes(random, extras_sizes[below(random, std::size(extras_sizes))]);
  packet.value =
      random_bytes(random, below(random, 10) == 0 ? below(random, 40000) : below(random, 40));
  packet.cas = below(random, 3);
  if (below(random, 20) == 0) packet.body_size = static_cast<uint32_t>(random());
  if (below(random, 20) == 0) packet.key_size = static_cast<uint16_t>(random());
  if (below(random, 40) == 0) packet.magic = static_cast<uint8_t>(random());
  return packet.bytes();
}

void spoil(Random& random, std::string& bytes) {
  for (size_t i = below(random, 3); i > 0 && !bytes.empty(); --i) {
    const size_t at = below(random, bytes.size());
    if (below(random, 2) == 0) {
      bytes[at] = static_cast<char>(below(random, 256));
    } else {
      bytes.erase(at, below(random, 10));
    }
  }
}

/// Every call but the one that says Incomplete consumes a byte or more.
void check_bounded(const BinaryCaller& caller, size_t input_size, size_t fragment_size) {
  const size_t fragments = fragment_size == 0 ? 1 : input_size / fragment_size + 1;
  CHECK(caller.calls() <= input_size + fragments);
}

void feed(const std::string& input, size_t fragment_size) {
  BinaryCaller caller;
  caller.receive(input, fragment_size);
  check_bounded(caller, input.size(), fragment_size);
  CHECK(caller.operations() == transcript<BinaryParser>(input, 0));
}

}  // namespace

TEST_CASE("random bytes behind a magic do no harm") {
  const uint64_t seed = chosen_seed();
  INFO("RINGCACHED_SEED=", seed);
  Random random(seed);
  for (int round = 0; round < 1000; ++round) {
    std::string input;
    for (size_t i = 1 + below(random, 8); i > 0; --i) {
      input += '\x80' + random_bytes(random, 23 + below(random, 100));
    }
    feed(input, fragment_sizes[below(random, std::size(fragment_sizes))]);
  }
}

TEST_CASE("spoilt packets do no harm and read alike at every fragment size") {
  const uint64_t seed = chosen_seed();
  INFO("RINGCACHED_SEED=", seed);
  Random random(seed);
  for (int round = 0; round < 1000; ++round) {
    std::string input;
    for (size_t i = 1 + below(random, 6); i > 0; --i) input += random_packet(random);
    spoil(random, input);
    feed(input, fragment_sizes[below(random, std::size(fragment_sizes))]);
  }
}
