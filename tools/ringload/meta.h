// The meta commands.
#pragma once

#include <memory>

#include "ringload/conversation.h"

namespace ringload {

/// `keys` outlives it. Without `verify` the keys and values of replies may be anything.
std::unique_ptr<Conversation> make_meta_conversation(const Keys& keys, bool verify);

}  // namespace ringload
