#include "ringload/load.h"

#include <algorithm>

namespace ringload {

namespace {

// Populating has no depth of its own to keep to: deep enough to be quick, with batches that fit in
// a socket's buffer. Guesses.
constexpr double populate_depth_max = 64;
constexpr double populate_bytes = 64 * 1024;
constexpr double bytes_besides = 64;  // of a set, without its value

/// The share of commands that are sets, for this share of requests.
double command_share(double set_ratio, uint32_t multiget) {
  const double sets = set_ratio * multiget;
  return sets / (1 - set_ratio + sets);
}

}  // namespace

Load::Load(const Options& options, uint32_t thread)
    : options_(options),
      thread_(thread),
      random_(options.seed ^ replay::scramble(thread)),
      choice_(options.pattern, options.keys, options.hot_share, Lane{thread, options.threads}),
      set_below_(
          static_cast<uint64_t>(command_share(options.set_ratio, options.multiget) * 0x1p63)),
      keys_(options.multiget) {}

void Load::begin(const Phase& phase) {
  populating_ = phase.kind == Phase::Kind::Populate;
  populate_at_ = thread_;
  depth_ = options_.depth;
  left_ = phase.requests == UINT64_MAX ? UINT64_MAX
                                       : share_of(phase.requests, thread_, options_.threads);
  if (!populating_) return;
  const double fitting = populate_bytes / (options_.value_size.mean() + bytes_besides);
  depth_ = static_cast<uint32_t>(std::clamp(fitting, 1.0, populate_depth_max));
  left_ = share_of(options_.keys, thread_, options_.threads);
}

uint32_t Load::ask(Conversation& talk, uint64_t intended_ns) {
  if (left_ == 0) return 0;
  uint32_t requests = 1;
  if (populating_) {
    ask_set(talk, populate_at_, intended_ns);
    populate_at_ += options_.threads;
  } else if (next_is_set()) {
    ask_set(talk, choice_.next(random_), intended_ns);
  } else {
    requests = ask_get(talk, intended_ns);
  }
  left_ -= requests;
  return requests;
}

bool Load::next_is_set() {
  return set_below_ != 0 && (random_.next() >> 1) < set_below_;
}

void Load::ask_set(Conversation& talk, uint64_t key, uint64_t intended_ns) {
  talk.ask_set(key, static_cast<uint32_t>(random_.next()), options_.ttl, intended_ns);
}

uint32_t Load::ask_get(Conversation& talk, uint64_t intended_ns) {
  const size_t count = std::min<uint64_t>(keys_.size(), left_);
  for (size_t i = 0; i < count; ++i) keys_[i] = choice_.next(random_);
  talk.ask_get({keys_.data(), count}, intended_ns);
  return static_cast<uint32_t>(count);
}

}  // namespace ringload
