// Claims about mg and me: what they tell, what they change, who wins.
#include <doctest/doctest.h>

#include "meta_fixture.h"

namespace ringcached::shard {
namespace {

Meta mg(Partition& p, std::string_view key) {
  return Meta(p, Verb::MetaGet, key);
}

}  // namespace

TEST_CASE("mg of a key that is not there is a miss") {
  Partition p;
  CHECK(mg(p, "key").run() == Outcome::Miss);
  CHECK(mg(p, "key").exptime(5).run() == Outcome::Miss);
  CHECK(p.counted(Counter::CmdGet) == 2);
  CHECK(p.counted(Counter::GetMisses) == 2);
  CHECK(p.counted(Counter::CmdTouch) == 0);
}

TEST_CASE("mg tells of the item, and brings the value only if asked") {
  Partition p;
  const uint64_t cas = p.run(set("key", "value", 7)).cas;
  Meta plain(p, Verb::MetaGet, "key");
  CHECK(plain.run() == Outcome::Done);
  CHECK(plain.operation.cas == cas);
  CHECK(plain.operation.client_flags == 7);
  CHECK(plain.result().size == 5);
  CHECK_FALSE(plain.result().base64);
  Meta value(p, Verb::MetaGet, "key");
  value.flag(meta::with_value);
  CHECK(value.run() == Outcome::Hit);
  CHECK(bytes_of(value.operation.found) == "value");
  CHECK(p.counted(Counter::GetHits) == 2);
}

TEST_CASE("a client that knows the cas id is spared the value") {
  Partition p;
  const uint64_t cas = p.run(set("key", "value")).cas;
  CHECK(mg(p, "key").flag(meta::with_value).match(cas).run() == Outcome::Done);
  CHECK(mg(p, "key").flag(meta::with_value).match(cas + 1).run() == Outcome::Hit);
}

TEST_CASE("what is told of earlier accesses is as it was before this one") {
  Partition p;
  p.run(set("key", "value"));
  p.at(110);
  Meta first(p, Verb::MetaGet, "key");
  first.run();
  CHECK_FALSE(first.result().fetched);
  CHECK(first.result().idle == 10);
  p.at(113);
  Meta second(p, Verb::MetaGet, "key");
  second.run();
  CHECK(second.result().fetched);
  CHECK(second.result().idle == 3);
}

TEST_CASE("with u mg leaves no trace") {
  Partition p;
  p.run(set("key", "value"));
  p.at(110);
  mg(p, "key").flag(meta::no_bump).run();
  Meta second(p, Verb::MetaGet, "key");
  second.run();
  CHECK_FALSE(second.result().fetched);
  CHECK(second.result().idle == 10);
}

TEST_CASE("incr and a refused add are uses but no reads, touch is a read") {
  Partition p;
  p.run(set("key", "5"));
  p.at(110);
  p.run(count("key", 1));
  p.run(store(StoreMode::Add, "key", "6"));
  Meta before(p, Verb::MetaGet, "key");
  before.flag(meta::no_bump).run();
  CHECK_FALSE(before.result().fetched);
  CHECK(before.result().idle == 0);
  p.run(touch(Verb::Touch, "key", 0));
  Meta after(p, Verb::MetaGet, "key");
  after.run();
  CHECK(after.result().fetched);
}

TEST_CASE("what is appended to is a new item: not read yet, and not stale") {
  Partition p;
  p.run(set("key", "5"));
  mg(p, "key").run();
  Meta(p, Verb::MetaDelete, "key").flag(meta::invalidate).run();
  p.run(store(StoreMode::Append, "key", "6"));
  Meta after(p, Verb::MetaGet, "key");
  after.run();
  CHECK_FALSE(after.result().fetched);
  CHECK_FALSE(after.result().stale);
  CHECK_FALSE(after.result().won);
}

TEST_CASE("flags that see to the time to live act in their order") {
  Partition p;
  p.run(set("key", "value"));
  Meta before(p, Verb::MetaGet, "key");
  before.show_ttl().exptime(30).run();
  CHECK(before.result().ttl.endless);
  Meta after(p, Verb::MetaGet, "key");
  after.exptime(60).show_ttl().run();
  CHECK_FALSE(after.result().ttl.endless);
  CHECK(after.result().ttl.seconds == 60);
  CHECK(p.counted(Counter::CmdTouch) == 2);
  CHECK(p.counted(Counter::TouchHits) == 2);
  CHECK(p.counted(Counter::CmdGet) == 0);
}

TEST_CASE("an exptime in the past lets this mg see the item, and nobody after it") {
  Partition p;
  p.run(set("key", "value"));
  CHECK(mg(p, "key").flag(meta::with_value).exptime(-1).run() == Outcome::Hit);
  CHECK(mg(p, "key").run() == Outcome::Miss);
  CHECK(p.counted(Counter::GetExpired) == 1);
}

TEST_CASE("a miss with N makes an empty item, which its maker wins") {
  Partition p;
  Meta maker(p, Verb::MetaGet, "key");
  maker.flag(meta::with_value).vivify(30).show_ttl();
  CHECK(maker.run() == Outcome::Hit);
  CHECK(maker.operation.found.size == 0);
  CHECK(maker.result().won);
  CHECK_FALSE(maker.result().lost);
  CHECK(maker.result().ttl.seconds == 30);
  CHECK(p.value_of("key").empty());
  Meta second(p, Verb::MetaGet, "key");
  second.vivify(60).show_ttl().run();
  CHECK_FALSE(second.result().won);
  CHECK(second.result().lost);
  CHECK(second.result().ttl.seconds == 30);
  p.run(set("key", "value"));
  Meta renewed(p, Verb::MetaGet, "key");
  renewed.run();
  CHECK_FALSE(renewed.result().lost);
}

TEST_CASE("without memory for an empty item, mg with N is a miss") {
  FullPartition p;
  p.fill_up(1);
  CHECK(mg(p, "key").vivify(30).run() == Outcome::Miss);
}

TEST_CASE("R lets one client win while less than so much time is left") {
  Partition p;
  p.run(set("key", "value", 0, 30));
  const auto wins = [&](int32_t below) {
    Meta asked(p, Verb::MetaGet, "key");
    asked.recache(below).run();
    return asked.result().won;
  };
  CHECK_FALSE(wins(30));
  CHECK_FALSE(wins(0));
  CHECK_FALSE(wins(-1));
  CHECK(wins(31));
  CHECK_FALSE(wins(31));
  p.run(set("endless", "value"));
  Meta endless(p, Verb::MetaGet, "endless");
  endless.recache(1000).run();
  CHECK_FALSE(endless.result().won);
}

TEST_CASE("R looks at the exptime that stands when its turn comes") {
  Partition p;
  p.run(set("key", "value", 0, 10));
  Meta after(p, Verb::MetaGet, "key");
  after.exptime(100).recache(50).run();
  CHECK_FALSE(after.result().won);
  Meta before(p, Verb::MetaGet, "key");
  before.recache(101).exptime(1000).run();
  CHECK(before.result().won);
}

TEST_CASE("an item made by mg with a chosen cas id has it; one that was there keeps its own") {
  Partition p;
  Meta maker(p, Verb::MetaGet, "key");
  maker.vivify(0).give(4711).run();
  CHECK(maker.operation.cas == 4711);
  CHECK(p.cas_of("key") == 4711);
  mg(p, "key").vivify(0).give(4712).run();
  CHECK(p.cas_of("key") == 4711);
}

TEST_CASE("me tells of the item and leaves no trace") {
  Partition p;
  CHECK(Meta(p, Verb::MetaDebug, "key").run() == Outcome::Miss);
  const uint64_t cas = p.run(set("key", "value", 0, 30)).cas;
  p.at(110);
  for (int round = 0; round < 2; ++round) {
    Meta me(p, Verb::MetaDebug, "key");
    CHECK(me.run() == Outcome::Done);
    CHECK(me.operation.cas == cas);
    CHECK(me.result().ttl.seconds == 20);
    CHECK(me.result().idle == 10);
    CHECK_FALSE(me.result().fetched);
    CHECK(me.result().class_id >= 1);
    CHECK(me.result().size == 24 + 8 + 3 + 5);
  }
  CHECK(p.counted(Counter::CmdMeta) == 3);
  CHECK(p.counted(Counter::CmdGet) == 0);
}

}  // namespace ringcached::shard
