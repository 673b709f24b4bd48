// The results as JSON, and readings of processes.
#include "ringload/report.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>

#include "ringload/failure.h"
#include "ringload/json.h"
#include "ringload/now.h"
#include "ringload/server_use.h"

namespace ringload {
namespace {

TEST_CASE("JSON spells what it is given") {
  JsonObject json;
  const std::optional<double> none;
  json.add("text", "a\"b\\c\n\x01\xff");
  json.add("whole", uint64_t{18'446'744'073'709'551'615u});
  json.add("real", 0.1);
  json.add("large", 12'345'678.25);
  json.add("small", 0.0000125);
  json.add("none", none);
  json.add("some", std::optional<int>(-3));
  json.add("no", false);
  json.add("infinite", 1.0 / 0.0);
  JsonObject inner;
  inner.add("p99.9", 1);
  json.add("inner", inner);
  CHECK(
      json.text() ==
      R"({"text": "a\"b\\c\u000a\u0001\u00ff", "whole": 18446744073709551615, "real": 0.1, )"
      R"("large": 12345678.25, "small": 1.25e-05, "none": null, "some": -3, "no": false, "infinite": null, )"
      R"("inner": {"p99.9": 1}})");
}

TEST_CASE("a run without a request divides by nothing") {
  Result result;
  const std::string json = as_json(Options(), result);
  CHECK(json.find("\"requests\": 0,") != std::string::npos);
  CHECK(json.find("\"hit_ratio\": null") != std::string::npos);
  CHECK(json.find("nan") == std::string::npos);
  CHECK(as_table(Options(), result).find("nan") == std::string::npos);
}

TEST_CASE("figures are per request") {
  Result result;
  result.load.tally.gets = 900;
  result.load.tally.hits = 600;
  result.load.tally.misses = 300;
  result.load.tally.sets = 100;
  result.seconds = 2;
  result.client_cpu_s = 0.004;
  result.server = Used{0.003, 0.001, 0.002, 40, 50};
  result.memory = Memory{2048, 4096};
  const std::string json = as_json(Options(), result);
  for (const char* part :
       {"\"requests\": 1000", "\"requests_per_second\": 500", "\"hit_ratio\": 0.6666666667",
        "\"server_cpu_us_per_request\": 3", "\"server_user_us_per_request\": 1",
        "\"server_system_us_per_request\": 2", "\"client_cpu_us_per_request\": 4",
        "\"server_cpus\": 0.0015", "\"voluntary_switches\": 40", "\"involuntary_switches\": 50",
        "\"server_rss_kib\": 2048", "\"server_rss_peak_kib\": 4096"}) {
    CAPTURE(part);
    CHECK(json.find(std::string(part) + ",") != std::string::npos);
  }
}

TEST_CASE("what this process uses is seen") {
  const pid_t self = ::getpid();
  const Usage before = read_usage(self);
  const uint64_t wanted = ns_of(CLOCK_PROCESS_CPUTIME_ID) + 20'000'000;
  while (ns_of(CLOCK_PROCESS_CPUTIME_ID) < wanted) {
  }
  ::usleep(1000);
  const Used used = difference(before, read_usage(self));
  CHECK(used.cpu_s >= 0.02);
  CHECK(used.user_s + used.system_s == doctest::Approx(used.cpu_s));
  CHECK(used.voluntary_switches >= 1);
  const Memory memory = read_memory(self);
  CHECK(memory.rss_kib > 0);
  CHECK(memory.rss_peak_kib >= memory.rss_kib);
}

TEST_CASE("threads that came or went count as far as they are known") {
  Usage before, after;
  before.switches = {{1, {10, 100}}, {2, {5, 5}}};
  after.switches = {{1, {15, 103}}, {3, {7, 1}}};
  const Used used = difference(before, after);
  CHECK(used.voluntary_switches == 12);
  CHECK(used.involuntary_switches == 4);
}

TEST_CASE("a process that is not there is a failure") {
  CHECK_THROWS_AS(read_usage(0x3fffffff), Failure);
  CHECK_THROWS_AS(read_memory(0x3fffffff), Failure);
}

}  // namespace
}  // namespace ringload
