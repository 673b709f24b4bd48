// The classic text protocol.
#pragma once

#include <memory>

#include "ringload/conversation.h"

namespace ringload {

/// `keys` outlives it.
std::unique_ptr<Conversation> make_text_conversation(const Keys& keys);

}  // namespace ringload
