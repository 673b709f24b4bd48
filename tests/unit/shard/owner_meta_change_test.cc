// Claims about md and ma: what goes, what stays stale or empty, and numbers.
#include <doctest/doctest.h>

#include <string>

#include "meta_fixture.h"

namespace ringcached::shard {
namespace {

/// What mg tells of the key just now, without a trace.
MetaResult facts(Partition& p, std::string_view key) {
  Meta mg(p, Verb::MetaGet, key);
  mg.flag(meta::no_bump).show_ttl();
  CHECK(mg.run() == Outcome::Done);
  return mg.result();
}

}  // namespace

TEST_CASE("md deletes, on a matching cas id if one is given") {
  Partition p;
  CHECK(Meta(p, Verb::MetaDelete, "key").run() == Outcome::NotFound);
  const uint64_t cas = p.run(set("key", "value")).cas;
  CHECK(Meta(p, Verb::MetaDelete, "key").match(cas + 1).run() == Outcome::Exists);
  CHECK(Meta(p, Verb::MetaDelete, "key").match(0).run() == Outcome::Exists);
  CHECK(p.value_of("key") == "value");
  CHECK(Meta(p, Verb::MetaDelete, "key").match(cas).run() == Outcome::Deleted);
  CHECK(p.value_of("key") == "(absent)");
  CHECK(p.counted(Counter::DeleteMisses) == 3);
  CHECK(p.counted(Counter::DeleteHits) == 1);
}

TEST_CASE("md with I leaves a stale item with a new cas id, which the first reader wins") {
  Partition p;
  const uint64_t cas = p.run(set("key", "value", 7, 30)).cas;
  CHECK(Meta(p, Verb::MetaDelete, "key").flag(meta::invalidate).run() == Outcome::Done);
  CHECK(p.cas_of("key") > cas);
  CHECK(p.value_of("key") == "value");
  const MetaResult first = facts(p, "key");
  CHECK(first.stale);
  CHECK(first.won);
  CHECK(first.ttl.seconds == 30);
  const MetaResult second = facts(p, "key");
  CHECK(second.stale);
  CHECK(second.lost);
  CHECK_FALSE(second.won);
  CHECK(p.counted(Counter::DeleteHits) == 0);
}

TEST_CASE("to be invalidated anew gives the win anew, and T a time to live") {
  Partition p;
  p.run(set("key", "value"));
  for (const int32_t exptime : {40, 50}) {
    CHECK(Meta(p, Verb::MetaDelete, "key").flag(meta::invalidate).exptime(exptime).run() ==
          Outcome::Done);
    const MetaResult first = facts(p, "key");
    CHECK(first.won);
    CHECK(first.ttl.seconds == static_cast<Seconds>(exptime));
  }
}

TEST_CASE("a new value ends staleness") {
  Partition p;
  p.run(set("key", "value"));
  Meta(p, Verb::MetaDelete, "key").flag(meta::invalidate).run();
  p.run(set("key", "new"));
  const MetaResult after = facts(p, "key");
  CHECK_FALSE(after.stale);
  CHECK_FALSE(after.won);
  CHECK_FALSE(after.lost);
}

TEST_CASE("md with x keeps the item and its cas id, and drops value, flags and time to live") {
  Partition p;
  const uint64_t cas = p.run(set("key", "value", 7, 30)).cas;
  CHECK(Meta(p, Verb::MetaDelete, "key").flag(meta::drop_value).run() == Outcome::Deleted);
  const Operation found = p.run(get("key"));
  CHECK(found.outcome == Outcome::Hit);
  CHECK(found.found.size == 0);
  CHECK(found.client_flags == 0);
  CHECK(found.cas == cas);
  CHECK(facts(p, "key").ttl.endless);
  CHECK_FALSE(facts(p, "key").stale);
  CHECK(p.counted(Counter::DeleteHits) == 1);
}

TEST_CASE("md with x takes flags and time to live from F and T, a cas id from E") {
  Partition p;
  p.run(set("key", "value", 7));
  Meta md(p, Verb::MetaDelete, "key");
  md.flag(meta::drop_value).exptime(40).give(4711);
  md.operation.client_flags = 8;
  CHECK(md.run() == Outcome::Deleted);
  const Operation found = p.run(get("key"));
  CHECK(found.client_flags == 8);
  CHECK(found.cas == 4711);
  CHECK(facts(p, "key").ttl.seconds == 40);
}

TEST_CASE("md with x and I leaves an empty stale item with a new cas id") {
  Partition p;
  const uint64_t cas = p.run(set("key", "value", 7)).cas;
  Meta md(p, Verb::MetaDelete, "key");
  CHECK(md.flag(meta::drop_value).flag(meta::invalidate).run() == Outcome::Done);
  CHECK(p.cas_of("key") > cas);
  CHECK(p.value_of("key").empty());
  CHECK(facts(p, "key").stale);
}

TEST_CASE("without memory for what md with x leaves, the item stays as it is") {
  FullPartition p;
  const std::string value(2000, 'v');
  p.run(set("key", value));
  p.fill_up(1);
  CHECK(Meta(p, Verb::MetaDelete, "key").flag(meta::drop_value).run() == Outcome::NoMemory);
  CHECK(p.value_of("key") == value);
}

TEST_CASE("a cas id may be chosen for what is invalidated") {
  Partition p;
  p.run(set("key", "value"));
  Meta(p, Verb::MetaDelete, "key").flag(meta::invalidate).give(4711).run();
  CHECK(p.cas_of("key") == 4711);
}

TEST_CASE("ma counts up and down, and tells number and cas id") {
  Partition p;
  p.run(set("key", "10"));
  Meta up(p, Verb::MetaArithmetic, "key");
  CHECK(up.run() == Outcome::Number);
  CHECK(up.operation.number == 11);
  CHECK(up.operation.cas == p.cas_of("key"));
  Meta down(p, Verb::MetaArithmetic, "key");
  down.operation.decrement = true;
  down.operation.delta = 4;
  CHECK(down.run() == Outcome::Number);
  CHECK(down.operation.number == 7);
  CHECK(p.counted(Counter::IncrHits) == 1);
  CHECK(p.counted(Counter::DecrHits) == 1);
}

TEST_CASE("ma on what is not there is not found, or makes it with N and J") {
  Partition p;
  CHECK(Meta(p, Verb::MetaArithmetic, "key").run() == Outcome::NotFound);
  CHECK(p.counted(Counter::IncrMisses) == 1);
  Meta made(p, Verb::MetaArithmetic, "key");
  made.vivify(30).show_ttl();
  made.extras.request.initial = 99;
  CHECK(made.run() == Outcome::Number);
  CHECK(made.operation.number == 99);
  CHECK(made.result().ttl.seconds == 30);
  CHECK(made.operation.cas == p.cas_of("key"));
  CHECK(p.value_of("key") == "99");
  CHECK(p.counted(Counter::IncrMisses) == 1);
  Meta counted(p, Verb::MetaArithmetic, "key");
  counted.vivify(60).show_ttl().run();
  CHECK(counted.operation.number == 100);
  CHECK(counted.result().ttl.seconds == 30);
}

TEST_CASE("a number may be made to be gone at once") {
  Partition p;
  CHECK(Meta(p, Verb::MetaArithmetic, "key").vivify(-1).run() == Outcome::Number);
  CHECK(p.value_of("key") == "(absent)");
}

TEST_CASE("ma looks at the cas id it is given, and takes the one it is to have") {
  Partition p;
  const uint64_t cas = p.run(set("key", "10")).cas;
  CHECK(Meta(p, Verb::MetaArithmetic, "key").match(cas + 1).run() == Outcome::Exists);
  CHECK(Meta(p, Verb::MetaArithmetic, "key").match(0).run() == Outcome::Number);
  Meta given(p, Verb::MetaArithmetic, "key");
  CHECK(given.match(p.cas_of("key")).give(4711).run() == Outcome::Number);
  CHECK(given.operation.cas == 4711);
  CHECK(p.cas_of("key") == 4711);
}

TEST_CASE("ma sets the time to live of what is there, even as the number grows") {
  Partition p;
  p.run(set("key", "9"));
  Meta ma(p, Verb::MetaArithmetic, "key");
  CHECK(ma.exptime(40).show_ttl().run() == Outcome::Number);
  CHECK(ma.result().ttl.seconds == 40);
  CHECK(p.value_of("key") == "10");
  CHECK(facts(p, "key").ttl.seconds == 40);
}

TEST_CASE("ma on what is no number changes nothing") {
  Partition p;
  p.run(set("key", "value"));
  CHECK(Meta(p, Verb::MetaArithmetic, "key").exptime(40).run() == Outcome::NotNumeric);
  CHECK(facts(p, "key").ttl.endless);
}

TEST_CASE("without memory ma fails, and says whether it was to make the number") {
  FullPartition p;
  p.fill_up(1);
  Meta made(p, Verb::MetaArithmetic, "key");
  CHECK(made.vivify(0).run() == Outcome::NoMemory);
  CHECK(made.result().made);
}

TEST_CASE("what md and mg make in base64 is remembered so") {
  Partition p;
  Meta(p, Verb::MetaGet, "key").vivify(0).flag(meta::base64_key).run();
  CHECK(facts(p, "key").base64);
  Meta(p, Verb::MetaDelete, "key").flag(meta::drop_value).run();
  CHECK(facts(p, "key").base64);
  Meta(p, Verb::MetaArithmetic, "number").vivify(0).flag(meta::base64_key).run();
  CHECK(facts(p, "number").base64);
}

}  // namespace ringcached::shard
