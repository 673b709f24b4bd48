// What a value says about itself: its bytes follow from its key, its size and a number per set.
//
//     0        8       12       16                 size
//     +--------+--------+--------+------------------+
//     | key    | number | check  | noise ...        |     a value of 16 bytes or more
//     +--------+--------+--------+------------------+
//
// `check` is a hash of key, number and size; the noise is a fixed stream of random bytes, from a
// place that the number chooses, so that a value put together from two sets is seen. Comparing it
// costs less than a checksum over all bytes, and misses nothing that a checksum sees. A shorter
// value is the beginning of a hash of key and size.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ringload/outgoing.h"

namespace ringload {

inline constexpr uint32_t value_head_size = 16;

/// Appends the value to `out`; the noise of a large one is not copied.
void append_value(Outgoing& out, uint64_t key, uint32_t number, uint32_t size);

/// Whether all of it is right: the quick way, which cannot say what is wrong.
bool is_value_of(uint64_t key, std::string_view value);

/// Looks at one value while it comes in, in pieces of any size.
/// Owner: one connection.
class ValueCheck {
 public:
  void begin(uint64_t key, uint32_t size) {
    key_ = key;
    size_ = size;
    at_ = 0;
    wrong_at_.reset();
  }

  /// The next bytes of the value; no more than are left.
  void feed(std::string_view bytes);
  /// The same, if any bytes will do; not to be mixed with feed().
  void skip(std::string_view bytes) { at_ += static_cast<uint32_t>(bytes.size()); }

  uint32_t left() const { return size_ - at_; }
  bool is_right() const { return !wrong_at_; }
  /// Which byte is wrong first, for people; only if one is.
  std::string complaint() const;

 private:
  void feed_head(std::string_view bytes);
  void judge_head(const char* head, uint32_t size);
  void note_wrong(uint32_t at, char is);

  uint64_t key_ = 0;
  uint32_t size_ = 0;
  uint32_t at_ = 0;
  uint32_t number_ = 0;  // known once the head is there
  std::array<char, value_head_size> head_;
  std::optional<uint32_t> wrong_at_;
  char wrong_byte_ = 0;
};

}  // namespace ringload
