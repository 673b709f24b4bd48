// Claims about the sizes of chunks.
#include "store/size_classes.h"

#include <doctest/doctest.h>

namespace ringcached::store {

TEST_CASE("every size up to the largest chunk has the smallest class that holds it") {
  for (const double growth : {1.01, 1.08, 1.25, 2.0, 50.0}) {
    for (const uint32_t least : {1u, 33u, 80u, 1000u, 16'376u, 1'000'000u}) {
      const SizeClasses sizes(least, growth);
      for (uint32_t bytes = 1; bytes <= chunk_size_max; ++bytes) {
        const uint8_t number = sizes.class_for(bytes);
        REQUIRE(number < sizes.count());
        REQUIRE(sizes.chunk_size(number) >= bytes);
        if (number > 0) REQUIRE(sizes.chunk_size(number - 1u) < bytes);
      }
    }
  }
}

TEST_CASE("classes grow, are aligned, and are at most 62 however fine the growth") {
  for (const double growth : {1.0001, 1.02, 1.05, 1.25, 3.0}) {
    const SizeClasses sizes(80, growth);
    CHECK(sizes.count() <= classes_max);
    CHECK(sizes.chunk_size(sizes.largest()) == chunk_size_max);
    for (uint32_t i = 0; i < sizes.count(); ++i) {
      CHECK(sizes.chunk_size(i) % 8 == 0);
      if (i > 0) CHECK(sizes.chunk_size(i) > sizes.chunk_size(i - 1));
    }
  }
}

TEST_CASE("a page loses less than eight bytes per chunk") {
  const SizeClasses sizes(80, 1.25);
  for (uint32_t i = 0; i < sizes.count(); ++i) {
    const uint32_t used = sizes.chunk_size(i) * sizes.chunks_per_page(i);
    CHECK(page_payload - used < sizes.chunks_per_page(i) * 8);
  }
  CHECK(sizes.chunks_per_page(sizes.largest()) == 4);
}

TEST_CASE("a chunk's index is found without a division, at every place of every class") {
  alignas(page_size) static char memory[page_size];
  const SizeClasses sizes(1, 1.05);
  for (uint32_t i = 0; i < sizes.count(); ++i) {
    const uint32_t size = sizes.chunk_size(i);
    auto& header = *reinterpret_cast<PageHeader*>(memory);
    header = PageHeader{77,
                        static_cast<uint32_t>(((uint64_t{1} << 32) + size - 1) / size),
                        static_cast<uint16_t>(size),
                        0,
                        {}};
    for (uint32_t index = 0; index < sizes.chunks_per_page(i); ++index) {
      const char* chunk = memory + page_header_size + index * size;
      REQUIRE(chunk_index(header, chunk) == index);
      REQUIRE(page_number_of(ref_of(chunk)) == 77);
      REQUIRE(chunk_index_of(ref_of(chunk)) == index);
    }
  }
}

}  // namespace ringcached::store
