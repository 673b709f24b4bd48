// Values that say who wrote them, and of which every byte is known.
//
//   [KEY WRITER NUMBER SIZE:padding]     one such token per write; append and prepend add theirs
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "history.h"

namespace ringcached::consistency {

inline char padding_at(WriteId write, uint32_t index) {
  return static_cast<char>('a' + (write.number * 7 + write.writer * 3 + index) % 26);
}

inline void append_token(std::string& text, uint32_t key, WriteId write, uint32_t padding) {
  text += '[';
  for (const uint64_t number : {uint64_t{key}, uint64_t{write.writer}, write.number}) {
    text += std::to_string(number);
    text += ' ';
  }
  text += std::to_string(padding);
  text += ':';
  for (uint32_t i = 0; i < padding; ++i) text += padding_at(write, i);
  text += ']';
}

/// Takes a token off the front; none: the bytes are not such a token of that key.
inline std::optional<WriteId> take_token(std::string_view& text, uint32_t key) {
  if (text.empty() || text[0] != '[') return {};
  uint64_t fields[4];
  const char* at = text.data() + 1;
  const char* const end = text.data() + text.size();
  for (int i = 0; i < 4; ++i) {
    const auto [next, error] = std::from_chars(at, end, fields[i]);
    if (error != std::errc() || next == end || *next != (i == 3 ? ':' : ' ')) return {};
    at = next + 1;
  }
  const WriteId write{static_cast<uint32_t>(fields[1]), fields[2]};
  if (fields[0] != key || fields[3] >= static_cast<uint64_t>(end - at)) return {};
  for (uint32_t i = 0; i < fields[3]; ++i, ++at) {
    if (*at != padding_at(write, i)) return {};
  }
  if (*at != ']') return {};
  text.remove_prefix(static_cast<size_t>(at + 1 - text.data()));
  return write;
}

/// The writes at both ends of a value: one of them is its last. None: the value is broken.
struct Ends {
  WriteId front;
  WriteId back;
};

inline std::optional<Ends> read_value(std::string_view text, uint32_t key) {
  std::optional<WriteId> write = take_token(text, key);
  if (!write) return {};
  Ends ends{*write, *write};
  while (!text.empty()) {
    write = take_token(text, key);
    if (!write) return {};
    ends.back = *write;
  }
  return ends;
}

}  // namespace ringcached::consistency
