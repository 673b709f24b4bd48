// Claims about how the outcomes of meta commands are spelled.
#include "wire/meta_writer.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "ringcached/limits.h"
#include "ringcached/meta_extras.h"

using namespace ringcached;
using namespace ringcached::wire;

namespace {

/// An operation with its extras, as the parser and the owner leave them.
struct Asked {
  Asked(Verb verb, Outcome outcome, std::string_view flags) {
    operation.dialect = Dialect::Meta;
    operation.verb = verb;
    operation.outcome = outcome;
    operation.key.bytes = "key";
    operation.echo = flags;
    operation.extras = &extras;
    extras.clear();
  }

  std::string spelled() const {
    char out[meta_frame_max];
    char* const head = write_meta_head(operation, out);
    return std::string(out, write_meta_tail(operation, head));
  }

  MetaExtras extras;
  Operation operation;
};

std::string spelled(Verb verb, Outcome outcome, std::string_view flags = "") {
  return Asked(verb, outcome, flags).spelled();
}

/// A mg hit whose facts all differ.
Asked hit(std::string_view flags) {
  Asked asked(Verb::MetaGet, Outcome::Done, flags);
  asked.operation.client_flags = 5;
  asked.operation.cas = 77;
  asked.extras.result.size = 12;
  asked.extras.result.idle = 9;
  asked.extras.result.fetched = true;
  asked.extras.result.ttl = {30, false};
  return asked;
}

constexpr Verb keyed_verbs[] = {Verb::MetaGet, Verb::MetaStore, Verb::Commit, Verb::MetaDelete,
                                Verb::MetaArithmetic};

}  // namespace

TEST_CASE("every outcome has its code") {
  CHECK(spelled(Verb::MetaGet, Outcome::Done) == "HD\r\n");
  CHECK(spelled(Verb::MetaGet, Outcome::Miss) == "EN\r\n");
  for (const Verb verb : {Verb::MetaStore, Verb::Commit}) {
    CHECK(spelled(verb, Outcome::Stored) == "HD\r\n");
    CHECK(spelled(verb, Outcome::NotStored) == "NS\r\n");
    CHECK(spelled(verb, Outcome::Exists) == "EX\r\n");
    CHECK(spelled(verb, Outcome::NotFound) == "NF\r\n");
  }
  CHECK(spelled(Verb::MetaDelete, Outcome::Deleted) == "HD\r\n");
  CHECK(spelled(Verb::MetaDelete, Outcome::Done) == "HD\r\n");
  CHECK(spelled(Verb::MetaDelete, Outcome::NotFound) == "NF\r\n");
  CHECK(spelled(Verb::MetaArithmetic, Outcome::Number) == "HD\r\n");
  CHECK(spelled(Verb::MetaArithmetic, Outcome::NotFound) == "NF\r\n");
  CHECK(spelled(Verb::MetaArithmetic, Outcome::Exists) == "EX\r\n");
  CHECK(spelled(Verb::MetaDebug, Outcome::Miss) == "EN\r\n");
}

TEST_CASE("errors are told as in the classic protocol") {
  CHECK(spelled(Verb::Refuse, Outcome::TooLarge) == "SERVER_ERROR object too large for cache\r\n");
  for (const Verb verb : {Verb::MetaStore, Verb::Reserve}) {
    CHECK(spelled(verb, Outcome::NoMemory) == "SERVER_ERROR out of memory storing object\r\n");
  }
  CHECK(spelled(Verb::Extend, Outcome::NoMemory) == "SERVER_ERROR Out of memory during read\r\n");
  CHECK(spelled(Verb::MetaDelete, Outcome::NoMemory) == "SERVER_ERROR out of memory\r\n");
  CHECK(spelled(Verb::MetaArithmetic, Outcome::NoMemory) == "SERVER_ERROR out of memory\r\n");
  CHECK(spelled(Verb::MetaGet, Outcome::NoMemory) ==
        "SERVER_ERROR out of memory writing get response\r\n");
  CHECK(spelled(Verb::MetaArithmetic, Outcome::NotNumeric) ==
        "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n");
  Asked made(Verb::MetaArithmetic, Outcome::NoMemory, "N0");
  made.extras.result.made = true;
  CHECK(made.spelled() == "SERVER_ERROR Out of memory allocating new item\r\n");
}

TEST_CASE("mg returns what is asked, in the order of the request") {
  CHECK(hit("s t c f h l k O9").spelled() == "HD s12 t30 c77 f5 h1 l9 kkey O9\r\n");
  CHECK(hit("O9 k l h f c t s").spelled() == "HD O9 kkey l9 h1 f5 c77 t30 s12\r\n");
  CHECK(hit("q T5 N6 R7 u C8 E9 F1 M I x P L J1 D1 b").spelled() == "HD\r\n");
  CHECK(hit("k1 s2 t3").spelled() == "HD kkey s12 t30\r\n");
  CHECK(hit("v    s").spelled() == "HD s12\r\n");
}

TEST_CASE("a value stands between its line and CRLF") {
  Asked asked = hit("v s");
  asked.operation.outcome = Outcome::Hit;
  asked.operation.found.size = 12;
  CHECK(asked.spelled() == "VA 12 s12\r\n\r\n");
}

TEST_CASE("without an end the time to live is -1, and past it the number wraps") {
  Asked asked = hit("t");
  asked.extras.result.ttl = {};
  CHECK(asked.spelled() == "HD t-1\r\n");
  asked.extras.result.ttl = ttl_of(long_past, 10);
  CHECK(asked.spelled() == "HD t4294967287\r\n");
}

TEST_CASE("failures repeat opaque and key, and nothing else but what ms knows") {
  constexpr std::string_view all = "s t c f h l k O9";
  CHECK(spelled(Verb::MetaGet, Outcome::Miss, all) == "EN kkey O9\r\n");
  CHECK(spelled(Verb::MetaDelete, Outcome::NotFound, all) == "NF kkey O9\r\n");
  CHECK(spelled(Verb::MetaDelete, Outcome::Exists, all) == "EX kkey O9\r\n");
  CHECK(spelled(Verb::MetaArithmetic, Outcome::NotFound, all) == "NF kkey O9\r\n");
  CHECK(spelled(Verb::MetaArithmetic, Outcome::Exists, all) == "EX kkey O9\r\n");
  Asked store(Verb::MetaStore, Outcome::NotStored, all);
  store.extras.result.size = 3;
  CHECK(store.spelled() == "NS s3 c0 kkey O9\r\n");
}

TEST_CASE("success of md shows opaque and key, of ms cas id and size, of ma cas id and time") {
  constexpr std::string_view all = "s t c f h l k O9";
  CHECK(spelled(Verb::MetaDelete, Outcome::Deleted, all) == "HD kkey O9\r\n");
  Asked store(Verb::Commit, Outcome::Stored, all);
  store.operation.cas = 4;
  store.extras.result.size = 3;
  CHECK(store.spelled() == "HD s3 c4 kkey O9\r\n");
  Asked number(Verb::MetaArithmetic, Outcome::Number, all);
  number.operation.cas = 4;
  CHECK(number.spelled() == "HD t-1 c4 kkey O9\r\n");
}

TEST_CASE("ma with v brings the number as a value") {
  Asked asked(Verb::MetaArithmetic, Outcome::Number, "v c");
  asked.extras.request.flags = meta::with_value;
  asked.operation.number = std::numeric_limits<uint64_t>::max();
  asked.operation.cas = 4;
  CHECK(asked.spelled() == "VA 20 c4\r\n18446744073709551615\r\n");
  asked.operation.number = 0;
  CHECK(asked.spelled() == "VA 1 c4\r\n0\r\n");
}

TEST_CASE("a key in base64 is shown in base64, and said to be") {
  for (const Verb verb : keyed_verbs) {
    Asked asked(verb, verb == Verb::MetaGet ? Outcome::Miss : Outcome::NotFound, "O1 k");
    asked.operation.key.bytes = std::string_view("\0\xff ", 3);
    asked.extras.result.base64 = true;
    const std::string line = asked.spelled();
    CHECK(line.substr(2) == " O1 kAP8g b\r\n");
  }
}

TEST_CASE("mg tells at the end who is to renew the item; the others never do") {
  Asked asked = hit("k");
  asked.extras.result.won = asked.extras.result.stale = true;
  CHECK(asked.spelled() == "HD kkey X W\r\n");
  asked.extras.result.won = false;
  asked.extras.result.lost = true;
  CHECK(asked.spelled() == "HD kkey Z X\r\n");
  asked.operation.verb = Verb::MetaArithmetic;
  asked.operation.outcome = Outcome::Number;
  CHECK(asked.spelled() == "HD kkey\r\n");
}

TEST_CASE("quiet hides a miss of mg, and success of the others") {
  const auto quiet = [](Verb verb, Outcome outcome) {
    Asked asked(verb, outcome, "q k");
    asked.extras.request.flags = meta::quiet;
    CHECK(is_silent_in_meta(asked.operation) == asked.spelled().empty());
    return asked.spelled();
  };
  CHECK(quiet(Verb::MetaGet, Outcome::Miss).empty());
  CHECK(quiet(Verb::MetaGet, Outcome::Done) == "HD kkey\r\n");
  CHECK(quiet(Verb::MetaGet, Outcome::Hit) == "VA 0 kkey\r\n\r\n");
  CHECK(quiet(Verb::MetaStore, Outcome::Stored).empty());
  CHECK(quiet(Verb::Commit, Outcome::Stored).empty());
  CHECK(quiet(Verb::MetaDelete, Outcome::Deleted).empty());
  CHECK(quiet(Verb::MetaDelete, Outcome::Done).empty());
  CHECK(quiet(Verb::MetaArithmetic, Outcome::Number).empty());
  CHECK(quiet(Verb::MetaStore, Outcome::NotStored) == "NS kkey\r\n");
  CHECK(quiet(Verb::MetaStore, Outcome::Exists) == "EX kkey\r\n");
  CHECK(quiet(Verb::MetaDelete, Outcome::NotFound) == "NF kkey\r\n");
  CHECK(quiet(Verb::MetaArithmetic, Outcome::NotNumeric).starts_with("CLIENT_ERROR"));
  CHECK(quiet(Verb::Refuse, Outcome::TooLarge).starts_with("SERVER_ERROR"));
}

TEST_CASE("me tells what is known of the item") {
  Asked asked(Verb::MetaDebug, Outcome::Done, "");
  asked.operation.cas = 77;
  asked.extras.result.idle = 9;
  asked.extras.result.size = 35;
  asked.extras.result.class_id = 3;
  CHECK(asked.spelled() == "ME key exp=-1 la=9 cas=77 fetch=no cls=3 size=35\r\n");
  asked.extras.result.fetched = asked.extras.result.base64 = true;
  asked.extras.result.ttl = {30, false};
  CHECK(asked.spelled() == "ME a2V5 exp=30 la=9 cas=77 fetch=yes cls=3 size=35\r\n");
}

TEST_CASE("the longest line fits the room that is promised for it") {
  const std::string key(MetaExtras::decoded_max, 'k');
  const std::string flags = "v s t c f h l k O" + std::string(31, 'o');
  Asked asked = hit(flags);
  asked.operation.outcome = Outcome::Hit;
  asked.operation.key.bytes = key;
  asked.operation.found.size = std::numeric_limits<uint32_t>::max();
  asked.operation.cas = asked.extras.result.size = std::numeric_limits<uint64_t>::max();
  asked.operation.client_flags = std::numeric_limits<uint32_t>::max();
  asked.extras.result.idle = std::numeric_limits<Seconds>::max();
  asked.extras.result.ttl = {std::numeric_limits<Seconds>::max(), false};
  asked.extras.result.base64 = asked.extras.result.lost = asked.extras.result.stale = true;
  CHECK(asked.spelled().size() <= meta_frame_max);

  Asked debug(Verb::MetaDebug, Outcome::Done, "");
  debug.operation.key.bytes = key;
  debug.operation.cas = debug.extras.result.size = std::numeric_limits<uint64_t>::max();
  debug.extras.result = asked.extras.result;
  CHECK(debug.spelled().size() <= meta_frame_max);
}
