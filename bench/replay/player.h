// Plays requests cache-aside: get, and where that misses, set a value of the request's size.
//
// Requests go in rounds: first the sets for what the last round missed, then the gets of this one.
// So a round costs one way to the server and back, and a get behind a miss of its key finds the
// value. A key that comes twice in a round and is not there misses once, as it would one by one:
// its later gets are asked again behind the set.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "replay/link.h"
#include "replay/request.h"

namespace replay {

struct PlayOptions {
  uint32_t key_size = 20;
  uint32_t batch = 64;    // new requests in a round
  uint64_t warmup = 0;    // requests that are played but not counted
  bool set_only = false;  // no gets
  bool check = false;     // look at every byte that comes back
};

struct Tally {
  uint64_t requests = 0;
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t sets = 0;
  uint64_t refused = 0;  // sets that were not stored
  uint64_t wrong = 0;    // values that were not their key's; only found with `check`
  double miss_ratio() const {
    const uint64_t gets = hits + misses;
    return gets == 0 ? 0 : static_cast<double>(misses) / static_cast<double>(gets);
  }
};

class Player {
 public:
  Player(Link& link, Source& source, const PlayOptions& options)
      : link_(link), source_(source), options_(options) {}

  /// Plays the source to its end.
  Tally run();

 private:
  bool plan_round();
  void plan_set(const Request& request);
  void plan_get(const Request& request);
  size_t read_replies(std::string_view bytes, bool& done);
  size_t read_set_reply(std::string_view bytes);
  size_t read_get_reply(std::string_view bytes);
  void judge_value(std::string_view value);
  void note_hit();
  void note_miss();

  Link& link_;
  Source& source_;
  PlayOptions options_;
  Tally tally_;
  uint64_t answered_ = 0;  // requests, those of the warm-up too
  bool warm_ = false;
  std::string out_;
  uint64_t sets_planned_ = 0;
  uint64_t sets_answered_ = 0;
  std::vector<Request> gets_;  // of this round; those before get_at_ are answered
  size_t get_at_ = 0;
  std::vector<Request> to_set_;          // missed in the last round
  std::vector<Request> to_ask_again_;    // came behind a miss of the same key in the last round
  std::unordered_set<uint64_t> missed_;  // in this round
};

}  // namespace replay
