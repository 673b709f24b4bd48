// What a conversation sends, in one piece.
#pragma once

#include <span>
#include <string>

#include "ringload/outgoing.h"

namespace ringload {

inline std::string joined(std::span<const iovec> slices) {
  std::string text;
  for (const iovec& slice : slices) text.append(static_cast<char*>(slice.iov_base), slice.iov_len);
  return text;
}

}  // namespace ringload
