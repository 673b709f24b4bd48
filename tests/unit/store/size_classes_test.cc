// Claims about the sizes of chunks.
#include "store/size_classes.h"

#include <vector>

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

TEST_CASE("sizes that were given are the classes, and the largest chunk comes behind them") {
  const uint32_t given[] = {100, 200, 1000, 9000, 40'000};
  const SizeClasses sizes(given, 512 * 1024);
  REQUIRE(sizes.count() == 5);
  CHECK(sizes.chunk_size(0) == 104);
  CHECK(sizes.chunk_size(1) == 200);
  CHECK(sizes.chunk_size(2) == 1000);
  CHECK(sizes.chunk_size(3) == 9000);
  CHECK(sizes.chunk_size(4) == chunk_size_max);
  CHECK(sizes.class_for(1) == 0);
  CHECK(sizes.class_for(104) == 0);
  CHECK(sizes.class_for(105) == 1);
  CHECK(sizes.class_for(9001) == 4);
}

TEST_CASE("62 sizes may be given, and more than the largest chunk holds are left out") {
  std::vector<uint32_t> given;
  for (uint32_t i = 0; i < sizes_given_max; ++i) given.push_back(48 + i * 16);
  CHECK(SizeClasses(given, 1u << 20).count() == classes_max);
  const SizeClasses few(given, 512);
  CHECK(few.chunk_size(few.largest()) <= 512);
  CHECK(few.class_for(few.largest_size()) == few.largest());
}

TEST_CASE("the largest chunk is at most what was asked for, and fills its page") {
  for (const uint32_t bound : {1024u, 2048u, 4096u, 8192u, 16'384u, 1u << 20}) {
    const SizeClasses sizes(80, 1.25, bound);
    CHECK(sizes.largest_size() <= bound);
    CHECK(sizes.largest_size() <= chunk_size_max);
    CHECK(sizes.chunk_size(sizes.largest()) == sizes.largest_size());
    const uint32_t per_page = sizes.chunks_per_page(sizes.largest());
    CHECK(page_payload - per_page * sizes.largest_size() < per_page * 8);
    for (uint32_t bytes = 1; bytes <= sizes.largest_size(); ++bytes) {
      REQUIRE(sizes.chunk_size(sizes.class_for(bytes)) >= bytes);
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
