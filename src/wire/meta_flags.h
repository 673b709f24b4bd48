// Reads the words of a meta command: its key, its flags and what they mean together.
//
// Source: protocol.txt "Meta Commands", memcached 1.6.45 as probed. Any known flag may stand behind
// any command; where it means nothing, it is passed over.
#pragma once

#include <cstddef>
#include <string_view>

#include "ringcached/operation.h"
#include "wire/text_words.h"

namespace ringcached::wire {

/// Words of a meta line, the command and its key included. As probed.
inline constexpr size_t meta_words_max = 20;
/// Bytes of an opaque, its O included. As probed.
inline constexpr size_t opaque_size_max = 32;

/// The first word of a command that may be a flag: behind the key, or behind the size of a value.
constexpr size_t first_flag(Verb verb) {
  return verb == Verb::MetaStore ? 3 : 2;
}

/// Fills `operation`, whose verb says which command it is, and its extras, which are blank. The key
/// is a view into the line, or of the extras where it came in base64; its hash is left to the
/// caller. What is returned is the error that refuses the line; empty if there is none.
std::string_view read_meta_words(const Words& words, Operation& operation);

}  // namespace ringcached::wire
