// What -l accepts: separators, prefixes, hosts and ports.
#include "server/listen_list.h"

#include <doctest/doctest.h>

namespace ringcached::server {
namespace {

using Addresses = std::vector<std::string>;

Addresses taken(std::string_view list) {
  Addresses addresses;
  CHECK(add_listen_list(list, addresses) == "");
  return addresses;
}

std::string complaint(std::string_view list) {
  Addresses addresses;
  return add_listen_list(list, addresses);
}

TEST_CASE("commas, semicolons and blanks separate addresses") {
  CHECK(taken("127.0.0.1") == Addresses{"127.0.0.1"});
  CHECK(taken("a,b:1;c d") == Addresses{"a", "b:1", "c", "d"});
  CHECK(taken(",a,,") == Addresses{"a"});
}

TEST_CASE("prefixes are taken off") {
  CHECK(taken("notls:127.0.0.1:5") == Addresses{"127.0.0.1:5"});
  CHECK(taken("proto[ascii]:a:1,proto[negotiating]:b") == Addresses{"a:1", "b"});
  CHECK(taken("notls:proto[ascii]:tag[edge]:[::1]:2") == Addresses{"[::1]:2"});
  CHECK(taken("tag_x_:host:3") == Addresses{"host:3"});
}

TEST_CASE("what is not there yet is refused and says what would be right") {
  CHECK(complaint("btls:a").find("TLS is not supported yet") != std::string::npos);
  CHECK(complaint("mtls:a").find("notls:") != std::string::npos);
  CHECK(complaint("proto[binary]:a").find("use proto[ascii]") != std::string::npos);
  CHECK(complaint("proto[proxy]:a").find("not supported yet") != std::string::npos);
  CHECK(complaint("proto[smtp]:a").find("expected proto[ascii]") != std::string::npos);
}

TEST_CASE("an empty list and a bad port are refused") {
  for (const char* list :
       {"", ",", "a:70000", "a:", "a:-1", "a:x", ":1", "[::1", "[]:1", "[::1]x"}) {
    CAPTURE(list);
    CHECK(complaint(list).starts_with("expected"));
  }
}

void check_address(std::string_view text, const std::string& host, int port) {
  CAPTURE(text);
  const auto address = parse_listen_address(text);
  REQUIRE(address.has_value());
  CHECK(address->host == host);
  CHECK(address->port == port);
}

TEST_CASE("an address is a host with or without a port") {
  check_address("localhost", "localhost", -1);
  check_address("127.0.0.1:80", "127.0.0.1", 80);
  check_address("a:0", "a", 0);
  check_address("a:65535", "a", 65535);
  check_address("*", "", -1);
  check_address("*:11", "", 11);
  check_address("::1", "::1", -1);
  check_address("fe80::1:2", "fe80::1:2", -1);
  check_address("[::1]", "::1", -1);
  check_address("[::1]:9", "::1", 9);
}

}  // namespace
}  // namespace ringcached::server
