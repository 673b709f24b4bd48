// Claims about values that take more than one chunk.
#include <array>
#include <cstring>
#include <string>

#include <doctest/doctest.h>

#include "fixture.h"
#include "ringcached/limits.h"

namespace ringcached::store {
namespace {

/// Fills an item in grants of `grant` bytes; false if memory ran out.
bool fill(Fixture& f, Item& item, std::string_view value, uint32_t grant) {
  std::array<iovec, extend_spans_max> spans;
  size_t at = 0;
  while (at < value.size()) {
    const size_t count = f.store.extend(item, grant, spans);
    if (count == 0) return false;
    for (size_t i = 0; i < count; ++i) {
      std::memcpy(spans[i].iov_base, value.data() + at, spans[i].iov_len);
      at += spans[i].iov_len;
    }
    REQUIRE(f.store.granted(item) == at);
  }
  return true;
}

}  // namespace

TEST_CASE("values around every boundary of a chunk survive, however they are granted") {
  Fixture f;
  for (const uint32_t size : {16'000u, 16'300u, 16'310u, 16'320u, 16'330u, 16'340u, 16'352u,
                              16'376u, 32'600u, 32'704u, 49'000u, 1'000'000u}) {
    for (const uint32_t grant : {777u, 16'352u, 262'144u, UINT32_MAX}) {
      const std::string value = pattern(size, size);
      Item* item = f.store.begin(key_for("key"), 3, never, size);
      REQUIRE(item != nullptr);
      REQUIRE(fill(f, *item, value, grant));
      std::array<iovec, extend_spans_max> spans;
      CHECK(f.store.extend(*item, 1, spans) == 0);  // nothing more to grant
      f.store.publish(*item, f.find("key"));
      REQUIRE(f.get("key") == value);
    }
  }
  CHECK(f.count(Counter::CurrItems) == 1);
}

TEST_CASE("values survive in chunks as small as -o slab_chunk_max makes them") {
  for (const uint32_t chunk : {1024u, 4096u, 8192u}) {
    StoreConfig config;
    config.slab_chunk_max = chunk;
    Fixture f(16u << 20, config);
    const std::string key(key_size_max, 'k');
    for (const uint32_t size : {10u, 500u, 700u, 1000u, 3900u, 5000u, 300'000u}) {
      const std::string value = pattern(size, size);
      Item* item = f.store.begin(key_for(key), 3, never, size);
      REQUIRE(item != nullptr);
      REQUIRE(fill(f, *item, value, 262'144));
      f.store.publish(*item, f.find(key));
      CHECK(item->chunk_size() <= chunk);
      CHECK(f.get(key) == value);
      if (item->is_segmented()) {
        REQUIRE(f.store.append_in_place(*item, value));
        CHECK(f.get(key) == value + value);
      }
    }
  }
}

TEST_CASE("one grant is at most 64 spans") {
  Fixture f;
  std::array<iovec, extend_spans_max> spans;
  Item* item = f.store.begin(key_for("key"), 0, never, 4'000'000);
  const size_t count = f.store.extend(*item, 4'000'000, spans);
  CHECK(count == extend_spans_max);
  CHECK(f.store.granted(*item) < 4'000'000);
  CHECK(f.store.granted(*item) > 1'000'000);
  f.store.discard(*item);
}

TEST_CASE("a value takes little more than its bytes, with the tail in the class that fits") {
  Fixture f;
  for (uint32_t size = 17'000; size < 100'000; size += 777) {
    Item* item = f.set("key", pattern(size, 1));
    CHECK(item->footprint() < size + size / 32 + 2700);
  }
}

TEST_CASE("parts of a giant can be read and written anywhere") {
  Fixture f;
  const std::string value = pattern(70'000, 4);
  Item* item = f.store.create(key_for("key"), 0, never, 70'000);
  for (size_t at = 70'000; at > 0; at -= 1000) {
    f.store.write(*item, static_cast<uint32_t>(at - 1000),
                  std::string_view(value).substr(at - 1000, 1000));
  }
  f.store.publish(*item, nullptr);
  for (uint32_t at = 0; at < 69'000; at += 1234) {
    std::string part(1000, '\0');
    f.store.read(*item, at, {part.data(), part.size()});
    REQUIRE(part == value.substr(at, 1000));
  }
}

TEST_CASE("a giant grows in place by appending") {
  Fixture f;
  std::string value = pattern(20'000, 5);
  Item* item = f.set("key", value);
  for (uint32_t i = 0; i < 200; ++i) {
    const std::string more = pattern(i * 37 % 40'000, i);
    REQUIRE(f.store.append_in_place(*item, more));
    value += more;
    if (i % 20 == 0) f.store.verify();
  }
  CHECK(f.find("key") == item);
  CHECK(f.get("key") == value);
  CHECK(item->footprint() < value.size() + value.size() / 8 + 8192);
}

TEST_CASE("an append that finds no memory changes nothing") {
  Fixture f(1u << 20);
  const std::string value = pattern(500'000, 6);
  Item* item = f.set("key", value);
  const uint64_t cas = item->cas();
  CHECK_FALSE(f.store.append_in_place(*item, std::string(700'000, 'x')));
  f.store.verify();
  CHECK(f.find("key") == item);
  CHECK(item->cas() == cas);
  CHECK(f.get("key") == value);
  for (uint64_t nth = 1; nth < 5; ++nth) {
    f.store.faults().fail_nth(nth);
    CHECK_FALSE(f.store.append_in_place(*item, std::string(70'000, 'x')));
    f.store.verify();
    CHECK(f.get("key") == value);
  }
}

TEST_CASE("what could never fit is refused without evicting anybody") {
  Fixture f(1u << 20);
  f.set("small", "stays");
  CHECK(f.store.create(key_for("key"), 0, never, 2'000'000) == nullptr);
  CHECK(f.store.begin(key_for("key"), 0, never, 2'000'000) == nullptr);
  CHECK(f.store.begin(key_for("key"), 0, never, UINT32_MAX) == nullptr);
  CHECK(f.count(Counter::Evictions) == 0);
  CHECK(f.has("small"));
}

TEST_CASE("a giant that finds no room returns all that it had taken") {
  Fixture f(1u << 20);
  Item* holder = f.set("holder", std::string(600'000, 'h'));
  f.store.pin(*holder);
  CHECK(f.store.create(key_for("key"), 0, never, 900'000) == nullptr);
  f.store.verify();
  CHECK(f.store.uncommitted_bytes() == 0);
  Item* item = f.store.begin(key_for("key"), 0, never, 900'000);
  REQUIRE(item != nullptr);
  CHECK_FALSE(fill(f, *item, std::string(900'000, 'x'), 100'000));
  f.store.discard(*item);
  f.store.unpin(*holder);
  CHECK(f.has("holder"));
  while (f.store.sweep()) {
  }
  item = f.store.create(key_for("key"), 0, never, 300'000, holder);
  REQUIRE(item != nullptr);
  CHECK(f.find("holder") == holder);
  f.store.discard(*item);
}

TEST_CASE("a deleted giant is freed over several steps, or as soon as memory is needed") {
  Fixture f(8u << 20);
  f.set("key", std::string(7'000'000, 'x'));
  const uint64_t held = f.store.slab().pages_held();
  f.store.remove(*f.find("key"));
  CHECK(f.store.slab().pages_empty() < held);
  f.store.verify();
  SUBCASE("by the sweep") {
    int steps = 1;
    while (f.store.sweep()) ++steps;
    CHECK(steps > 3);
    CHECK(f.store.slab().pages_empty() + 2 >= held);  // two classes keep their last page a while
  }
  SUBCASE("by another giant") {
    CHECK(f.set("other", std::string(7'000'000, 'y')) != nullptr);
    CHECK(f.count(Counter::Evictions) == 0);
  }
}

TEST_CASE("the largest value of the protocol's limit fits where there is memory") {
  Fixture f(1200ull << 20);
  Item* item = f.store.begin(key_for("key"), 0, never, value_size_limit);
  REQUIRE(item != nullptr);
  std::array<iovec, extend_spans_max> spans;
  while (f.store.extend(*item, UINT32_MAX, spans) != 0) {
  }
  CHECK(f.store.granted(*item) == value_size_limit);
  f.store.write(*item, value_size_limit - 3, "end");
  f.store.publish(*item, nullptr);
  std::string end(3, '\0');
  f.store.read(*f.find("key"), value_size_limit - 3, {end.data(), 3});
  CHECK(end == "end");
  CHECK_FALSE(f.store.append_in_place(*item, "x"));
}

}  // namespace ringcached::store
