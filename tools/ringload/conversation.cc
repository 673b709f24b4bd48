#include "ringload/conversation.h"

#include "base/assert.h"

namespace ringload {

void Conversation::begin_batch() {
  RC_ASSERT(is_answered());
  out_.clear();
  commands_.clear();
  answered_ = 0;
}

uint64_t Conversation::unanswered_requests() const {
  uint64_t requests = 0;
  for (size_t i = answered_; i < commands_.size(); ++i) requests += commands_[i].requests;
  return requests;
}

}  // namespace ringload
