// What may be said before a login: a set with two words, at any fragment size; all else is refused.
#include "wire/auth_gate.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "ringcached/limits.h"
#include "wire/text_replies.h"

namespace ringcached::wire {
namespace {

/// What the gate makes of bytes that come `piece` at a time: a line for each operation.
std::string heard(std::string_view said, size_t piece) {
  AuthGate gate;
  std::string found;
  size_t at = 0;
  size_t here = 0;
  while (at < said.size()) {
    if (here == 0) here = std::min(piece, said.size() - at);
    Operation operation{};
    const Step step = gate.next(said.substr(at, here), operation);
    if (step.what == Step::What::Incomplete) {
      REQUIRE(step.need > here);
      if (at + here == said.size()) return found + "...";
      here = std::min(here + piece, said.size() - at);
      continue;
    }
    REQUIRE(step.consumed <= here);
    REQUIRE(step.consumed > 0);
    if (step.what == Step::What::Operation) {
      if (operation.verb == Verb::Die) return found + "die";
      if (operation.verb == Verb::Authenticate) found += "login ";
      found.append(operation.value).append("|");
    }
    at += step.consumed;
    here -= step.consumed;
  }
  return found;
}

/// The same at every fragment size.
void check(std::string_view said, const std::string& expected) {
  for (const size_t piece :
       {size_t{1}, size_t{2}, size_t{5}, size_t{10}, size_t{100}, said.size()}) {
    CAPTURE(piece);
    CHECK(heard(said, piece) == expected);
  }
}

std::string reply(std::string_view text) {
  return std::string(text) + "|";
}

}  // namespace

TEST_CASE("a set whose value has arrived is a login, whatever its key") {
  check("set x 0 0 10\r\nbob secret\r\n", "login bob secret|");
  check("set x 0 0 10 noreply\r\nbob secret\r\nset y 0 0 3\r\nbob\r\n",
        "login bob secret|login bob|");
  check("set x 0 0 0\r\n\r\n", "login |");
  check("set x 0 0 10\r\nbob se", "...");
}

TEST_CASE("anything else is refused, and the next line is heard") {
  check("get key\r\nset x 0 0 3\r\na b\r\n", reply(unauthenticated) + "login a b|");
  check("version\r\n", reply(unauthenticated));
  check("set x 0 0\r\n", reply(unauthenticated));
  check("set x 0 0 1x\r\n", reply(unauthenticated));
  check("set x 0 0 -1\r\n", reply(unauthenticated));
  check("add x 0 0 3\r\n", reply(unauthenticated));
}

TEST_CASE("a value without its line end is no login; what follows it is heard") {
  check("set x 0 0 10\r\nbob secretXYget key\r\n", reply(bad_auth_end) + reply(unauthenticated));
}

TEST_CASE("a value that is too long is said, and ends the connection") {
  check("set x 0 0 16385\r\nbob", reply(auth_token_too_long) + "die");
  check("set x 0 0 16384\r\nbob", "...");
}

TEST_CASE("a line that is too short, and one that does not end, end the connection") {
  check("\r\n", "die");
  check("quit\n", "die");
  CHECK(heard(std::string(line_size_max, 'x'), line_size_max) == "...");
  CHECK(heard(std::string(line_size_max + 1, 'x'), line_size_max + 1) == "die");
}

TEST_CASE("credentials are two words") {
  CHECK(read_credentials("bob secret").user == "bob");
  CHECK(read_credentials("bob secret").password == "secret");
  CHECK(read_credentials("bob secret more").password == "secret");
  for (const std::string_view token : {"", " ", "bob", "bob "}) {
    CAPTURE(token);
    CHECK(read_credentials(token).user.empty());
    CHECK(read_credentials(token).password.empty());
  }
}

}  // namespace ringcached::wire
