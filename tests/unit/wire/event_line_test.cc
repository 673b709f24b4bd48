// Claims about the lines that watchers read.
#include <doctest/doctest.h>

#include <string>

#include "ringcached/limits.h"
#include "wire/event_line.h"

namespace ringcached::wire {
namespace {

constexpr int64_t at_us = 1'700'000'000'000'042;

std::string line(const Event& event, std::string_view text) {
  char out[event_line_max];
  return {out, write_event_line(event, text, 7, out)};
}

Event event_of(EventKind kind, uint8_t status = 0) {
  Event event;
  event.kind = kind;
  event.status = status;
  event.at_us = at_us;
  event.client = 12;
  event.class_id = 3;
  event.size = 100;
  return event;
}

}  // namespace

TEST_CASE("an item that was looked for") {
  CHECK(line(event_of(EventKind::ItemGet, 1), "a b%") ==
        "ts=1700000000.42 gid=7 type=item_get key=a%20b%25 status=found clsid=3 cfd=12 size=100\n");
  Event missed = event_of(EventKind::ItemGet);
  missed.class_id = 0;
  missed.size = 0;
  CHECK(line(missed, "k") ==
        "ts=1700000000.42 gid=7 type=item_get key=k status=not_found clsid=0 cfd=12 size=0\n");
  CHECK(line(event_of(EventKind::ItemGet, 2), "k").find(" status=flushed ") != std::string::npos);
  CHECK(line(event_of(EventKind::ItemGet, 3), "k").find(" status=expired ") != std::string::npos);
}

TEST_CASE("an item that was stored, or not") {
  Event event = event_of(EventKind::ItemStore, 1);
  event.ttl = 60;
  CHECK(line(event, "k") ==
        "ts=1700000000.42 gid=7 type=item_store key=k status=stored cmd=set ttl=60 clsid=3 cfd=12 "
        "size=100\n");
  const char* statuses[] = {"not_stored", "stored",    "exists",
                            "not_found",  "too_large", "no_memory"};
  const char* commands[] = {"set", "add", "replace", "append", "prepend", "cas"};
  for (uint8_t i = 0; i < 6; ++i) {
    event.status = event.command = i;
    const std::string wanted = std::string(" status=") + statuses[i] + " cmd=" + commands[i] + " ";
    CHECK(line(event, "k").find(wanted) != std::string::npos);
  }
}

TEST_CASE("a round of the sweep over a class") {
  Event event = event_of(EventKind::SweepRound);
  event.ttl = 5;
  event.idle = 60;
  CHECK(line(event, "") ==
        "ts=1700000000.42 gid=7 type=lru_crawler crawler=3 lru=all low_mark=0 next_reclaims=0 "
        "since_run=60 next_run=0 elapsed=60 examined=100 reclaimed=5\n");
}

TEST_CASE("a connection that failed") {
  CHECK(line(event_of(EventKind::ConnectionError), "Connection reset by peer") ==
        "ts=1700000000.42 gid=7 type=connerr fd=12 msg=Connection reset by peer\n");
}

TEST_CASE("a time that is over shows as 32 bits without a sign") {
  Event event = event_of(EventKind::ItemStore, 1);
  event.ttl = -1;
  CHECK(line(event, "k").find(" ttl=4294967295 ") != std::string::npos);
}

TEST_CASE("an eviction, with and without an end of its time") {
  Event event = event_of(EventKind::Eviction, 1);
  event.ttl = -1;
  event.idle = 9;
  CHECK(line(event, "k") ==
        "ts=1700000000.42 gid=7 type=eviction key=k fetch=yes ttl=-1 la=9 clsid=3 size=100\n");
  event.status = 0;
  event.ttl = 5;
  CHECK(line(event, "k").find(" fetch=no ttl=5 ") != std::string::npos);
}

TEST_CASE("a deletion") {
  Event event = event_of(EventKind::Deleted);
  CHECK(line(event, "k") ==
        "ts=1700000000.42 gid=7 type=deleted key=k cmd=delete clsid=3 size=100\n");
  event.command = 1;
  CHECK(line(event, "k").find(" cmd=md ") != std::string::npos);
}

TEST_CASE("a connection comes and goes") {
  Event event = event_of(EventKind::ConnectionNew);
  event.port = 4711;
  CHECK(line(event, "1.2.3.4") ==
        "ts=1700000000.42 gid=7 type=conn_new rip=1.2.3.4 rport=4711 transport=tcp cfd=12\n");
  event.kind = EventKind::ConnectionClose;
  const char* reasons[] = {"error", "normal", "idle_timeout", "shutdown"};
  for (uint8_t i = 0; i < 4; ++i) {
    event.status = i;
    CHECK(line(event, "::1") ==
          "ts=1700000000.42 gid=7 type=conn_close rip=::1 rport=4711 transport=tcp reason=" +
              std::string(reasons[i]) + " cfd=12\n");
  }
  event.kind = EventKind::ConnectionNew;
  event.port = 0;
  CHECK(line(event, "unix") ==
        "ts=1700000000.42 gid=7 type=conn_new rip=unix rport=0 transport=local cfd=12\n");
}

TEST_CASE("a page moves") {
  Event event = event_of(EventKind::PageMove);
  event.size = 5;
  CHECK(line(event, {}) == "ts=1700000000.42 gid=7 type=slab_move src=3 dst=5\n");
}

TEST_CASE("the longest line fits") {
  Event event = event_of(EventKind::ItemStore, 0);
  event.at_us = INT64_MAX;
  event.ttl = INT64_MAX;
  event.client = INT32_MIN;
  event.size = UINT32_MAX;
  event.command = 4;
  event.class_id = 255;
  char out[event_line_max];
  const std::string key(event_text_max, '\n');
  CHECK(write_event_line(event, key, UINT64_MAX, out) < out + event_line_max);
}

TEST_CASE("what was lost") {
  char out[event_line_max];
  CHECK(std::string(out, write_skipped_line(12345, out)) == "skipped=12345\n");
}

}  // namespace ringcached::wire
