// The replies of the limit server, spelled once: what is owed for a run of requests is slices of
// them.
#pragma once

#include <sys/uio.h>

#include <string>
#include <string_view>
#include <vector>

#include "limit/requests.h"

namespace limit {

class Canned {
 public:
  /// Every key that is answered is `key_size` bytes long, every value `value_size`.
  Canned(size_t key_size, size_t value_size);
  Canned(const Canned&) = delete;
  Canned& operator=(const Canned&) = delete;

  /// Appends slices that answer the front of `runs`, which shrinks by that much: all of them, or as
  /// many as fit into one sendmsg. The slices last as long as this.
  void answer(std::vector<Run>& runs, std::vector<iovec>& slices) const;

 private:
  bool answer(Run& run, std::vector<iovec>& slices) const;
  bool answer_get(uint32_t keys, std::vector<iovec>& slices) const;

  size_t hit_size_;      // of one VALUE line with its value
  std::string hits_;     // many hits, and END behind the last
  std::string gets_;     // gets of one key, many of them
  std::string stored_;   // the same for sets
  std::string unknown_;  // the same for anything else
};

}  // namespace limit
