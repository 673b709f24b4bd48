// The binary protocol: what is asked, and every kind of reply at every fragment size.
#include "ringload/binary.h"

#include <doctest/doctest.h>

#include <string>

#include "joined.h"
#include "talk.h"

namespace ringload {
namespace {

constexpr Make make = make_binary_conversation;
constexpr char set = 0x01, noop = 0x0a, getk = 0x0c, getkq = 0x0d;

std::string big_endian(uint64_t number, int bytes) {
  std::string text;
  for (int i = bytes; i-- > 0;) text += static_cast<char>(number >> (8 * i));
  return text;
}

struct Packet {
  char magic = static_cast<char>(0x81);
  char opcode = 0;
  uint16_t status = 0;
  uint32_t opaque = 0;
  std::string extras, key, value;
};

std::string bytes_of(const Packet& p) {
  const size_t body = p.extras.size() + p.key.size() + p.value.size();
  return std::string{p.magic, p.opcode} + big_endian(p.key.size(), 2) +
         static_cast<char>(p.extras.size()) + '\0' + big_endian(p.status, 2) + big_endian(body, 4) +
         big_endian(p.opaque, 4) + big_endian(0, 8) + p.extras + p.key + p.value;
}

std::string request(char opcode, uint32_t opaque, const std::string& extras = "",
                    const std::string& key = "", const std::string& value = "") {
  return bytes_of({static_cast<char>(0x80), opcode, 0, opaque, extras, key, value});
}

std::string hit(char opcode, uint32_t opaque, uint64_t key, uint32_t size = 40) {
  return bytes_of({.opcode = opcode,
                   .opaque = opaque,
                   .extras = big_endian(0, 4),
                   .key = text_of(key),
                   .value = value_of(key, size)});
}

std::string answer(char opcode, uint32_t opaque, uint16_t status = 0, const char* text = "") {
  return bytes_of({.opcode = opcode,
                   .status = status,
                   .opaque = opaque,
                   .extras = "",
                   .key = "",
                   .value = text});
}

}  // namespace

TEST_CASE("packets are spelled as the binary protocol wants") {
  const auto talk = asked(make, {{7}, {}, {1, 2}});
  CHECK(joined(talk->slices()) ==
        request(getk, 0, "", "00007") +
            request(set, 1, big_endian(0, 4) + big_endian(60, 4), "00001", value_of(1)) +
            request(getkq, 2, "", "00001") + request(getkq, 3, "", "00002") + request(noop, 3));
  CHECK(talk->unanswered_requests() == 4);
}

TEST_CASE("binary hits, misses and sets are counted") {
  const Tally tally =
      read(make, {{7}, {8}, {}, {1, 2, 3}, {4, 5}},
           hit(getk, 0, 7) + answer(getk, 1, 1, "Not found") + answer(set, 2) + hit(getkq, 3, 1) +
               hit(getkq, 5, 3) + answer(noop, 5) + answer(noop, 7));
  CHECK(tally.gets == 7);
  CHECK(tally.hits == 3);
  CHECK(tally.misses == 4);
  CHECK(tally.sets == 1);
  CHECK(tally.errors == 0);
}

TEST_CASE("binary values of every size are read") {
  for (const uint32_t size : {0u, 1u, 9u, 10u, 15u, 16u, 17u, 99u, 100u, 1500u}) {
    CAPTURE(size);
    CHECK(read(make, {{7}, {8, 9}},
               hit(getk, 0, 7, size) + hit(getkq, 2, 9, size) + hit(getkq, 1, 8, size) +
                   answer(noop, 2))
              .hits == 3);
  }
}

TEST_CASE("a binary error takes its request alone") {
  const Tally tally = read(make, {{1, 2, 3}, {}, {4}},
                           hit(getkq, 0, 1) + answer(getkq, 1, 0x82, "Out of memory") +
                               answer(noop, 2) + answer(set, 3, 0x82) + hit(getk, 4, 4));
  CHECK(tally.hits == 2);
  CHECK(tally.errors == 2);
  CHECK(tally.misses == 1);
  CHECK(tally.gets == 4);
  CHECK(tally.first_error == "status 130 Out of memory");
}

TEST_CASE("a wrong binary value is counted, and what follows it is read") {
  std::string reply = hit(getkq, 0, 1) + hit(getkq, 1, 2) + answer(noop, 1) + hit(getk, 2, 3);
  reply[40] = static_cast<char>(reply[40] ^ 1);
  const Tally tally = read(make, {{1, 2}, {3}}, reply);
  CHECK(tally.wrong == 1);
  CHECK(tally.hits == 2);
}

TEST_CASE("binary replies that are not to what was asked are failures") {
  CHECK(failure_of(make, {{1}}, hit(getk, 0, 2)) == Exit::WrongByte);
  CHECK(failure_of(
            make, {{1}},
            bytes_of({.opcode = getk, .extras = big_endian(7, 4), .key = "00001", .value = "x"})) ==
        Exit::WrongByte);
  CHECK(failure_of(make, {{1}}, hit(getk, 1, 1)) == Exit::Protocol);
  CHECK(failure_of(make, {{1}}, hit(getkq, 0, 1)) == Exit::Protocol);
  CHECK(failure_of(make, {{1}}, answer(noop, 0)) == Exit::Protocol);
  CHECK(failure_of(make, {{}}, answer(getk, 0)) == Exit::Protocol);
  CHECK(failure_of(make, {{1}}, request(getk, 0)) == Exit::Protocol);
  CHECK(
      failure_of(make, {{1}}, bytes_of({.opcode = getk, .extras = "", .key = "", .value = "x"})) ==
      Exit::Protocol);
  CHECK(failure_of(make, {{1}}, hit(getk, 0, 1) + hit(getk, 0, 1)) == Exit::Protocol);
  CHECK(failure_of(make, {{1, 2}}, hit(getkq, 0, 1) + hit(getkq, 0, 1)) == Exit::Protocol);
}

TEST_CASE("without verification any key and any value is a binary hit") {
  const Tally tally =
      read(make, {{1}},
           bytes_of({.opcode = getk, .extras = big_endian(5, 4), .key = "any", .value = "thing"}),
           false);
  CHECK(tally.hits == 1);
}

}  // namespace ringload
