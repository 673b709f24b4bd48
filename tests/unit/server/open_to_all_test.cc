// Which addresses strangers may reach.
#include "server/open_to_all.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace ringcached::server {
namespace {

bool public_v4(const char* text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  REQUIRE(::inet_pton(AF_INET, text, &address.sin_addr) == 1);
  return is_public(reinterpret_cast<const sockaddr&>(address));
}

bool public_v6(const char* text) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  REQUIRE(::inet_pton(AF_INET6, text, &address.sin6_addr) == 1);
  return is_public(reinterpret_cast<const sockaddr&>(address));
}

TEST_CASE("loopback and private networks are not public, up to their last address") {
  for (const char* text :
       {"127.0.0.1", "127.255.255.255", "10.0.0.0", "10.255.255.255", "172.16.0.0",
        "172.31.255.255", "192.168.0.1", "192.168.255.255", "169.254.0.1", "169.254.255.255"}) {
    CAPTURE(text);
    CHECK(!public_v4(text));
  }
  for (const char* text : {"::1", "fe80::1", "febf::1", "fc00::1", "fdff::1", "::ffff:10.1.2.3"}) {
    CAPTURE(text);
    CHECK(!public_v6(text));
  }
}

TEST_CASE("every address is public, and so are the neighbours of private networks") {
  for (const char* text : {"0.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "126.255.255.255",
                           "128.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
                           "192.169.0.0", "169.253.255.255", "169.255.0.0"}) {
    CAPTURE(text);
    CHECK(public_v4(text));
  }
  for (const char* text : {"::", "::2", "2001:db8::1", "fe00::1", "fec0::1", "fbff::1",
                           "::ffff:8.8.8.8", "::ffff:0.0.0.0"}) {
    CAPTURE(text);
    CHECK(public_v6(text));
  }
}

TEST_CASE("a unix socket is not public") {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  CHECK(!is_public(reinterpret_cast<const sockaddr&>(address)));
}

}  // namespace
}  // namespace ringcached::server
