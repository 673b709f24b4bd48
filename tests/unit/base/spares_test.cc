// Claims about objects kept for reuse: which one comes next, and when they are freed.
#include "base/spares.h"

#include <cstdint>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace ringcached {
namespace {

int alive = 0;

struct Thing {
  Thing() { ++alive; }
  ~Thing() { --alive; }
  Thing* next = nullptr;
};

using Things = Spares<Thing, &Thing::next>;

constexpr size_t all = SIZE_MAX;

/// Takes so many, making what is not there, and gives them back in the opposite order.
void use(Things& things, int count) {
  std::vector<Thing*> taken;
  for (int i = 0; i < count; ++i) {
    Thing* thing = things.take();
    taken.push_back(thing != nullptr ? thing : new Thing);
  }
  for (; !taken.empty(); taken.pop_back()) things.give(taken.back());
}

}  // namespace

TEST_CASE("what was given last is taken first, across rests") {
  Things things;
  CHECK(things.take() == nullptr);
  Thing* const first = new Thing;
  Thing* const second = new Thing;
  things.give(first);
  things.give(second);
  things.rest();
  CHECK(things.take() == second);
  things.give(second);
  things.rest();  // first is stale, and still to be had
  CHECK(things.take() == second);
  CHECK(things.take() == first);
  CHECK(things.take() == nullptr);
  things.give(first);
  things.give(second);
}

TEST_CASE("what a burst has left is freed after two rests, in steps; what is in use stays") {
  Things things;
  use(things, 100);
  things.rest();
  CHECK_FALSE(things.any_stale());
  use(things, 10);
  things.rest();
  CHECK(things.any_stale());
  CHECK(alive == 100);
  CHECK(things.free_stale(16) == 16);
  CHECK(alive == 84);
  CHECK(things.any_stale());
  use(things, 10);
  CHECK(alive == 84);
  CHECK(things.free_stale(all) == 74);
  CHECK(alive == 10);
  CHECK_FALSE(things.any_stale());
  for (int i = 0; i < 10; ++i) {
    use(things, 10);
    things.rest();
    CHECK(things.free_stale(all) == 0);
  }
  CHECK(alive == 10);
}

TEST_CASE("a burst before the stale are freed takes them") {
  Things things;
  use(things, 100);
  things.rest();
  things.rest();
  CHECK(things.any_stale());
  use(things, 100);
  CHECK(alive == 100);
  CHECK_FALSE(things.any_stale());
}

TEST_CASE("those that are kept go with their keeper, once") {
  {
    Things things;
    use(things, 3);
    things.rest();
    use(things, 2);
    Things heir(std::move(things));
    CHECK(things.take() == nullptr);
    CHECK(alive == 3);
  }
  CHECK(alive == 0);
}

}  // namespace ringcached
