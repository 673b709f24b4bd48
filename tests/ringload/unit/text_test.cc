// The classic protocol: what is asked, and every kind of reply at every fragment size.
#include "ringload/text.h"

#include <doctest/doctest.h>

#include <string>

#include "joined.h"
#include "talk.h"

namespace ringload {
namespace {

std::string hit(uint64_t key, uint32_t size = 40) {
  return "VALUE " + text_of(key) + " 0 " + std::to_string(size) + "\r\n" + value_of(key, size) +
         "\r\n";
}

TEST_CASE("commands are spelled as the protocol wants") {
  const auto talk = asked(make_text_conversation, {{7}, {}, {1, 2, 3}});
  CHECK(joined(talk->slices()) ==
        "get 00007\r\nset 00001 0 60 40\r\n" + value_of(1) + "\r\nget 00001 00002 00003\r\n");
  CHECK(talk->unanswered_requests() == 5);
}

TEST_CASE("large values are sent from where they lie, in their place") {
  const Keys large{Sizes(5), Sizes(100'000)};
  const auto talk = make_text_conversation(large, true);
  talk->begin_batch();
  std::string expected;
  // So many that the last ones find no slice left, and are copied.
  for (uint32_t number = 0; number < 300; ++number) {
    talk->ask_set(1, number, 0, 0);
    Outgoing value;
    append_value(value, 1, number, 100'000);
    expected += "set 00001 0 0 100000\r\n" + joined(value.slices()) + "\r\n";
  }
  CHECK(talk->slices().size() > 100);
  CHECK(talk->slices().size() <= 1024);
  CHECK((joined(talk->slices()) == expected));
}

TEST_CASE("hits, misses and sets are counted") {
  const Tally tally =
      read(make_text_conversation, {{7}, {8}, {}, {1, 2, 3}},
           hit(7) + "END\r\n" + "END\r\n" + "STORED\r\n" + hit(1) + hit(3) + "END\r\n");
  CHECK(tally.gets == 5);
  CHECK(tally.hits == 3);
  CHECK(tally.misses == 2);
  CHECK(tally.sets == 1);
  CHECK(tally.requests() == 6);
}

TEST_CASE("values of every size are read") {
  for (const uint32_t size : {0u, 1u, 9u, 10u, 15u, 16u, 17u, 99u, 100u, 1500u}) {
    CAPTURE(size);
    CHECK(read(make_text_conversation, {{7}, {8}},
               hit(7, size) + "END\r\n" + hit(8, size) + "END\r\n")
              .hits == 2);
  }
}

TEST_CASE("values may come in any order, and a key asked for twice comes twice") {
  CHECK(read(make_text_conversation, {{1, 2, 3}}, hit(3) + hit(1) + hit(2) + "END\r\n").hits == 3);
  const Tally tally = read(make_text_conversation, {{1, 2, 1}}, hit(1) + hit(1) + "END\r\n");
  CHECK(tally.hits == 2);
  CHECK(tally.misses == 1);
}

TEST_CASE("a wrong value is counted, and what follows it is read") {
  std::string reply = hit(1) + hit(2) + "END\r\n" + hit(3) + "END\r\n";
  reply[20] = static_cast<char>(reply[20] ^ 1);
  const Tally tally = read(make_text_conversation, {{1, 2}, {3}}, reply);
  CHECK(tally.wrong == 1);
  CHECK(tally.hits == 2);
  CHECK(tally.gets == 3);
  CHECK(tally.first_wrong.find("of key 1 ") != std::string::npos);
}

TEST_CASE("an error takes the rest of its command") {
  const Tally tally =
      read(make_text_conversation, {{1, 2, 3}, {}, {4}},
           hit(1) + "SERVER_ERROR out of memory\r\n" + "SERVER_ERROR no\r\n" + hit(4) + "END\r\n");
  CHECK(tally.hits == 2);
  CHECK(tally.errors == 3);
  CHECK(tally.gets == 4);
  CHECK(tally.sets == 1);
  CHECK(tally.first_error == "SERVER_ERROR out of memory");
}

TEST_CASE("keys, flags and values that were not stored are failures") {
  CHECK(failure_of(make_text_conversation, {{1}}, hit(2) + "END\r\n") == Exit::WrongByte);
  CHECK(failure_of(make_text_conversation, {{1}}, "VALUE 00001 5 1\r\nx\r\nEND\r\n") ==
        Exit::WrongByte);
  CHECK(failure_of(make_text_conversation, {{1}}, "VALUE 000010 0 1\r\nx\r\nEND\r\n") ==
        Exit::WrongByte);
  CHECK(failure_of(make_text_conversation, {{1}}, "VALUE 0000 0 1\r\nx\r\nEND\r\n") ==
        Exit::WrongByte);
}

TEST_CASE("replies that make no sense are failures") {
  CHECK(failure_of(make_text_conversation, {{1}}, "STORED\r\n") == Exit::Protocol);
  CHECK(failure_of(make_text_conversation, {{}}, "END\r\n") == Exit::Protocol);
  CHECK(failure_of(make_text_conversation, {{}}, "STORED\n") == Exit::Protocol);
  CHECK(failure_of(make_text_conversation, {{1}}, hit(1) + hit(1) + "END\r\n") == Exit::Protocol);
  CHECK(failure_of(make_text_conversation, {{1}, {2}}, hit(1) + hit(2) + "END\r\n") ==
        Exit::Protocol);
  CHECK(failure_of(make_text_conversation, {{1}}, hit(1) + "END\r\nEND\r\n") == Exit::Protocol);
  CHECK(failure_of(make_text_conversation, {{1}}, "VALUE 00001 0 x\r\n") == Exit::Protocol);
  CHECK(failure_of(make_text_conversation, {{1}}, "VALUE 00001 0 99999999999\r\n") ==
        Exit::Protocol);
  CHECK(failure_of(make_text_conversation, {{1}},
                   "VALUE 00001 0 41\r\n" + value_of(1) + "\r\nEND\r\n") == Exit::Protocol);
  CHECK(failure_of(make_text_conversation, {{1}}, std::string(3000, 'x')) == Exit::Protocol);
}

TEST_CASE("without verification any key and any value is a hit") {
  const Tally tally = read(make_text_conversation, {{1, 2}, {3}, {}},
                           "VALUE abcde 0 3\r\nxyz\r\nVALUE ab 17 0\r\n\r\nEND\r\n"
                           "VALUE abcdefghij 7 2\r\nxy\r\nEND\r\nSTORED\r\n",
                           false);
  CHECK(tally.hits == 3);
  CHECK(tally.sets == 1);
}

TEST_CASE("a conversation goes on with the next batch") {
  const auto talk = asked(make_text_conversation, {{1}, {2}});
  Tally tally;
  talk->read(hit(1), tally);
  CHECK(talk->answered() == 0);
  talk->read("END\r\n", tally);
  CHECK(talk->answered() == 1);
  CHECK(talk->unanswered_requests() == 1);
  talk->read("END\r\n", tally);
  CHECK(talk->is_answered());
  talk->begin_batch();
  talk->ask_get(Question{3}, 5);
  CHECK(joined(talk->slices()) == "get 00003\r\n");
  CHECK(talk->commands()[0].intended_ns == 5);
  talk->read(hit(3) + "END\r\n", tally);
  CHECK(tally.hits == 2);
  CHECK(tally.misses == 1);
}

}  // namespace
}  // namespace ringload
