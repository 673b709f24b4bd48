#include "ringload/protocol.h"

#include <algorithm>

#include "ringload/binary.h"
#include "ringload/meta.h"
#include "ringload/text.h"

namespace ringload {

std::optional<Protocol> parse_protocol(std::string_view name) {
  const auto found = std::find(protocol_names.begin(), protocol_names.end(), name);
  if (found == protocol_names.end()) return std::nullopt;
  return static_cast<Protocol>(found - protocol_names.begin());
}

std::unique_ptr<Conversation> make_conversation(Protocol protocol, const Keys& keys, bool verify) {
  switch (protocol) {
    case Protocol::Meta:
      return make_meta_conversation(keys, verify);
    case Protocol::Binary:
      return make_binary_conversation(keys, verify);
    case Protocol::Classic:
      break;
  }
  return make_text_conversation(keys, verify);
}

}  // namespace ringload
