// Which protocol a run speaks.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "ringload/conversation.h"

namespace ringload {

enum class Protocol { Classic, Meta, Binary };

/// As --protocol takes them, in the order of Protocol.
inline constexpr std::array<std::string_view, 3> protocol_names = {"classic", "meta", "binary"};

/// nullopt: there is none of this name.
std::optional<Protocol> parse_protocol(std::string_view name);

/// `keys` outlives it. Without `verify` the keys and values of replies may be anything.
std::unique_ptr<Conversation> make_conversation(Protocol, const Keys& keys, bool verify);

}  // namespace ringload
