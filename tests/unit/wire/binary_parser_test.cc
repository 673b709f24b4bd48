// Claims about requests of the binary protocol: what each opcode asks, and which lengths it takes.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "binary_packets.h"
#include "ringcached/limits.h"
#include "transcript.h"

using namespace ringcached;
using namespace ringcached::wire;
using namespace ringcached::wire::testing;

namespace {

const std::string no_numbers = flags_and_exptime(0, 0);
const std::string noop = Packet{.opcode = 0x0a}.bytes();
const std::string noop_read = "say  opcode=10 status=0";
const std::string nothing_more;

void check_binary(const std::string& input, const std::vector<std::string>& expected,
                  const ParserRules& rules = {}) {
  check_reads<BinaryParser>(input, expected, rules);
}

/// The packet means `expected`, and the next one is read behind it.
void check_packet(const Packet& packet, const std::string& expected,
                  const ParserRules& rules = {}) {
  check_binary(packet.bytes() + noop, {expected, noop_read}, rules);
}

/// The packet is refused with `status`, and nothing behind it is read.
void check_parts(const Packet& packet, int status) {
  INFO("opcode: ", static_cast<int>(packet.opcode));
  check_binary(packet.bytes() + noop, {"quit opcode=" + std::to_string(packet.opcode) +
                                       " status=" + std::to_string(status)});
}

constexpr int invalid = 4;
constexpr int unknown = 0x81;

}  // namespace

TEST_CASE("get and its kin ask for one key, the quiet ones quietly") {
  check_packet({.opcode = 0x00, .key = "k"}, "get k end opcode=0");
  check_packet({.opcode = 0x09, .key = "k"}, "get k end opcode=9 quiet");
  check_packet({.opcode = 0x0c, .key = "k"}, "get k end opcode=12");
  check_packet({.opcode = 0x0d, .key = "k"}, "get k end opcode=13 quiet");
}

TEST_CASE("touch and gat take an exptime of 32 bits without sign") {
  const std::string exptime = big(uint32_t{0xfffffff0});
  check_packet({.opcode = 0x1c, .key = "k", .extras = exptime},
               "touch k exptime=4294967280 opcode=28");
  check_packet({.opcode = 0x1d, .key = "k", .extras = exptime},
               "gat exptime=4294967280 k end opcode=29");
  check_packet({.opcode = 0x1e, .key = "k", .extras = exptime},
               "gat exptime=4294967280 k end opcode=30 quiet");
  check_packet({.opcode = 0x23, .key = "k", .extras = exptime},
               "gat exptime=4294967280 k end opcode=35");
  check_packet({.opcode = 0x24, .key = "k", .extras = exptime},
               "gat exptime=4294967280 k end opcode=36 quiet");
}

TEST_CASE("set, add and replace carry flags, exptime and value") {
  const std::string extras = flags_and_exptime(1, 2);
  check_packet({.opcode = 0x01, .key = "k", .extras = extras, .value = "abc"},
               "set k flags=1 exptime=2 value=abc opcode=1");
  check_packet({.opcode = 0x02, .key = "k", .extras = extras, .value = "abc"},
               "add k flags=1 exptime=2 value=abc opcode=2");
  check_packet({.opcode = 0x03, .key = "k", .extras = extras, .value = "abc"},
               "replace k flags=1 exptime=2 value=abc opcode=3");
  check_packet({.opcode = 0x11, .key = "k", .extras = extras, .value = ""},
               "set k flags=1 exptime=2 value= opcode=17 quiet");
  check_packet({.opcode = 0x12, .key = "k", .extras = extras, .value = "abc"},
               "add k flags=1 exptime=2 value=abc opcode=18 quiet");
  check_packet({.opcode = 0x13, .key = "k", .extras = extras, .value = "abc"},
               "replace k flags=1 exptime=2 value=abc opcode=19 quiet");
}

TEST_CASE("append and prepend carry a value and no numbers") {
  check_packet({.opcode = 0x0e, .key = "k", .value = "abc"},
               "append k flags=0 exptime=0 value=abc opcode=14");
  check_packet({.opcode = 0x0f, .key = "k", .value = "abc"},
               "prepend k flags=0 exptime=0 value=abc opcode=15");
  check_packet({.opcode = 0x19, .key = "k", .value = "abc"},
               "append k flags=0 exptime=0 value=abc opcode=25 quiet");
  check_packet({.opcode = 0x1a, .key = "k", .value = "abc"},
               "prepend k flags=0 exptime=0 value=abc opcode=26 quiet");
}

TEST_CASE("a cas id in the header is what the item's must be") {
  check_packet({.opcode = 0x01, .key = "k", .extras = no_numbers, .value = "a", .cas = 7},
               "set k flags=0 exptime=0 value=a opcode=1 cas=7");
  check_packet({.opcode = 0x0e, .key = "k", .value = "a", .cas = 7},
               "append k flags=0 exptime=0 value=a opcode=14 cas=7");
  check_packet({.opcode = 0x04, .key = "k", .cas = 7}, "delete k opcode=4 cas=7");
  check_packet({.opcode = 0x05, .key = "k", .extras = delta_extras(1, 2, 0xffffffff), .cas = 7},
               "incr k 1 opcode=5 cas=7");
}

TEST_CASE("without cas ids a store heeds none, delete and incr do") {
  const ParserRules rules{.cas_enabled = false};
  check_packet({.opcode = 0x01, .key = "k", .extras = no_numbers, .value = "a", .cas = 7},
               "set k flags=0 exptime=0 value=a opcode=1", rules);
  check_packet({.opcode = 0x0e, .key = "k", .value = "a", .cas = 7},
               "append k flags=0 exptime=0 value=a opcode=14", rules);
  check_packet({.opcode = 0x14, .key = "k", .cas = 7}, "delete k opcode=20 cas=7 quiet", rules);
}

TEST_CASE("incr and decr carry a delta, and how to begin where there is no number") {
  check_packet({.opcode = 0x05, .key = "k", .extras = delta_extras(3, 10, 60)},
               "incr k 3 opcode=5 initial=10 exptime=60");
  check_packet({.opcode = 0x06, .key = "k", .extras = delta_extras(~0ull, ~0ull, 0)},
               "decr k 18446744073709551615 opcode=6 initial=18446744073709551615 exptime=0");
  check_packet({.opcode = 0x15, .key = "k", .extras = delta_extras(3, 10, 0xffffffff)},
               "incr k 3 opcode=21 quiet");
  check_packet({.opcode = 0x16, .key = "k", .extras = delta_extras(3, 10, 0)},
               "decr k 3 opcode=22 initial=10 exptime=0 quiet");
}

TEST_CASE("what has no key: noop, version, flush, quit") {
  check_packet({.opcode = 0x0a}, noop_read);
  check_packet({.opcode = 0x0b}, "say 1.6.45 opcode=11 status=0");
  check_packet({.opcode = 0x08}, "flush_all exptime=0 opcode=8");
  check_packet({.opcode = 0x18}, "flush_all exptime=0 opcode=24 quiet");
  check_packet({.opcode = 0x08, .extras = big(uint32_t{60})}, "flush_all exptime=60 opcode=8");
  check_binary(Packet{.opcode = 0x07}.bytes() + noop, {"quit opcode=7 status=0"});
  check_binary(Packet{.opcode = 0x17}.bytes() + noop, {"quit opcode=23 status=0 quiet"});
}

TEST_CASE("a flush that is forbidden is refused") {
  const ParserRules rules{.flush_enabled = false};
  check_packet({.opcode = 0x08}, "say  opcode=8 status=32", rules);
  check_packet({.opcode = 0x18, .extras = big(uint32_t{60})}, "say  opcode=24 status=32 quiet",
               rules);
}

TEST_CASE("stat takes its sub-command as a key") {
  check_packet({.opcode = 0x10}, "stats  opcode=16");
  check_packet({.opcode = 0x10, .key = "settings"}, "stats settings opcode=16");
  check_packet({.opcode = 0x10, .key = "settingsx"}, "stats settings opcode=16");
  check_packet({.opcode = 0x10, .key = "reset"}, "stats reset opcode=16");
  check_packet({.opcode = 0x10, .key = "reset now"}, "stats reset opcode=16");
  check_packet({.opcode = 0x10, .key = "detail dump"}, "stats detail opcode=16");
  check_packet({.opcode = 0x10, .key = "detail on"}, "detail 1 opcode=16");
  check_packet({.opcode = 0x10, .key = "detail off now"}, "detail 0 opcode=16");
  for (const char* whole : {"items", "slabs", "sizes", "ring"}) {
    check_packet({.opcode = 0x10, .key = whole}, std::string("stats ") + whole + " opcode=16");
  }
  for (const char* other :
       {"rese", "setting", "itemsx", "items x", "conns", "detail", "detail  on", "x"}) {
    check_packet({.opcode = 0x10, .key = other}, "say  opcode=16 status=1");
  }
}

TEST_CASE("an unknown opcode is told so, and its body dropped") {
  for (const int opcode : {0x1b, 0x1f, 0x25, 0x30, 0x3c, 0x80, 0xff}) {
    const std::string expected =
        "say  opcode=" + std::to_string(opcode) + " status=" + std::to_string(unknown);
    const uint8_t byte = static_cast<uint8_t>(opcode);
    check_packet({.opcode = byte}, expected);
    check_packet({.opcode = byte, .key = "k", .extras = "1234", .value = "abc"}, expected);
  }
}

TEST_CASE("authentication is unknown, and its body dropped") {
  check_packet({.opcode = 0x20}, "say  opcode=32 status=129");
  check_packet({.opcode = 0x21, .key = "PLAIN", .value = "a secret"}, "say  opcode=33 status=129");
  check_packet({.opcode = 0x22, .key = "PLAIN"}, "say  opcode=34 status=129");
  check_parts({.opcode = 0x20, .key = "k"}, invalid);
  check_parts({.opcode = 0x21}, invalid);
  check_parts({.opcode = 0x22, .key = "k", .extras = "1234"}, invalid);
}

TEST_CASE("a missing key ends the connection") {
  for (const int opcode : {0x00, 0x09, 0x0c, 0x0d, 0x04, 0x14, 0x0e, 0x0f, 0x19, 0x1a}) {
    check_parts({.opcode = static_cast<uint8_t>(opcode)}, invalid);
  }
  for (const int opcode : {0x01, 0x02, 0x03, 0x11, 0x12, 0x13}) {
    check_parts({.opcode = static_cast<uint8_t>(opcode), .extras = no_numbers, .value = "a"},
                invalid);
  }
  for (const int opcode : {0x1c, 0x1d, 0x1e, 0x23, 0x24}) {
    check_parts({.opcode = static_cast<uint8_t>(opcode), .extras = "1234"}, invalid);
  }
}

TEST_CASE("extras of the wrong size end the connection") {
  for (const int opcode : {0x00, 0x04, 0x0e, 0x10}) {
    check_parts({.opcode = static_cast<uint8_t>(opcode), .key = "k", .extras = "1234"}, invalid);
  }
  for (const std::string& extras : {nothing_more, std::string(4, 'x'), std::string(20, 'x')}) {
    check_parts({.opcode = 0x01, .key = "k", .extras = extras, .value = "a"}, invalid);
  }
  for (const std::string& extras : {nothing_more, std::string(8, 'x'), std::string(255, 'x')}) {
    check_parts({.opcode = 0x1c, .key = "k", .extras = extras}, invalid);
  }
  check_parts({.opcode = 0x05, .key = "k", .extras = std::string(16, 'x')}, invalid);
  check_parts({.opcode = 0x08, .extras = "12"}, invalid);
  check_parts({.opcode = 0x0a, .extras = "1234"}, invalid);
  check_parts({.opcode = 0x07, .extras = "1234"}, invalid);
}

TEST_CASE("a body where none belongs ends the connection") {
  for (const int opcode : {0x07, 0x17, 0x0a, 0x0b, 0x08, 0x18}) {
    check_parts({.opcode = static_cast<uint8_t>(opcode), .key = "k"}, invalid);
    check_parts({.opcode = static_cast<uint8_t>(opcode), .value = "v"}, invalid);
  }
  for (const int opcode : {0x00, 0x09, 0x04, 0x14}) {
    check_parts({.opcode = static_cast<uint8_t>(opcode), .key = "k", .value = "v"}, invalid);
  }
  check_parts({.opcode = 0x05, .key = "k", .extras = delta_extras(1, 1, 0), .value = "v"}, invalid);
}

TEST_CASE("behind touch, gat and stat a value is read as the next request, as in memcached") {
  check_binary(
      Packet{.opcode = 0x1c, .key = "k", .extras = big(uint32_t{5}), .value = noop}.bytes(),
      {"touch k exptime=5 opcode=28", noop_read});
  check_binary(Packet{.opcode = 0x10, .value = std::string(24, 'x')}.bytes(),
               {"stats  opcode=16", "die"});
}

TEST_CASE("sizes that contradict each other end the connection as unknown") {
  check_parts({.opcode = 0x00, .key = "abc", .body_size = 2}, unknown);
  check_parts({.opcode = 0x01, .key = "abc", .extras = no_numbers, .body_size = 10}, unknown);
  check_parts({.opcode = 0x40, .key = "abc", .body_size = 0}, unknown);
}

TEST_CASE("a key of 250 bytes is the longest, whatever is asked") {
  const std::string longest(key_size_max, 'k');
  const std::string longer(key_size_max + 1, 'k');
  check_packet({.opcode = 0x00, .key = longest}, "get " + longest + " end opcode=0");
  for (const int opcode : {0x00, 0x09, 0x04, 0x10, 0x40, 0x21}) {
    check_parts({.opcode = static_cast<uint8_t>(opcode), .key = longer}, invalid);
  }
  check_parts({.opcode = 0x01, .key = longer, .extras = no_numbers, .value = "a"}, invalid);
}

TEST_CASE("a key that does not fit into a buffer is refused before all of it has come") {
  const Packet packet{.opcode = 0x00, .key = std::string(65535, 'k')};
  BinaryCaller caller;
  caller.receive(packet.bytes().substr(0, whole_value_max), 0);
  CHECK(caller.operations() == std::vector<std::string>{"quit opcode=0 status=4"});
}

TEST_CASE("a body beyond a gibibyte ends the connection") {
  check_parts({.opcode = 0x01, .key = "k", .extras = no_numbers, .body_size = (1u << 30) + 1},
              invalid);
  check_parts({.opcode = 0x40, .body_size = 0xffffffff}, invalid);
}

TEST_CASE("another magic hangs up, once a whole header is here") {
  check_binary(noop + std::string(24, 'x'), {noop_read, "die"});
  check_binary(noop + std::string(23, 'x'), {noop_read});
  check_binary(Packet{.opcode = 0x0a, .magic = reply_magic}.bytes() + noop, {"die"});
}

TEST_CASE("keys and values may hold any bytes") {
  const std::string key("a b\r\n\0\xff", 7);
  check_packet({.opcode = 0x01, .key = key, .extras = no_numbers, .value = noop + "\r\n" + noop},
               "set " + key + " flags=0 exptime=0 value=" + noop + "\r\n" + noop + " opcode=1");
}

TEST_CASE("a value that takes its time is filled, however large") {
  for (const size_t size : {whole_value_max, whole_value_max + 1, size_t{100'000}}) {
    const std::string value(size, 'v');
    const Packet packet{.opcode = 0x11, .key = "k", .extras = no_numbers, .value = value};
    const std::vector<std::string> expected{
        "set k flags=0 exptime=0 value=" + value + " opcode=17 quiet", noop_read};
    for (const size_t fragment_size : {size_t{0}, size_t{1000}, size_t{16384}}) {
      CHECK(transcript<BinaryParser>(packet.bytes() + noop, fragment_size) == expected);
    }
  }
}

TEST_CASE("a value over the limit is refused and dropped") {
  const ParserRules rules{.item_size_max = 1024};
  // 48 of header, 8 of cas, 1 and 2 of ends, and the key.
  const std::string fits(1024 - 60, 'v');
  check_packet({.opcode = 0x01, .key = "k", .extras = no_numbers, .value = fits},
               "set k flags=0 exptime=0 value=" + fits + " opcode=1", rules);
  check_packet({.opcode = 0x01, .key = "k", .extras = no_numbers, .value = fits + "v"},
               "refuse set k flags=0 exptime=0 size=965 opcode=1", rules);
  check_packet({.opcode = 0x01, .key = "k", .extras = flags_and_exptime(1, 0), .value = fits},
               "refuse set k flags=1 exptime=0 size=964 opcode=1", rules);
  check_packet({.opcode = 0x19, .key = "k", .value = fits + "v"},
               "refuse append k flags=0 exptime=0 size=965 opcode=25 quiet", rules);
}

TEST_CASE("the echo is the header, opaque and all") {
  const std::string bytes = Packet{.opcode = 0x00, .key = "k", .opaque = "\1\2\3\4"}.bytes();
  const ParserRules rules;
  const KeyHasher hasher(hash_seed);
  BinaryParser parser(rules, hasher);
  Operation operation;
  REQUIRE(parser.next(bytes, operation).what == Step::What::Operation);
  CHECK(operation.dialect == Dialect::Binary);
  CHECK(operation.echo.data() == bytes.data());
  CHECK(operation.echo == bytes.substr(0, binary_header_size));
}

TEST_CASE("nothing is made of nothing in binary either") {
  const ParserRules rules;
  const KeyHasher hasher(hash_seed);
  BinaryParser parser(rules, hasher);
  Operation operation;
  const Step step = parser.next({}, operation);
  CHECK(step.what == Step::What::Incomplete);
  CHECK(step.need == binary_header_size);
}
