#include "pauses/core_loop.h"

#include <sys/resource.h>

#include <cstring>
#include <ctime>

#include "base/assert.h"

namespace pauses {

using namespace ringcached;

namespace {

uint64_t cpu_time_ns() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<uint64_t>(used.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(used.tv_nsec);
}

long page_faults() {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  return used.ru_minflt;
}

store::StoreConfig config_of(const KeyHasher& hasher) {
  store::StoreConfig config;
  config.hasher = hasher;
  return config;
}

shard::OwnerRules rules_of(uint64_t memory_bytes) {
  shard::OwnerRules rules;
  rules.item_size_max = 1u << 30;
  rules.fill_bytes_max = memory_bytes / 4 * 3;
  rules.pin_bytes_max = memory_bytes / 8 * 7;
  return rules;
}

}  // namespace

CoreLoop::CoreLoop(uint64_t memory_bytes, bool preallocated, uint64_t seed)
    : random_(seed),
      budget_(memory_bytes, 1),
      store_(config_of(hasher_), budget_, counters_),
      owner_(store_, counters_, rules_of(memory_bytes)) {
  at(100);
  if (preallocated) RC_ASSERT(store_.take_memory_ahead());
}

Operation& CoreLoop::add(uint64_t number, Verb verb) {
  RC_ASSERT(count_ < batch_most);
  NumberedKey& key = keys_[count_];
  key.make(hasher_, number);
  numbers_[count_] = number;
  Operation& operation = operations_[count_];
  operation = {};
  operation.verb = verb;
  operation.key = key.key();
  if (count_ > 0) operations_[count_ - 1].next = &operation;
  ++count_;
  return operation;
}

void CoreLoop::set(uint64_t number, uint32_t value_size, int64_t exptime) {
  if (values_.size() < value_size) values_.resize(value_size, 'v');
  Operation& operation = add(number, Verb::Store);
  operation.value = std::string_view(values_).substr(0, value_size);
  operation.value_size = value_size;
  operation.exptime = exptime;
}

bool CoreLoop::turn(Turns& turns) {
  const long faults = page_faults();
  const uint64_t start = cpu_time_ns();
  owner_.set_now(now_);
  if (count_ > 0) owner_.run(&operations_[0], replies_);
  const uint64_t swept_from = cpu_time_ns();
  const bool more = owner_.sweep();
  const uint64_t end = cpu_time_ns();
  const bool faulted = page_faults() != faults;
  turns.whole.add(end - start, faulted);
  turns.sweeps.add(end - swept_from, faulted);
  collect();
  return more;
}

/// What the session does with the outcomes, as far as the store would notice.
void CoreLoop::collect() {
  missed_.clear();
  for (uint32_t i = 0; i < count_; ++i) {
    const Operation& operation = operations_[i];
    if (operation.outcome == Outcome::Miss) missed_.push_back(numbers_[i]);
    if (operation.found.holder != nullptr) owner_.unpin(operation.found.holder);
  }
  replies_.clear();
  count_ = 0;
  wanted_ = batch_least + static_cast<uint32_t>(random_.below(batch_most - batch_least + 1));
}

void CoreLoop::idle(Turns& turns, uint64_t most) {
  while (most-- > 0 && turn(turns)) {
  }
}

void CoreLoop::load(uint64_t number, uint32_t value_size, Turns& turns) {
  shard::Fill fill;
  fill.size = value_size;
  for (Verb verb = Verb::Reserve;;) {
    Operation& operation = add(number, verb);
    fill.hash = operation.key.hash;
    operation.value_size = value_size;
    operation.fill = &fill;
    turn(turns);
    if (verb == Verb::Commit) return;
    RC_ASSERT(operation.outcome == Outcome::Granted);
    // The client's bytes come while nobody's turn is timed.
    for (uint32_t i = 0; i < fill.span_count; ++i) {
      std::memset(fill.spans[i].iov_base, 'v', fill.spans[i].iov_len);
    }
    fill.filled = fill.granted;
    verb = fill.granted < fill.size ? Verb::Extend : Verb::Commit;
  }
}

}  // namespace pauses
