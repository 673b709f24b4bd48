// Claims about the spelling of every outcome in the binary protocol.
#include "wire/binary_writer.h"

#include <doctest/doctest.h>

#include <string>

#include "binary_packets.h"
#include "ringcached/limits.h"
#include "wire/replies.h"

using namespace ringcached;
using namespace ringcached::wire;
using namespace ringcached::wire::testing;
using namespace std::string_literals;

namespace {

/// An operation as it stands when a request with this opcode has been run.
Operation answered(const std::string& echo, Verb verb, Outcome outcome) {
  Operation operation;
  operation.dialect = Dialect::Binary;
  operation.echo = echo;
  operation.verb = verb;
  operation.outcome = outcome;
  operation.key.bytes = "key";
  return operation;
}

std::string echo_of(int opcode) {
  return Packet{.opcode = static_cast<uint8_t>(opcode), .opaque = "\1\2\3\4"}.header();
}

std::string spelled(const Operation& operation) {
  char out[reply_frame_max];
  char* const end = write_reply_tail(operation, write_reply_head(operation, out));
  return std::string(out, end);
}

/// A reply as the specification draws it.
std::string reply(int opcode, uint16_t status, const std::string& extras, const std::string& key,
                  const std::string& value, uint64_t cas = 0, uint32_t body_beyond = 0) {
  std::string bytes{static_cast<char>(0x81), static_cast<char>(opcode)};
  bytes += big(static_cast<uint16_t>(key.size()));
  bytes += static_cast<char>(extras.size());
  bytes += '\0';
  bytes += big(status);
  bytes += big(static_cast<uint32_t>(extras.size() + key.size() + value.size() + body_beyond));
  return bytes + "\1\2\3\4" + big(cas) + extras + key + value;
}

/// What a failure of a loud and of a quiet command says: the same.
void check_failure(Verb verb, Outcome outcome, StoreMode mode, uint16_t status,
                   const std::string& text) {
  const std::string echo = echo_of(0x01);
  Operation operation = answered(echo, verb, outcome);
  operation.mode = mode;
  CHECK(spelled(operation) == reply(0x01, status, "", "", text));
  operation.quiet = true;
  CHECK_FALSE(is_silent(operation));
  CHECK(spelled(operation) == reply(0x01, status, "", "", text));
}

}  // namespace

TEST_CASE("a hit is a header with the flags and the cas id; the value follows") {
  for (const int opcode : {0x00, 0x09, 0x1d, 0x1e}) {
    const std::string echo = echo_of(opcode);
    Operation operation = answered(echo, Verb::Get, Outcome::Hit);
    operation.client_flags = 0x01020304;
    operation.cas = 99;
    operation.found.size = 5;
    operation.quiet = true;
    CHECK(spelled(operation) == reply(opcode, 0, "\1\2\3\4", "", "", 99, 5));
  }
}

TEST_CASE("getk and gatk tell the key, of a hit and of a miss") {
  for (const int opcode : {0x0c, 0x0d, 0x23, 0x24}) {
    const std::string echo = echo_of(opcode);
    Operation operation = answered(echo, Verb::Get, Outcome::Hit);
    operation.found.size = 5;
    CHECK(spelled(operation) == reply(opcode, 0, "\0\0\0\0"s, "key", "", 0, 5));
    operation.outcome = Outcome::Miss;
    CHECK(spelled(operation) == reply(opcode, 1, "", "key", ""));
  }
}

TEST_CASE("the longest key fits into a frame") {
  const std::string echo = echo_of(0x0c);
  const std::string key(key_size_max, 'k');
  Operation operation = answered(echo, Verb::Get, Outcome::Hit);
  operation.key.bytes = key;
  CHECK(spelled(operation) == reply(0x0c, 0, "\0\0\0\0"s, key, ""));
}

TEST_CASE("a miss is told, unless it was asked quietly") {
  const std::string echo = echo_of(0x00);
  Operation operation = answered(echo, Verb::Get, Outcome::Miss);
  CHECK(spelled(operation) == reply(0x00, 1, "", "", "Not found"));
  operation.quiet = true;
  CHECK(is_silent(operation));
  CHECK(spelled(operation).empty());
}

TEST_CASE("touched tells the flags and the cas id") {
  const std::string echo = echo_of(0x1c);
  Operation operation = answered(echo, Verb::Touch, Outcome::Touched);
  operation.client_flags = 7;
  operation.cas = 8;
  CHECK(spelled(operation) == reply(0x1c, 0, "\0\0\0\7"s, "", "", 8));
}

TEST_CASE("stored tells the cas id, and nothing when quiet") {
  const std::string echo = echo_of(0x11);
  Operation operation = answered(echo, Verb::Store, Outcome::Stored);
  operation.cas = 77;
  CHECK(spelled(operation) == reply(0x11, 0, "", "", "", 77));
  operation.quiet = true;
  CHECK(is_silent(operation));
  CHECK(spelled(operation).empty());
}

TEST_CASE("a number is eight bytes") {
  const std::string echo = echo_of(0x05);
  Operation operation = answered(echo, Verb::Arithmetic, Outcome::Number);
  operation.number = 258;
  operation.cas = 5;
  CHECK(spelled(operation) == reply(0x05, 0, "", "", "\0\0\0\0\0\0\1\2"s, 5));
  operation.quiet = true;
  CHECK(is_silent(operation));
}

TEST_CASE("deleted, flushed and reset are bare headers") {
  for (const Verb verb : {Verb::Delete, Verb::FlushAll, Verb::ResetStats}) {
    const std::string echo = echo_of(0x04);
    const Outcome outcome = verb == Verb::Delete ? Outcome::Deleted : Outcome::Done;
    Operation operation = answered(echo, verb, outcome);
    CHECK(spelled(operation) == reply(0x04, 0, "", "", ""));
    operation.quiet = true;
    CHECK(is_silent(operation));
  }
}

TEST_CASE("every failure has its status and its text, and is told to the quiet as well") {
  const StoreMode set = StoreMode::Set;
  check_failure(Verb::Delete, Outcome::NotFound, set, 1, "Not found");
  check_failure(Verb::Touch, Outcome::NotFound, set, 1, "Not found");
  check_failure(Verb::Store, Outcome::NotFound, set, 1, "Not found");
  check_failure(Verb::Store, Outcome::Exists, set, 2, "Data exists for key.");
  check_failure(Verb::Store, Outcome::NotStored, StoreMode::Add, 2, "Data exists for key.");
  check_failure(Verb::Commit, Outcome::NotStored, StoreMode::Replace, 1, "Not found");
  check_failure(Verb::Store, Outcome::NotStored, StoreMode::Append, 5, "Not stored.");
  check_failure(Verb::Commit, Outcome::NotStored, StoreMode::Prepend, 5, "Not stored.");
  check_failure(Verb::Refuse, Outcome::TooLarge, set, 3, "Too large.");
  check_failure(Verb::Arithmetic, Outcome::NotNumeric, set, 6,
                "Non-numeric server-side value for incr or decr");
}

TEST_CASE("what there was no memory for is told") {
  const StoreMode set = StoreMode::Set;
  check_failure(Verb::Store, Outcome::NoMemory, set, 0x82, "Out of memory allocating item");
  check_failure(Verb::Reserve, Outcome::NoMemory, set, 0x82, "Out of memory allocating item");
  check_failure(Verb::Extend, Outcome::NoMemory, set, 0x82, "Out of memory during read");
  check_failure(Verb::Arithmetic, Outcome::NoMemory, set, 0x82, "Out of memory incrementing value");
  check_failure(Verb::Arithmetic, Outcome::NoMemory, StoreMode::Add, 0x82,
                "Out of memory allocating new item");
  check_failure(Verb::Get, Outcome::NoMemory, set, 0x82, "Out of memory");
}

TEST_CASE("what the parser answers by itself has a status and a body") {
  const std::string echo = echo_of(0x0b);
  Operation operation = answered(echo, Verb::Say, Outcome::Done);
  operation.value = "1.6.45";
  CHECK_FALSE(is_ready_made(operation));
  CHECK(spelled(operation) == reply(0x0b, 0, "", "", "1.6.45"));
  operation.number = 0x81;
  CHECK(spelled(operation) == reply(0x0b, 0x81, "", "", "Unknown command"));
  operation.number = 0x20;
  operation.quiet = true;
  CHECK(spelled(operation) == reply(0x0b, 0x20, "", "", "Auth failure."));
}

TEST_CASE("quit is answered, quitq is not, a refusal in passing always is") {
  const std::string echo = echo_of(0x07);
  Operation operation = answered(echo, Verb::Quit, Outcome::Done);
  CHECK(spelled(operation) == reply(0x07, 0, "", "", ""));
  operation.quiet = true;
  CHECK(is_silent(operation));
  operation.number = 4;
  CHECK(spelled(operation) == reply(0x07, 4, "", "", "Invalid arguments"));
}

TEST_CASE("a statistic is a packet with a key, the last one is empty") {
  const std::string echo = echo_of(0x10);
  std::string text;
  append_binary_stat(text, "pid", "123", echo);
  append_binary_stat(text, "", "", echo);
  CHECK(text == reply(0x10, 0, "", "pid", "123") + reply(0x10, 0, "", "", ""));
}

TEST_CASE("a value ends with CRLF in text and with nothing in binary") {
  CHECK(value_end(Dialect::Text) == "\r\n");
  CHECK(value_end(Dialect::Meta) == "\r\n");
  CHECK(value_end(Dialect::Binary).empty());
}
