// Claims about the memory in which copies of values travel.
#include "shard/reply_memory.h"

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace ringcached::shard {

TEST_CASE("what was taken keeps its bytes while more is taken, whatever the sizes") {
  const uint64_t seed = 11;
  std::mt19937_64 random(seed);
  ReplyMemory memory;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::pair<char*, std::string>> taken;
    for (int i = 0; i < 200; ++i) {
      const size_t most = i % 50 == 0 ? 3 * ReplyMemory::block_size : 600;
      const std::string bytes(1 + random() % most, static_cast<char>(random()));
      char* at = memory.take(bytes.size());
      REQUIRE(at != nullptr);
      std::memcpy(at, bytes.data(), bytes.size());
      taken.emplace_back(at, bytes);
    }
    for (const auto& [at, bytes] : taken) {
      CHECK(std::string_view(at, bytes.size()) == bytes);
    }
    memory.clear();
  }
}

TEST_CASE("one block serves batch after batch") {
  ReplyMemory memory;
  char* const first = memory.take(100);
  memory.take(ReplyMemory::block_size);       // a second block
  memory.take(10 * ReplyMemory::block_size);  // a large one
  memory.clear();
  CHECK(memory.take(100) == first);
  memory.clear();
  CHECK(memory.take(ReplyMemory::block_size) == first);
}

TEST_CASE("no bytes are bytes too") {
  ReplyMemory memory;
  CHECK(memory.take(0) != nullptr);
  memory.clear();
  memory.take(ReplyMemory::block_size);
  CHECK(memory.take(0) != nullptr);
}

}  // namespace ringcached::shard
