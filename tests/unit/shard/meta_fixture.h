// Operations as the meta commands make them, for the owner to run.
#pragma once

#include <string_view>

#include "fixture.h"
#include "ringcached/meta_extras.h"

namespace ringcached::shard {

/// A meta command on its way: what is asked of it is set with calls that chain.
struct Meta {
  Meta(Partition& p, Verb verb, std::string_view key) : partition(p) {
    extras.clear();
    operation = ask(verb, key);
    operation.dialect = Dialect::Meta;
    operation.delta = 1;
    operation.extras = &extras;
  }
  Meta(const Meta&) = delete;

  Meta& flag(uint32_t bit) {
    extras.request.flags |= bit;
    return *this;
  }
  Meta& step(MetaStep step) {
    extras.request.steps[steps++] = step;
    return *this;
  }
  Meta& show_ttl() { return step(MetaStep::ShowTtl); }
  Meta& exptime(int32_t exptime) {
    extras.request.new_exptime = exptime;
    operation.exptime = exptime;
    return flag(meta::set_exptime).step(MetaStep::SetExptime);
  }
  Meta& vivify(int32_t exptime) {
    extras.request.vivify_exptime = exptime;
    return flag(meta::vivify).step(MetaStep::Vivify);
  }
  Meta& recache(int32_t exptime) {
    extras.request.recache_exptime = exptime;
    return step(MetaStep::Recache);
  }
  Meta& match(uint64_t cas) {
    operation.cas_wanted = cas;
    return flag(meta::match_cas);
  }
  Meta& give(uint64_t cas) {
    extras.request.cas_new = cas;
    return flag(meta::give_cas);
  }
  Meta& value(std::string_view value, StoreMode mode = StoreMode::Set) {
    operation.value = value;
    operation.value_size = static_cast<uint32_t>(value.size());
    operation.mode = mode;
    return *this;
  }

  Outcome run() {
    operation = partition.run(operation);
    return operation.outcome;
  }
  const MetaResult& result() const { return extras.result; }

  Partition& partition;
  MetaExtras extras;
  Operation operation;
  size_t steps = 0;
};

}  // namespace ringcached::shard
