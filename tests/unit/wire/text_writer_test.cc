// Claims about the spelling of every outcome.
#include "wire/text_writer.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "ringcached/limits.h"

using namespace ringcached;
using namespace ringcached::wire;

namespace {

std::string head(const Operation& operation) {
  char out[reply_frame_max];
  return std::string(out, write_head(operation, out));
}

std::string tail(const Operation& operation) {
  char out[reply_frame_max];
  return std::string(out, write_tail(operation, out));
}

std::string whole(Verb verb, Outcome outcome) {
  Operation operation;
  operation.verb = verb;
  operation.outcome = outcome;
  return head(operation) + tail(operation);
}

Operation hit(std::string_view key, uint32_t size) {
  Operation operation;
  operation.verb = Verb::Get;
  operation.outcome = Outcome::Hit;
  operation.key.bytes = key;
  operation.found.size = size;
  return operation;
}

}  // namespace

TEST_CASE("a hit is a VALUE line, the value and its end") {
  Operation operation = hit("key", 5);
  operation.client_flags = 42;
  operation.cas = 99;
  CHECK(has_value(operation));
  CHECK(head(operation) == "VALUE key 42 5\r\n");
  CHECK(tail(operation) == "\r\n");
}

TEST_CASE("the last hit of a line brings END") {
  Operation operation = hit("key", 5);
  operation.ends_reply = true;
  CHECK(tail(operation) == "\r\nEND\r\n");
}

TEST_CASE("gets shows the cas id, and 0 where there is none") {
  Operation operation = hit("key", 5);
  operation.with_cas = true;
  operation.cas = 18446744073709551615ull;
  CHECK(head(operation) == "VALUE key 0 5 18446744073709551615\r\n");
  operation.cas = 0;
  CHECK(head(operation) == "VALUE key 0 5 0\r\n");
}

TEST_CASE("a miss is silent but for the END of its line") {
  Operation operation;
  operation.verb = Verb::Get;
  operation.outcome = Outcome::Miss;
  CHECK(head(operation).empty());
  CHECK(tail(operation).empty());
  operation.ends_reply = true;
  CHECK(head(operation).empty());
  CHECK(tail(operation) == "END\r\n");
  CHECK_FALSE(has_value(operation));
}

TEST_CASE("the widest frame fits the room that is promised") {
  const std::string key(key_size_max, 'k');
  Operation operation = hit(key, std::numeric_limits<uint32_t>::max());
  operation.client_flags = std::numeric_limits<uint32_t>::max();
  operation.cas = std::numeric_limits<uint64_t>::max();
  operation.with_cas = true;
  operation.ends_reply = true;
  CHECK(head(operation).size() + tail(operation).size() <= reply_frame_max);
}

TEST_CASE("every outcome of a storage command has its word") {
  for (const Verb verb : {Verb::Store, Verb::Commit}) {
    CHECK(whole(verb, Outcome::Stored) == "STORED\r\n");
    CHECK(whole(verb, Outcome::NotStored) == "NOT_STORED\r\n");
    CHECK(whole(verb, Outcome::Exists) == "EXISTS\r\n");
    CHECK(whole(verb, Outcome::NotFound) == "NOT_FOUND\r\n");
    CHECK(whole(verb, Outcome::TooLarge) == "SERVER_ERROR object too large for cache\r\n");
    CHECK(whole(verb, Outcome::NoMemory) == "SERVER_ERROR out of memory storing object\r\n");
  }
  CHECK(whole(Verb::Refuse, Outcome::TooLarge) == "SERVER_ERROR object too large for cache\r\n");
}

TEST_CASE("a fill under way speaks only when it fails") {
  CHECK(whole(Verb::Reserve, Outcome::Granted).empty());
  CHECK(whole(Verb::Extend, Outcome::Granted).empty());
  CHECK(whole(Verb::Abandon, Outcome::Done).empty());
  CHECK(whole(Verb::Reserve, Outcome::NoMemory) == "SERVER_ERROR out of memory storing object\r\n");
  CHECK(whole(Verb::Extend, Outcome::NoMemory) == "SERVER_ERROR Out of memory during read\r\n");
}

TEST_CASE("every outcome of the other commands has its word") {
  CHECK(whole(Verb::Delete, Outcome::Deleted) == "DELETED\r\n");
  CHECK(whole(Verb::Delete, Outcome::NotFound) == "NOT_FOUND\r\n");
  CHECK(whole(Verb::Touch, Outcome::Touched) == "TOUCHED\r\n");
  CHECK(whole(Verb::Touch, Outcome::NotFound) == "NOT_FOUND\r\n");
  CHECK(whole(Verb::Arithmetic, Outcome::NotFound) == "NOT_FOUND\r\n");
  CHECK(whole(Verb::Arithmetic, Outcome::NotNumeric) ==
        "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n");
  CHECK(whole(Verb::Arithmetic, Outcome::NoMemory) == "SERVER_ERROR out of memory\r\n");
  CHECK(whole(Verb::FlushAll, Outcome::Done) == "OK\r\n");
  CHECK(whole(Verb::Verbosity, Outcome::Done) == "OK\r\n");
  CHECK(whole(Verb::ResetStats, Outcome::Done) == "RESET\r\n");
  CHECK(whole(Verb::Quit, Outcome::Done).empty());
  CHECK(whole(Verb::Die, Outcome::Done).empty());
  CHECK(whole(Verb::Shutdown, Outcome::Done).empty());
}

TEST_CASE("a number is written in digits") {
  Operation operation;
  operation.verb = Verb::Arithmetic;
  operation.outcome = Outcome::Number;
  CHECK(head(operation) == "0\r\n");
  operation.number = 18446744073709551615ull;
  CHECK(head(operation) == "18446744073709551615\r\n");
}

TEST_CASE("a get without memory is answered by its error alone") {
  for (const Verb verb : {Verb::Get, Verb::GetAndTouch}) {
    Operation operation;
    operation.verb = verb;
    operation.outcome = Outcome::NoMemory;
    operation.ends_reply = true;
    CHECK(head(operation) == "SERVER_ERROR out of memory writing get response\r\n");
    CHECK(tail(operation).empty());
  }
}

TEST_CASE("noreply silences success and failure") {
  for (const Outcome outcome :
       {Outcome::Stored, Outcome::NotStored, Outcome::NoMemory, Outcome::TooLarge, Outcome::Number,
        Outcome::NotNumeric, Outcome::Hit, Outcome::Miss}) {
    Operation operation;
    operation.ends_reply = true;
    operation.verb = Verb::Store;
    operation.outcome = outcome;
    operation.quiet = true;
    CHECK(head(operation).empty());
    CHECK(tail(operation).empty());
  }
}

TEST_CASE("a ready-made text is not the writer's") {
  Operation operation;
  operation.verb = Verb::Say;
  operation.value = "ERROR\r\n";
  operation.outcome = Outcome::Done;
  CHECK(has_text(operation));
  CHECK(head(operation).empty());
  CHECK(tail(operation).empty());
}
