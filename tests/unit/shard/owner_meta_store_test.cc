// Claims about ms: conditions, cas ids, stale values, values that are filled as they arrive.
#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <string>

#include "meta_fixture.h"
#include "shard/fill.h"

namespace ringcached::shard {
namespace {

struct Ms : Meta {
  Ms(Partition& p, std::string_view key, std::string_view bytes, StoreMode mode = StoreMode::Set)
      : Meta(p, Verb::MetaStore, key) {
    value(bytes, mode);
  }

  /// Runs it as a value that comes in pieces. What a session does, with grants of any size.
  Outcome fill() {
    Fill under_way;
    under_way.hash = operation.key.hash;
    under_way.size = operation.value_size;
    under_way.extras = std::make_unique<MetaExtras>(extras);
    const std::string_view bytes = operation.value;
    operation.fill = &under_way;
    operation.value = {};
    operation.verb = Verb::Reserve;
    while (run() == Outcome::Granted) {
      for (uint32_t i = 0; i < under_way.span_count; ++i) {
        const iovec& span = under_way.spans[i];
        std::memcpy(span.iov_base, bytes.data() + under_way.filled, span.iov_len);
        under_way.filled += static_cast<uint32_t>(span.iov_len);
      }
      operation.outcome = Outcome::Pending;
      operation.verb = under_way.filled == under_way.size ? Verb::Commit : Verb::Extend;
    }
    CHECK(under_way.item == nullptr);
    return operation.outcome;
  }
};

const std::string large(300'000, 'v');

/// Each claim about conditions holds for values that came whole and for those that came in pieces.
template <class Claim>
void both_ways(Claim&& claim) {
  claim([](Ms& ms) { return ms.run(); });
  claim([](Ms& ms) { return ms.fill(); });
}

Meta& invalidated(Meta& md) {
  return md.flag(meta::invalidate);
}

}  // namespace

TEST_CASE("ms keeps value, flags, exptime and says cas id and size") {
  both_ways([](auto&& run) {
    Partition p;
    Ms ms(p, "key", "value");
    ms.operation.client_flags = 9;
    ms.operation.exptime = 20;
    CHECK(run(ms) == Outcome::Stored);
    CHECK(ms.result().size == 5);
    CHECK(ms.operation.cas == p.cas_of("key"));
    const Operation found = p.run(get("key"));
    CHECK(found.client_flags == 9);
    CHECK(bytes_of(found.found) == "value");
    p.at(120);
    CHECK(p.value_of("key") == "(absent)");
    CHECK(p.counted(Counter::CmdSet) == 1);
  });
}

TEST_CASE("a large value of ms is found whole") {
  Partition p;
  Ms ms(p, "key", large);
  CHECK(ms.fill() == Outcome::Stored);
  CHECK(ms.result().size == large.size());
  CHECK(p.value_of("key") == large);
  CHECK(p.store.uncommitted_bytes() == 0);
}

TEST_CASE("the modes of ms have the conditions of the classic commands") {
  both_ways([](auto&& run) {
    Partition p;
    const auto outcome = [&](StoreMode mode, std::string_view value) {
      Ms ms(p, "key", value, mode);
      return run(ms);
    };
    CHECK(outcome(StoreMode::Replace, "r") == Outcome::NotStored);
    CHECK(outcome(StoreMode::Append, "r") == Outcome::NotStored);
    CHECK(outcome(StoreMode::Prepend, "r") == Outcome::NotStored);
    CHECK(outcome(StoreMode::Cas, "r") == Outcome::NotFound);
    CHECK(outcome(StoreMode::Add, "a") == Outcome::Stored);
    CHECK(outcome(StoreMode::Add, "b") == Outcome::NotStored);
    CHECK(p.value_of("key") == "a");
    CHECK(outcome(StoreMode::Replace, "c") == Outcome::Stored);
    CHECK(outcome(StoreMode::Append, ">") == Outcome::Stored);
    CHECK(outcome(StoreMode::Prepend, "<") == Outcome::Stored);
    CHECK(p.value_of("key") == "<c>");
    CHECK(p.store.uncommitted_bytes() == 0);
  });
}

TEST_CASE("what is refused shows no cas id, and the size that was sent") {
  Partition p;
  p.run(set("key", "value"));
  Ms ms(p, "key", "other value", StoreMode::Add);
  CHECK(ms.run() == Outcome::NotStored);
  CHECK(ms.operation.cas == 0);
  CHECK(ms.result().size == 11);
}

TEST_CASE("what is joined shows the size of the whole") {
  both_ways([](auto&& run) {
    for (const StoreMode mode : {StoreMode::Append, StoreMode::Prepend}) {
      Partition p;
      p.run(set("key", "value"));
      Ms ms(p, "key", "more", mode);
      CHECK(run(ms) == Outcome::Stored);
      CHECK(ms.result().size == 9);
      CHECK(ms.operation.cas == p.cas_of("key"));
    }
  });
}

TEST_CASE("append and prepend with N make what is not there, with that time to live") {
  both_ways([](auto&& run) {
    for (const StoreMode mode : {StoreMode::Append, StoreMode::Prepend}) {
      Partition p;
      Ms ms(p, "key", "value", mode);
      ms.vivify(20);
      ms.operation.exptime = 20;  // as the parser has it
      CHECK(run(ms) == Outcome::Stored);
      CHECK(p.value_of("key") == "value");
      p.at(119);
      Ms again(p, "key", "value", mode);
      again.vivify(1000);
      again.operation.exptime = 1000;
      CHECK(run(again) == Outcome::Stored);
      CHECK(p.value_of("key") == "valuevalue");
      p.at(120);
      CHECK(p.value_of("key") == "(absent)");
    }
  });
}

TEST_CASE("a cas id must match, in every mode but add") {
  both_ways([](auto&& run) {
    for (const StoreMode mode : {StoreMode::Cas, StoreMode::Append, StoreMode::Prepend}) {
      Partition p;
      p.run(set("key", "old"));
      const uint64_t cas = p.cas_of("key");
      Ms wrong(p, "key", "new", mode);
      wrong.match(cas + 1);
      CHECK(run(wrong) == Outcome::Exists);
      CHECK(p.value_of("key") == "old");
      Ms right(p, "key", "new", mode);
      right.match(cas);
      CHECK(run(right) == Outcome::Stored);
      CHECK(p.value_of("key") != "old");
      CHECK(p.counted(Counter::CasBadval) == 1);
      CHECK(p.counted(Counter::CasHits) == 1);
    }
  });
}

TEST_CASE("a cas id of 0 never lets cas through, and never stops a join") {
  Partition p;
  p.run(set("key", "old"));
  CHECK(Ms(p, "key", "new", StoreMode::Cas).match(0).run() == Outcome::Exists);
  CHECK(Ms(p, "key", "er", StoreMode::Append).match(0).run() == Outcome::Stored);
  CHECK(p.value_of("key") == "older");
  CHECK(p.counted(Counter::CasBadval) == 0);
}

TEST_CASE("a cas id that was asked for and had nothing to meet is a miss") {
  Partition p;
  CHECK(Ms(p, "key", "new", StoreMode::Cas).match(5).run() == Outcome::NotFound);
  CHECK(Ms(p, "key", "new", StoreMode::Append).match(5).run() == Outcome::NotStored);
  CHECK(p.counted(Counter::CasMisses) == 2);
}

TEST_CASE("without cas ids none matches") {
  PartitionConfig config;
  config.rules.cas_enabled = false;
  Partition p(config);
  p.run(set("key", "old"));
  CHECK(Ms(p, "key", "new", StoreMode::Cas).match(5).run() == Outcome::Exists);
  CHECK(Ms(p, "key", "er", StoreMode::Append).match(5).run() == Outcome::Stored);
  Ms given(p, "key", "new");
  CHECK(given.give(5).run() == Outcome::Stored);
  CHECK(given.operation.cas == 0);
}

TEST_CASE("a chosen cas id is the item's, whatever the mode; 0 is no choice") {
  both_ways([](auto&& run) {
    Partition p;
    uint64_t chosen = 1'000'000;
    for (const StoreMode mode : {StoreMode::Add, StoreMode::Set, StoreMode::Replace,
                                 StoreMode::Append, StoreMode::Prepend}) {
      Ms ms(p, "key", "value", mode);
      ms.give(++chosen);
      CHECK(run(ms) == Outcome::Stored);
      CHECK(ms.operation.cas == chosen);
      CHECK(p.cas_of("key") == chosen);
    }
    Ms none(p, "key", "value");
    none.give(0);
    CHECK(run(none) == Outcome::Stored);
    CHECK(none.operation.cas != 0);
  });
}

TEST_CASE("with I an older cas id stores a stale value that keeps its time to live") {
  both_ways([](auto&& run) {
    Partition p;
    p.run(set("key", "old", 0, 20));
    const uint64_t known = p.cas_of("key");
    Meta md(p, Verb::MetaDelete, "key");
    CHECK(invalidated(md).run() == Outcome::Done);
    Ms late(p, "key", "late", StoreMode::Cas);
    late.match(known).flag(meta::invalidate);
    late.operation.exptime = 1000;
    CHECK(run(late) == Outcome::Stored);
    Meta mg(p, Verb::MetaGet, "key");
    mg.show_ttl().run();
    CHECK(mg.result().stale);
    CHECK(mg.result().won);
    CHECK(mg.result().ttl.seconds == 20);
    CHECK(p.value_of("key") == "late");
  });
}

TEST_CASE("a stale value comes in without giving a second client the win") {
  Partition p;
  p.run(set("key", "old"));
  const uint64_t known = p.cas_of("key");
  Meta md(p, Verb::MetaDelete, "key");
  invalidated(md).run();
  Meta(p, Verb::MetaGet, "key").run();  // wins
  Ms late(p, "key", "late", StoreMode::Cas);
  CHECK(late.match(known).flag(meta::invalidate).run() == Outcome::Stored);
  Meta mg(p, Verb::MetaGet, "key");
  mg.run();
  CHECK(mg.result().stale);
  CHECK(mg.result().lost);
  CHECK_FALSE(mg.result().won);
}

TEST_CASE("with I a matching cas id stores a value that is not stale, a newer one none") {
  Partition p;
  p.run(set("key", "old"));
  Meta md(p, Verb::MetaDelete, "key");
  invalidated(md).run();
  const uint64_t cas = p.cas_of("key");
  Ms newer(p, "key", "newer", StoreMode::Cas);
  CHECK(newer.match(cas + 1).flag(meta::invalidate).run() == Outcome::Exists);
  Ms right(p, "key", "right", StoreMode::Cas);
  CHECK(right.match(cas).flag(meta::invalidate).run() == Outcome::Stored);
  Meta mg(p, Verb::MetaGet, "key");
  mg.run();
  CHECK_FALSE(mg.result().stale);
}

TEST_CASE("a key is remembered to have come in base64 until it is set without") {
  both_ways([](auto&& run) {
    Partition p;
    const auto is_base64 = [&] {
      Meta mg(p, Verb::MetaGet, "key");
      CHECK(mg.run() == Outcome::Done);
      return mg.result().base64;
    };
    Ms first(p, "key", "5");
    first.flag(meta::base64_key);
    CHECK(run(first) == Outcome::Stored);
    CHECK(is_base64());
    p.run(store(StoreMode::Append, "key", "6"));
    CHECK(is_base64());
    p.run(store(StoreMode::Prepend, "key", "7"));
    CHECK(is_base64());
    p.run(count("key", 1'000'000));
    CHECK(is_base64());
    Ms second(p, "key", "8");
    CHECK(run(second) == Outcome::Stored);
    CHECK_FALSE(is_base64());
  });
}

TEST_CASE("a refused ms takes the old value away, whatever its mode") {
  for (const StoreMode mode : {StoreMode::Set, StoreMode::Add, StoreMode::Append}) {
    Partition p;
    p.run(set("key", "old"));
    Ms ms(p, "key", {}, mode);
    ms.operation.verb = Verb::Refuse;
    CHECK(ms.run() == Outcome::TooLarge);
    CHECK(p.value_of("key") == "(absent)");
    CHECK(p.counted(Counter::StoreTooLarge) == 1);
  }
}

TEST_CASE("without memory ms fails and takes the old value away") {
  both_ways([](auto&& run) {
    for (const StoreMode mode : {StoreMode::Set, StoreMode::Replace}) {
      FullPartition p;
      p.run(set("key", "old"));
      p.fill_up(9000);
      const std::string value(9000, 'n');
      Ms ms(p, "key", value, mode);
      CHECK(run(ms) == Outcome::NoMemory);
      CHECK(p.value_of("key") == "(absent)");
    }
  });
}

}  // namespace ringcached::shard
