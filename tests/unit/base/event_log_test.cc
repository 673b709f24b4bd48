// Claims about the log of events that watchers are told.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/event_log.h"

namespace ringcached {
namespace {

Event event_of(EventKind kind) {
  Event event;
  event.kind = kind;
  return event;
}

/// All texts of a piece, each with its time.
std::vector<std::string> told(EventPiece& piece) {
  std::vector<std::string> texts;
  Event event;
  std::string_view text;
  while (piece.next(event, text)) {
    texts.push_back(std::string(text) + "@" + std::to_string(event.at_us));
  }
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("what nobody wants is not kept") {
  Counters counters;
  EventLog log(64 * 1024, counters);
  CHECK_FALSE(log.watched());
  log.add(event_of(EventKind::ItemGet), "k");
  CHECK_FALSE(log.has_news());
  log.watch(interest::mutations);
  log.add(event_of(EventKind::ItemGet), "k");
  CHECK_FALSE(log.has_news());
  log.add(event_of(EventKind::ItemStore), "k");
  CHECK(log.has_news());
  CHECK(counters[Counter::LogWorkerWritten] == 1);
}

TEST_CASE("events come out in order, with the time of their turn") {
  Counters counters;
  EventLog log(64 * 1024, counters);
  log.watch(interest::fetchers);
  log.set_time(5);
  log.add(event_of(EventKind::ItemGet), "a");
  log.add(event_of(EventKind::ItemGet), {});  // no text at all: a null pointer
  log.set_time(6);
  log.add(event_of(EventKind::ItemGet), "ccc");
  CHECK(told(log.lend()) == Texts{"a@5", "@5", "ccc@6"});
}

TEST_CASE("events go on while a piece is away, and nothing else is lent") {
  Counters counters;
  EventLog log(64 * 1024, counters);
  log.watch(interest::fetchers);
  log.add(event_of(EventKind::ItemGet), "first");
  EventPiece& away = log.lend();
  CHECK(log.away());
  log.add(event_of(EventKind::ItemGet), "second");
  CHECK_FALSE(log.has_news());
  CHECK(told(away) == Texts{"first@0"});
  log.take_back();
  CHECK(log.has_news());
  CHECK(told(log.lend()) == Texts{"second@0"});
}

TEST_CASE("what a full log has no room for is counted, not kept") {
  Counters counters;
  EventLog log(0, counters);  // the least there is
  log.watch(interest::fetchers);
  const std::string key(250, 'k');
  for (int i = 0; i < 100; ++i) log.add(event_of(EventKind::ItemGet), key);
  const uint64_t written = counters[Counter::LogWorkerWritten];
  CHECK(written >= 1);
  CHECK(written < 100);
  CHECK(counters[Counter::LogWorkerDropped] == 100 - written);
  CHECK(told(log.lend()).size() == written);
  log.add(event_of(EventKind::ItemGet), key);  // there is the other piece
  CHECK(counters[Counter::LogWorkerWritten] == written + 1);
}

TEST_CASE("an interest lasts as long as the last watcher who has it") {
  Counters counters;
  EventLog log(64 * 1024, counters);
  log.watch(interest::fetchers | interest::evictions);
  log.watch(interest::fetchers);
  CHECK(log.watchers() == 2);
  log.unwatch(interest::fetchers | interest::evictions);
  CHECK(log.wants(interest::fetchers));
  CHECK_FALSE(log.wants(interest::evictions));
  log.unwatch(interest::fetchers);
  CHECK_FALSE(log.wants(interest::fetchers));
  CHECK_FALSE(log.watched());
}

TEST_CASE("a text that is too long is cut") {
  Counters counters;
  EventLog log(64 * 1024, counters);
  log.watch(interest::fetchers);
  log.add(event_of(EventKind::ItemGet), std::string(event_text_max + 10, 'x'));
  CHECK(told(log.lend()) == Texts{std::string(event_text_max, 'x') + "@0"});
}

}  // namespace ringcached
