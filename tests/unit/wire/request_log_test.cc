// Claims about what -vv says of requests and replies.
#include "wire/request_log.h"

#include <doctest/doctest.h>

#include <string>

#include "binary_packets.h"
#include "ringcached/key.h"

using namespace ringcached;
using namespace ringcached::wire;
using namespace ringcached::wire::testing;
using namespace std::string_literals;

namespace {

Operation answered(Verb verb, Outcome outcome) {
  Operation operation;
  operation.verb = verb;
  operation.outcome = outcome;
  operation.key.bytes = "key";
  return operation;
}

}  // namespace

TEST_CASE("a line is told without its end and what follows") {
  CHECK(log_of_line(26, "set k 0 0 1\r\nx\r\n") == "<26 set k 0 0 1\n");
  CHECK(log_of_line(26, "get k\nget l\n") == "<26 get k\n");
  CHECK(log_of_line(26, "\r\n") == "<26 \n");
  CHECK(log_of_line(26, "get without an end") == "<26 get without an end\n");
}

TEST_CASE("a reply is told as it is spelled, and noreply's as well") {
  Operation stored = answered(Verb::Store, Outcome::Stored);
  CHECK(log_of_reply(26, stored) == ">26 STORED\n");
  stored.quiet = true;
  CHECK(log_of_reply(26, stored) == ">26 NOREPLY STORED\n");
  Operation said = answered(Verb::Say, Outcome::Done);
  said.value = "ERROR\r\n";
  CHECK(log_of_reply(26, said) == ">26 ERROR\n");
}

TEST_CASE("a hit tells its key, the last of a line the end") {
  Operation got = answered(Verb::Get, Outcome::Hit);
  CHECK(log_of_reply(26, got) == ">26 sending key key\n");
  got.ends_reply = true;
  CHECK(log_of_reply(26, got) == ">26 sending key key\n>26 END\n");
  got.outcome = Outcome::Miss;
  CHECK(log_of_reply(26, got) == ">26 END\n");
}

TEST_CASE("a swap that failed tells both cas ids") {
  Operation swapped = answered(Verb::Store, Outcome::Exists);
  swapped.cas_wanted = 1;
  swapped.number = 7;
  CHECK(log_of_reply(26, swapped) == "CAS:  failure: expected 7, got 1\n>26 EXISTS\n");
}

TEST_CASE("of statistics, dumps and most meta commands nothing is told") {
  CHECK(log_of_reply(26, answered(Verb::Stats, Outcome::Done)).empty());
  CHECK(log_of_reply(26, answered(Verb::Dump, Outcome::Done)).empty());
  Operation met = answered(Verb::MetaGet, Outcome::Miss);
  met.dialect = Dialect::Meta;
  CHECK(log_of_reply(26, met).empty());
}

TEST_CASE("a packet is told by its header, byte for byte, and what it asks for") {
  const std::string bytes =
      Packet{.opcode = 0x00, .key = "key", .opaque = "\1\2\3\4"}.header() + "key";
  const std::string header =
      "<26 Read binary protocol data:\n"
      "<26    0x80 0x00 0x00 0x03\n"
      "<26    0x00 0x00 0x00 0x00\n"
      "<26    0x00 0x00 0x00 0x03\n"
      "<26    0x01 0x02 0x03 0x04\n"
      "<26    0x00 0x00 0x00 0x00\n"
      "<26    0x00 0x00 0x00 0x00\n";
  Operation made = answered(Verb::Get, Outcome::Pending);
  CHECK(log_of_packet(26, bytes, made) == header + "<26 GET key\n");
  made.verb = Verb::Quit;
  CHECK(log_of_packet(26, bytes, made) == header);
}

TEST_CASE("a packet that is cut short is not read beyond its end") {
  const std::string bytes =
      Packet{.opcode = 0x10, .key = "a longer key", .opaque = "\1\2\3\4"}.header();
  CHECK(log_of_packet(26, bytes, {}).ends_with("<26 STATS \n"));
  CHECK(log_of_packet(26, bytes.substr(0, 23), {}).empty());
}

TEST_CASE("bytes that are no packet are told to be none") {
  CHECK(log_of_packet(26, std::string(24, 'x'), {})
            .ends_with("<26    0x78 0x78 0x78 0x78\nInvalid magic:  78\n"));
}

TEST_CASE("a refused packet tells its text, its header, and that the connection closes") {
  const std::string echo = Packet{.opcode = 0x00, .opaque = "\1\2\3\4"}.header();
  Operation refused = answered(Verb::Quit, Outcome::Done);
  refused.dialect = Dialect::Binary;
  refused.echo = echo;
  refused.number = 4;
  CHECK(log_of_reply(26, refused) ==
        ">26 Writing an error: Invalid arguments\n"
        ">26 Writing bin response:\n"
        ">26   0x81 0x00 0x00 0x00\n"
        ">26   0x00 0x00 0x00 0x04\n"
        ">26   0x00 0x00 0x00 0x11\n"
        ">26   0x01 0x02 0x03 0x04\n"
        ">26   0x00 0x00 0x00 0x00\n"
        ">26   0x00 0x00 0x00 0x00\n"
        "Protocol error (opcode 00), close connection 26\n");
}
