// Claims about how an item lies in its chunk.
#include "store/item.h"

#include <string>

#include <doctest/doctest.h>

#include "fixture.h"

namespace ringcached::store {

TEST_CASE("an item pays only for the parts it has") {
  CHECK(Item::prefix_size(0) == 24);
  CHECK(Item::prefix_size(shape::has_cas) == 32);
  CHECK(Item::prefix_size(shape::has_cas | shape::has_flags) == 36);
  CHECK(Item::prefix_size(shape::has_pins) == 32);
  CHECK(Item::prefix_size(shape::has_cas | shape::has_pins | shape::has_chain) == 64);
}

TEST_CASE("parts do not disturb each other, whichever are there") {
  for (const bool cas : {true, false}) {
    for (const uint32_t flags : {0u, 0xffffffffu}) {
      for (const size_t size : {size_t{0}, size_t{1}, size_t{4000}, size_t{5000}, size_t{40'000}}) {
        StoreConfig config;
        config.cas_enabled = cas;
        Fixture f(16u << 20, config);
        const std::string key(1 + size % 250, 'k');
        const std::string value = pattern(size, 1);
        Item* item = f.set(key, value, flags, 777);
        REQUIRE(item != nullptr);
        if (f.store.can_pin(*item)) f.store.pin(*item);
        CHECK(item->key() == key);
        CHECK(item->client_flags() == flags);
        CHECK(item->exptime() == 777);
        CHECK(item->last_access() == 100);
        CHECK(item->value_size() == size);
        CHECK((item->cas() != 0) == cas);
        CHECK(f.value_of(*item) == value);
        CHECK_FALSE(item->fetched());
        f.store.mark_read(*item);
        CHECK(item->fetched());
        if (f.store.can_pin(*item)) f.store.unpin(*item);
      }
    }
  }
}

TEST_CASE("small values cannot be pinned, large ones can") {
  Fixture f;
  CHECK_FALSE(f.store.can_pin(*f.set("small", std::string(3000, 'v'))));
  CHECK(f.store.can_pin(*f.set("large", std::string(5000, 'v'))));
  CHECK(f.store.can_pin(*f.set("giant", std::string(500'000, 'v'))));
}

TEST_CASE("spans cover exactly the bytes asked for, in order") {
  Fixture f;
  const std::string value = pattern(100'000, 2);
  const Item& item = *f.set("key", value);
  for (const uint32_t size : {0u, 1u, 16'000u, 16'300u, 16'352u, 17'000u, 50'000u, 100'000u}) {
    std::string seen;
    int spans = 0;
    for_each_span(item, size, [&](const char* data, uint32_t length) {
      CHECK(length > 0);
      seen.append(data, length);
      ++spans;
    });
    CHECK(seen == value.substr(0, size));
    CHECK(spans <= 1 + static_cast<int>(size / 16'000));
  }
}

}  // namespace ringcached::store
