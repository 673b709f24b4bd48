// Claims about base64 as keys are spelled in it.
#include <doctest/doctest.h>

#include <string>

#include "ringcached/limits.h"
#include "wire/base64.h"

namespace ringcached::wire {
namespace {

std::string encoded(std::string_view bytes) {
  std::string text(encoded_size(bytes.size()) + 1, '?');
  const char* const end = encode_base64(bytes, text.data());
  CHECK(end == text.data() + text.size() - 1);
  CHECK(text.back() == '?');
  text.pop_back();
  return text;
}

/// "(none)" if it does not decode.
std::string decoded(std::string_view text) {
  std::string bytes(decoded_size_max(text.size()) + 1, '?');
  const size_t size = decode_base64(text, bytes.data());
  REQUIRE(size < bytes.size());
  CHECK(bytes.back() == '?');
  return size == 0 ? "(none)" : bytes.substr(0, size);
}

}  // namespace

TEST_CASE("the test vectors of RFC 4648 are spelled and read") {
  constexpr std::string_view pairs[][2] = {{"f", "Zg=="},         {"fo", "Zm8="},
                                           {"foo", "Zm9v"},       {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& pair : pairs) {
    const std::string_view bytes = pair[0];
    const std::string_view text = pair[1];
    CAPTURE(text);
    CHECK(encoded(bytes) == text);
    CHECK(decoded(text) == bytes);
  }
  CHECK(encoded("").empty());
}

TEST_CASE("bytes of every value and keys of every size come back") {
  std::string bytes;
  for (size_t size = 1; size <= key_size_max; ++size) {
    bytes += static_cast<char>(size * 7);
    REQUIRE(decoded(encoded(bytes)) == bytes);
  }
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(decoded(encoded(all)) == all);
  CHECK(encoded(std::string_view("\xfb\xff\xbf", 3)) == "+/+/");
}

TEST_CASE("what memcached passes over is passed over") {
  CHECK(decoded("a-z-E=") == "k1");
  CHECK(decoded("azF=") == "k1");  // bits that do not fill a byte are lost
  CHECK(decoded("azE=azE=") == "k1");
  CHECK(decoded("azE=zzzz") == "k1");
  CHECK(decoded("a=b=") == "h");
}

TEST_CASE("what is no base64 is told from what is") {
  for (const char* text : {"", "a", "azE", "azE==", "====", "a===", "!!!", "Zm9vY"}) {
    CAPTURE(text);
    CHECK(decoded(text) == "(none)");
  }
}

}  // namespace ringcached::wire
