// The meta commands: what is asked, and every kind of reply at every fragment size.
#include "ringload/meta.h"

#include <doctest/doctest.h>

#include <string>

#include "joined.h"
#include "talk.h"

namespace ringload {
namespace {

constexpr Make make = make_meta_conversation;

std::string hit(uint64_t key, uint32_t size = 40) {
  return "VA " + std::to_string(size) + " k" + text_of(key) + "\r\n" + value_of(key, size) + "\r\n";
}

}  // namespace

TEST_CASE("meta commands are spelled as the protocol wants") {
  const auto talk = asked(make, {{7}, {}, {1, 2}});
  CHECK(joined(talk->slices()) == "mg 00007 k v\r\nms 00001 40 T60\r\n" + value_of(1) +
                                      "\r\nmg 00001 k v q\r\nmg 00002 k v q\r\nmn\r\n");
  CHECK(talk->unanswered_requests() == 4);
}

TEST_CASE("meta hits, misses and sets are counted") {
  const Tally tally = read(make, {{7}, {8}, {}, {1, 2, 3}, {4, 5}},
                           hit(7) + "EN k00008\r\n" + "HD\r\n" + hit(1) + hit(3) + "MN\r\nMN\r\n");
  CHECK(tally.gets == 7);
  CHECK(tally.hits == 3);
  CHECK(tally.misses == 4);
  CHECK(tally.sets == 1);
}

TEST_CASE("meta values of every size are read") {
  for (const uint32_t size : {0u, 1u, 9u, 10u, 15u, 16u, 17u, 99u, 100u, 1500u}) {
    CAPTURE(size);
    CHECK(read(make, {{7}, {8, 9}}, hit(7, size) + hit(9, size) + hit(8, size) + "MN\r\n").hits ==
          3);
  }
}

TEST_CASE("an error takes its meta command alone") {
  const Tally tally =
      read(make, {{1, 2, 3}, {}, {4}},
           hit(1) + "SERVER_ERROR out of memory\r\nMN\r\nCLIENT_ERROR no\r\n" + hit(4));
  CHECK(tally.hits == 2);
  CHECK(tally.errors == 2);
  CHECK(tally.misses == 1);
  CHECK(tally.gets == 4);
  CHECK(tally.first_error == "SERVER_ERROR out of memory");
}

TEST_CASE("a wrong meta value is counted, and what follows it is read") {
  std::string reply = hit(1) + hit(2) + "MN\r\n" + hit(3);
  reply[20] = static_cast<char>(reply[20] ^ 1);
  const Tally tally = read(make, {{1, 2}, {3}}, reply);
  CHECK(tally.wrong == 1);
  CHECK(tally.hits == 2);
}

TEST_CASE("meta replies that are not to what was asked are failures") {
  CHECK(failure_of(make, {{1}}, hit(2)) == Exit::WrongByte);
  CHECK(failure_of(make, {{1}}, "VA 1 k000010\r\nx\r\n") == Exit::WrongByte);
  CHECK(failure_of(make, {{1}}, "VA 40\r\n") == Exit::Protocol);
  CHECK(failure_of(make, {{1}}, "VA x k00001\r\n") == Exit::Protocol);
  CHECK(failure_of(make, {{1}}, "MN\r\n") == Exit::Protocol);
  CHECK(failure_of(make, {{1, 2}}, "EN\r\n") == Exit::Protocol);
  CHECK(failure_of(make, {{}}, "NS\r\n") == Exit::Protocol);
  CHECK(failure_of(make, {{1}}, hit(1) + "EN\r\n") == Exit::Protocol);
  CHECK(failure_of(make, {{1, 2}}, hit(1) + hit(2) + hit(1)) == Exit::Protocol);
}

TEST_CASE("without verification any key and any value is a meta hit") {
  const Tally tally =
      read(make, {{1, 2}, {3}},
           "VA 3 kabcde\r\nxyz\r\nVA 0 kab\r\n\r\nMN\r\nVA 2 kabcdefghij\r\nxy\r\n", false);
  CHECK(tally.hits == 3);
}

}  // namespace ringload
