// Claims about every other command, and about lines that are none.
#include <doctest/doctest.h>

#include <string>

#include "ringcached/limits.h"
#include "transcript.h"

using namespace ringcached;
using namespace ringcached::wire;
using namespace ringcached::wire::testing;

namespace {

const std::string bad_line = "say CLIENT_ERROR bad command line format";
const std::string bad_exptime = "say CLIENT_ERROR invalid exptime argument";
const std::string bad_delta = "say CLIENT_ERROR invalid numeric delta argument";
const std::string too_long(key_size_max + 1, 'k');

/// The line alone, and that the next one is not touched by it.
void check_line(const std::string& line, const std::string& expected,
                const ParserRules& rules = {}) {
  check_reads(line + "\r\nget k\r\n", {expected, "get k end"}, rules);
}

void check_silent(const std::string& line, const ParserRules& rules = {}) {
  check_reads(line + "\r\nget k\r\n", {"get k end"}, rules);
}

}  // namespace

TEST_CASE("incr and decr carry a delta of 64 bits") {
  check_line("incr k 1", "incr k 1");
  check_line("decr k 18446744073709551615", "decr k 18446744073709551615");
  check_line("incr k 1 noreply", "incr k 1 quiet");
  check_line("incr k 1 2 3", "incr k 1");
  check_line("incr noreply 1", "incr noreply 1");
}

TEST_CASE("a delta is digits and nothing else") {
  for (const char* delta : {"-1", "+1", "x", "1x", "18446744073709551616", "0x1", "1.0"}) {
    check_line("incr k " + std::string(delta), bad_delta);
    check_silent("decr k " + std::string(delta) + " noreply");
  }
  check_silent("incr k noreply");
}

TEST_CASE("delete takes a key, and behind it only a zero and noreply") {
  check_line("delete k", "delete k");
  check_line("delete k 0", "delete k");
  for (const char* line : {"delete k 5", "delete k 0 x", "delete k 0 0", "delete k a b"}) {
    check_line(line, "say CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]");
  }
  check_line("delete k noreply", "delete k quiet");
  check_line("delete k 0 noreply", "delete k quiet");
  check_line("delete noreply", "delete noreply quiet");
}

TEST_CASE("touch takes a signed 32-bit exptime") {
  check_line("touch k 10", "touch k exptime=10");
  check_line("touch k -1", "touch k exptime=-1");
  check_line("touch k 2147483647", "touch k exptime=2147483647");
  check_line("touch k 10 noreply", "touch k exptime=10 quiet");
  for (const char* exptime : {"x", "2147483648", "-2147483649", "99999999999", "+1"}) {
    check_line("touch k " + std::string(exptime), bad_exptime);
    check_silent("touch k " + std::string(exptime) + " noreply");
  }
  check_silent("touch k noreply");
}

TEST_CASE("a line with too few words is malformed") {
  for (const char* line : {"incr", "incr k", "decr k", "incr noreply", "delete", "touch", "touch k",
                           "touch noreply"}) {
    check_line(line, bad_line);
  }
}

TEST_CASE("a key too long is malformed whatever the command") {
  for (const std::string& line : {"delete " + too_long, "incr " + too_long + " 1",
                                  "decr " + too_long + " x", "touch " + too_long + " 1"}) {
    check_line(line, bad_line);
    check_silent(line + " noreply");
  }
}

TEST_CASE("the longest key will do for every command") {
  const std::string longest(key_size_max, 'k');
  check_line("delete " + longest, "delete " + longest);
  check_line("incr " + longest + " 1", "incr " + longest + " 1");
  check_line("touch " + longest + " 1", "touch " + longest + " exptime=1");
}

TEST_CASE("flush_all takes a time or none") {
  check_line("flush_all", "flush_all exptime=0");
  check_line("flush_all noreply", "flush_all exptime=0 quiet");
  check_line("flush_all 10", "flush_all exptime=10");
  check_line("flush_all -5", "flush_all exptime=-5");
  check_line("flush_all  10  noreply ", "flush_all exptime=10 quiet");
  check_line("flush_all 10 x", "flush_all exptime=10");
  check_line("flush_all x", bad_exptime);
  check_line("flush_all noreply x", bad_exptime);
  check_line("flush_all 99999999999", bad_exptime);
  check_silent("flush_all x noreply");
}

TEST_CASE("flush_all can be forbidden") {
  const ParserRules rules{.flush_enabled = false};
  check_line("flush_all", "say CLIENT_ERROR flush_all not allowed", rules);
  check_line("flush_all x", "say CLIENT_ERROR flush_all not allowed", rules);
  check_silent("flush_all noreply", rules);
}

TEST_CASE("verbosity takes a number and stops at two") {
  check_line("verbosity 0", "verbosity 0");
  check_line("verbosity 1 x y", "verbosity 1");
  check_line("verbosity 4294967295", "verbosity 2");
  check_line("verbosity 1 noreply", "verbosity 1 quiet");
  for (const char* level : {"x", "-1", "4294967296", ""}) {
    check_line("verbosity " + std::string(level), bad_line);
  }
  check_line("verbosity", bad_line);
  check_silent("verbosity noreply");
  check_silent("verbosity x noreply");
}

TEST_CASE("version answers, whatever else is said") {
  check_line("version", "say VERSION 1.6.45");
  check_line("version foo", "say VERSION 1.6.45");
  check_line("version noreply", "say VERSION 1.6.45");
  check_line("version HTTP/1.1", "say VERSION 1.6.45");
  check_reads("version\n", {"say VERSION 1.6.45"});
}

TEST_CASE("quit ends the conversation") {
  check_reads("quit\r\nget k\r\n", {"quit"});
  check_reads("quit foo\r\n", {"quit"});
  check_reads("quit noreply\r\n", {"quit"});
}

TEST_CASE("shutdown must be allowed") {
  const std::string refused = "say SERVER_ERROR: shutdown not enabled";
  check_line("shutdown", refused);
  check_line("shutdown graceful", refused);
  check_line("shutdown foo", refused);
  check_silent("shutdown noreply");
}

TEST_CASE("an allowed shutdown is at once or graceful") {
  const ParserRules rules{.shutdown_enabled = true};
  check_line("shutdown", "shutdown 0", rules);
  check_line("shutdown graceful", "shutdown 1", rules);
  check_line("shutdown g", "shutdown 1", rules);
  for (const char* mode : {"foo", "gracefully", "graceful now"}) {
    check_line("shutdown " + std::string(mode), "say CLIENT_ERROR invalid shutdown mode", rules);
  }
}

TEST_CASE("stats has sub-commands, some of which may be shortened") {
  check_line("stats", "stats ");
  for (const char* word : {"settings", "setting", "se", "s"}) {
    check_line("stats " + std::string(word), "stats settings");
  }
  for (const char* word : {"reset", "res", "r", "reset x"}) {
    check_line("stats " + std::string(word), "stats reset");
  }
  check_line("stats ring", "stats ring");
  check_line("stats  ring x", "stats ring");
  for (const char* word : {"items", "slabs", "sizes"}) {
    check_line("stats " + std::string(word), "stats " + std::string(word));
  }
  check_line("stats cachedump 1 2", "dump cachedump classes=1 items=2");
  check_line("stats con", "stats conns");
  check_line("stats detail dump", "stats detail");
  check_line("stats d on", "detail 1");
  check_line("stats c 3 0", "dump cachedump classes=4 items=0");
}

TEST_CASE("sub-commands of stats that are not there are errors") {
  for (const char* word : {"foo", "noreply", "resets", "settingsx", "item", "sizesx", "siz", "ri",
                           "rin", "rings", "extstore"}) {
    check_line("stats " + std::string(word), "say ERROR");
  }
}

TEST_CASE("lru tune carries four values, lru temp_ttl a sign") {
  check_line("lru tune 10 70 0.25 1.5", "lru tune 10 70 0.250000 1.500000");
  check_line("lru tune 10 71 0.25 1.5", "say ERROR hot and warm pcts must not exceed 80");
  check_line("lru mode flat", "lru mode 0");
  check_line("lru mode segmented", "lru mode 1");
  check_line("lru temp_ttl -1", "lru temp_ttl -1");
  check_line("lru temp_ttl 2147483647", "lru temp_ttl 2147483647");
}

TEST_CASE("slabs automove tells malformed numbers from all else") {
  check_line("slabs automove x", bad_line);
  check_line("slabs automove -1", bad_line);
  check_line("slabs auto 1x", bad_line);
  check_silent("slabs automove x noreply");
  check_line("slabs automove window x", bad_line);
  check_line("slabs automove window", bad_line);
  for (const char* seconds : {"2", "1801"}) {
    check_line("slabs automove window " + std::string(seconds),
               "say CLIENT_ERROR automove window too low or too high");
  }
  check_line("slabs automove window 3", "automove window 3");
  check_line("slabs automove window 1800", "automove window 1800");
  check_line("slabs automove ratio 0.8", "automove ratio 0.800000");
  check_line("slabs automove 0", "automove 0");
  check_line("slabs automove 2", "automove 2");
  for (const char* line : {"slabs", "slabs automove", "slabs automove 7", "slabs automove ratio x",
                           "slabs automove freeratio", "slabs reassign 1", "slabs foo bar"}) {
    check_line(line, "say ERROR");
  }
}

TEST_CASE("slabs reassign names a source, or any, and a destination") {
  check_line("slabs reassign 1 2", "reassign 1 to 2");
  check_line("slabs r -1 2", "reassign -1 to 2");
  check_line("slabs reassign 1 x", bad_line);
  ParserRules rules;
  rules.slab_reassign = false;
  check_line("slabs reassign 1 2", "say CLIENT_ERROR slab reassignment disabled", rules);
}

TEST_CASE("lru_crawler names classes from 1, or all of them") {
  check_line("lru_crawler enable", "crawler 1");
  check_line("lru_crawler dis", "crawler 0");
  check_line("lru_crawler crawl 1,3", "crawl 5");
  check_line("lru_crawler crawl all", "crawl 18446744073709551615");
  check_line("lru_crawler metadump 2", "dump metadump classes=2 items=0");
  check_line("lru_crawler mgdump hash", "dump mgdump classes=18446744073709551615 items=0");
  check_line("lru_crawler sleep 1000000", "crawler sleep 1000000");
  check_line("lru_crawler tocrawl 7", "crawler tocrawl 7");
  for (const char* list : {"0", "64", "x", "1,x", ",", "1,0"}) {
    check_line("lru_crawler crawl " + std::string(list), "say BADCLASS invalid class id");
  }
  ParserRules rules;
  rules.dump_enabled = false;
  check_line("lru_crawler metadump all", "say ERROR metadump not allowed", rules);
  check_line("lru_crawler mgdump all", "say ERROR key dump not allowed", rules);
}

TEST_CASE("cache_memlimit takes mebibytes") {
  check_line("cache_memlimit 8", "memory limit 8388608");
  check_line("cache_memlimit 1000000000", "memory limit 1048576000000000");
  check_silent("cache_memlimit 7 noreply");
}

TEST_CASE("debugtime is a command only where that is allowed") {
  check_line("debugtime p", "say ERROR");
  ParserRules rules;
  rules.debug_commands = true;
  check_line("debugtime p", "pause time", rules);
  check_line("debugtime r", "resume time", rules);
  check_line("debugtime 60", "advance time 60", rules);
  for (const char* line : {"debugtime", "debugtime x", "debugtime -1", "debugtime 4294967296"}) {
    check_line(line, "say ERROR", rules);
  }
}

TEST_CASE("watch takes words, each as short as it likes") {
  check_line("watch", "watch 4");
  check_line("watch fetchers mutations", "watch 12");
  check_line("watch r e f m s c proxyu d", "watch 255");
  check_line("watch proxyreqs proxyevents", "watch 64");
  for (const char* line : {"watch x", "watch fetchers x", "watch fetchersx", "watch noreplyx"}) {
    check_line(line, "say ERROR");
  }
  check_silent("watch x noreply");
  ParserRules rules;
  rules.watch_enabled = false;
  check_line("watch", "say CLIENT_ERROR watch commands not allowed", rules);
}

TEST_CASE("an unknown command is an error, or silent if it asks for that") {
  for (const char* line :
       {"foo", "foo bar", "GET k", "Set k 0 0 1", "getx k", "get\tk", "verbosit 1", "verbosity1",
        "flush_al", "flush_all1", "statsx", "noreplyx", "shutdownx", "watchx", "lru_crawlerx",
        "mx k v", "mgs k", "Mg k", "version\r"}) {
    check_line(line, "say ERROR");
  }
  check_silent("foo noreply");
  check_silent("noreply");
}

TEST_CASE("a leading space makes a command unknown") {
  check_line(" get k", "say ERROR");
  check_line("  set k 0 0 1", "say ERROR");
  check_line("     ", "say ERROR");
}

TEST_CASE("a line under four bytes is malformed") {
  for (const char* line : {"\n", "\r\n", "a\n", "ab\n", "a\r\n", "mn\n", "\r\r\n"}) {
    check_reads(std::string(line) + "get k\r\n", {bad_line, "get k end"});
  }
  check_reads("abc\nget k\r\n", {"say ERROR", "get k end"});
  check_reads("ab\r\nget k\r\n", {"say ERROR", "get k end"});
}

TEST_CASE("what looks like a browser is hung up on") {
  check_reads("GET / HTTP/1.1\r\nHost: x\r\n\r\n", {"die"});
  check_reads("POST / HTTP/1.0\n", {"die"});
  check_reads("POST HTTP/1.0\n", {"die"});
  check_line("POST / HTTP/1.0 x", "say ERROR");
  check_line("HTTP/1.1", "say ERROR");
  check_line("foo xHTTP/1.1", "say ERROR");
  check_reads("get / HTTP/1.1\r\n", {"get /", "get HTTP/1.1 end"});
}

TEST_CASE("the first byte of a binary request is a byte like any other within text") {
  check_line("\x80\x01\x02", "say ERROR");
  check_reads("get k\r\n\x80\x01\r\n", {"get k end", "say ERROR"});
  check_reads("get \x80\r\n", {"get \x80 end"});
}

TEST_CASE("a long line that is here to its end is read as any other") {
  const std::string more(5000, 'x');
  CHECK(transcript("touch k 0 " + more + "\r\n", 0) ==
        std::vector<std::string>{"touch k exptime=0"});
  CHECK(transcript("foo " + more + "\r\n", 0) == std::vector<std::string>{"say ERROR"});
}

TEST_CASE("nothing is made of nothing") {
  const ParserRules rules;
  const KeyHasher hasher(hash_seed);
  TextParser parser(rules, hasher);
  Operation operation;
  const Step step = parser.next({}, operation);
  CHECK(step.what == Step::What::Incomplete);
  CHECK(step.need == 1);
}
