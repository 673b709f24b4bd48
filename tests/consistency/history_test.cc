// Claims about what may be read, and what may not.
#include "history.h"

#include <doctest/doctest.h>

namespace ringcached::consistency {
namespace {

struct Told {
  History history{2, 3};
  uint64_t numbers[3] = {};

  WriteId write(uint32_t writer, Time begun, Time over, bool took_place = true) {
    const WriteId id{writer, ++numbers[writer]};
    history.write_begins(id, begun);
    history.write_ends(id, 0, over, took_place);
    return id;
  }
};

TEST_CASE_FIXTURE(Told, "the last write may be seen") {
  const WriteId only = write(0, 10, 20);
  CHECK(history.may_be_seen(only, history.floor_of(0)));
}

TEST_CASE_FIXTURE(Told, "a write that another has replaced before the read began is the past") {
  const WriteId first = write(0, 10, 20);
  const WriteId second = write(1, 30, 40);
  CHECK_FALSE(history.may_be_seen(first, history.floor_of(0)));
  CHECK(history.may_be_seen(second, history.floor_of(0)));
}

TEST_CASE_FIXTURE(Told, "of two writes at the same time either may be the last") {
  const WriteId first = write(0, 10, 40);
  const WriteId second = write(1, 20, 30);
  CHECK(history.may_be_seen(first, history.floor_of(0)));
  CHECK(history.may_be_seen(second, history.floor_of(0)));
}

TEST_CASE_FIXTURE(Told, "a read that began before the second write was over may see the first") {
  const WriteId first = write(0, 10, 20);
  const Time floor = history.floor_of(0);
  write(1, 30, 40);
  CHECK(history.may_be_seen(first, floor));
}

TEST_CASE_FIXTURE(Told, "a write that failed replaces nothing") {
  const WriteId first = write(0, 10, 20);
  write(1, 30, 40, false);
  CHECK(history.may_be_seen(first, history.floor_of(0)));
}

TEST_CASE_FIXTURE(Told, "what was deleted, or seen to be gone, does not come back") {
  const WriteId first = write(0, 10, 20);
  history.was_gone(0, 15);
  CHECK(history.may_be_seen(first, history.floor_of(0)));
  history.was_gone(0, 21);
  CHECK_FALSE(history.may_be_seen(first, history.floor_of(0)));
}

TEST_CASE_FIXTURE(Told, "a flush ends what was written before it, of every key") {
  const WriteId first = write(0, 10, 20);
  history.all_were_gone(30);
  CHECK_FALSE(history.may_be_seen(first, history.floor_of(0)));
  CHECK(history.may_be_seen(write(1, 31, 35), history.floor_of(0)));
}

TEST_CASE_FIXTURE(Told,
                  "what one reader has seen holds for the next, even before its write is over") {
  const WriteId first = write(0, 10, 20);
  const WriteId under_way{1, 1};
  history.write_begins(under_way, 30);
  CHECK(history.may_be_seen(first, history.floor_of(0)));
  history.was_seen(0, under_way);
  CHECK_FALSE(history.may_be_seen(first, history.floor_of(0)));
  CHECK(history.may_be_seen(under_way, history.floor_of(0)));
}

TEST_CASE_FIXTURE(Told, "an act upon another key says nothing") {
  const WriteId first = write(0, 10, 20);
  history.was_gone(1, 30);
  CHECK(history.may_be_seen(first, history.floor_of(0)));
}

TEST_CASE_FIXTURE(Told, "a write that is no longer remembered was over when its place was taken") {
  const WriteId first = write(0, 10, 20);
  for (uint64_t i = 1; i < History::remembered; ++i) write(0, 21, 22, false);
  write(0, 50, 60, false);
  history.was_gone(0, 49);
  CHECK(history.may_be_seen(first, history.floor_of(0)));
  history.was_gone(0, 51);
  CHECK_FALSE(history.may_be_seen(first, history.floor_of(0)));
}

}  // namespace
}  // namespace ringcached::consistency
