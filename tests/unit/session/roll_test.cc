// Claims about the lists of those that want something.
#include "session/roll.h"

#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace ringcached::session {
namespace {

struct Thing {
  explicit Thing(int n) : number(n) {}
  int number;
  bool ready = false;
  bool dirty = false;
};

using Ready = Roll<Thing, &Thing::ready>;
using Dirty = Roll<Thing, &Thing::dirty>;

template <class AnyRoll>
std::vector<int> drain(AnyRoll& list) {
  std::vector<int> numbers;
  list.take_each([&](Thing& thing) { numbers.push_back(thing.number); });
  return numbers;
}

}  // namespace

TEST_CASE("what is added last comes last") {
  Ready list;
  Thing a(1), b(2), c(3);
  CHECK(list.empty());
  CHECK(drain(list).empty());
  list.add(a);
  list.add(b);
  list.add(c);
  CHECK_FALSE(list.empty());
  CHECK(drain(list) == std::vector<int>{1, 2, 3});
  CHECK(list.empty());
}

TEST_CASE("what is on the list already keeps its place") {
  Ready list;
  Thing a(1), b(2);
  list.add(a);
  list.add(b);
  list.add(a);
  CHECK(drain(list) == std::vector<int>{1, 2});
}

TEST_CASE("a thing can be taken off from anywhere, and off twice is no harm") {
  for (int gone = 1; gone <= 3; ++gone) {
    Ready list;
    Thing things[] = {Thing(1), Thing(2), Thing(3)};
    for (Thing& thing : things) list.add(thing);
    list.remove(things[gone - 1]);
    list.remove(things[gone - 1]);
    CHECK_FALSE(things[gone - 1].ready);
    std::vector<int> left;
    for (int i = 1; i <= 3; ++i) {
      if (i != gone) left.push_back(i);
    }
    CHECK(drain(list) == left);
  }
}

TEST_CASE("a thing is on two lists by two members") {
  Ready ready;
  Dirty dirty;
  Thing a(1), b(2);
  ready.add(a);
  ready.add(b);
  dirty.add(b);
  dirty.add(a);
  ready.remove(a);
  CHECK(drain(ready) == std::vector<int>{2});
  CHECK(drain(dirty) == std::vector<int>{2, 1});
}

TEST_CASE("take_each sees what was there when it began; what is added meanwhile stays") {
  Ready list;
  Thing a(1), b(2), c(3);
  list.add(a);
  list.add(b);
  std::vector<int> seen;
  list.take_each([&](Thing& thing) {
    seen.push_back(thing.number);
    CHECK_FALSE(thing.ready);
    if (thing.number == 1) {
      list.add(c);
      list.add(a);
    }
  });
  CHECK(seen == std::vector<int>{1, 2});
  CHECK(drain(list) == std::vector<int>{3, 1});
}

TEST_CASE("take_each passes over what is taken off while it runs") {
  Ready list;
  Thing a(1), b(2), c(3);
  for (Thing* thing : {&a, &b, &c}) list.add(*thing);
  std::vector<int> seen;
  list.take_each([&](Thing& thing) {
    seen.push_back(thing.number);
    if (thing.number == 1) list.remove(b);
  });
  CHECK(seen == std::vector<int>{1, 3});
  CHECK(list.empty());
}

TEST_CASE("take_each takes no more than it is told, from the front") {
  Ready list;
  Thing a(1), b(2), c(3);
  for (Thing* thing : {&a, &b, &c}) list.add(*thing);
  std::vector<int> seen;
  list.take_each([&](Thing& thing) { seen.push_back(thing.number); }, 2);
  CHECK(seen == std::vector<int>{1, 2});
  CHECK(c.ready);
  CHECK(drain(list) == std::vector<int>{3});
}

/// What take_each_ahead calls in groups of two: "p1" in the first stage, "a1"
/// in the second, "1" at its turn.
std::vector<std::string> called_ahead(Ready& list, const std::function<void(Thing&)>& at_turn) {
  std::vector<std::string> calls;
  list.take_each_ahead(
      2,
      [&](Thing& thing) {
        calls.push_back(std::to_string(thing.number));
        CHECK_FALSE(thing.ready);
        at_turn(thing);
      },
      [&](Thing& thing) { calls.push_back("p" + std::to_string(thing.number)); },
      [&](Thing& thing) { calls.push_back("a" + std::to_string(thing.number)); });
  return calls;
}

TEST_CASE("take_each_ahead leads a group through its stages before its first has its turn") {
  Ready list;
  Thing a(1), b(2), c(3);
  for (Thing* thing : {&a, &b, &c}) list.add(*thing);
  const auto calls = called_ahead(list, [](Thing&) {});
  CHECK(calls == std::vector<std::string>{"p1", "p2", "a1", "a2", "1", "2", "p3", "a3", "3"});
  CHECK(list.empty());
}

TEST_CASE("take_each_ahead passes over what is taken off, at whatever stage; what is added stays") {
  Ready list;
  Thing a(1), b(2), c(3), d(4);
  for (Thing* thing : {&a, &b, &c, &d}) list.add(*thing);
  const auto calls = called_ahead(list, [&](Thing& thing) {
    if (thing.number != 1) return;
    list.remove(b);
    list.remove(d);
    list.add(a);
  });
  CHECK(calls == std::vector<std::string>{"p1", "p2", "a1", "a2", "1", "p3", "a3", "3"});
  CHECK(drain(list) == std::vector<int>{1});
}

TEST_CASE("each leaves everything on the list but what it takes off itself") {
  Ready list;
  Thing a(1), b(2), c(3);
  for (Thing* thing : {&a, &b, &c}) list.add(*thing);
  std::vector<int> seen;
  list.each([&](Thing& thing) {
    seen.push_back(thing.number);
    if (thing.number != 3) list.remove(thing);
  });
  CHECK(seen == std::vector<int>{1, 2, 3});
  CHECK(drain(list) == std::vector<int>{3});
}

}  // namespace ringcached::session
