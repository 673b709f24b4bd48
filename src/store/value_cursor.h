// Writes through a value that may go on in segments, from one place onwards.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/assert.h"
#include "store/item.h"

namespace ringcached::store {

/// For the owner alone: it writes. Valid until the item's chain changes.
class ValueCursor {
 public:
  /// At the beginning of the value.
  explicit ValueCursor(Item& item)
      : at_(item.value_data()),
        left_(item.head_capacity()),
        next_(item.is_segmented() ? item.chain().first : nullptr) {}

  /// At `offset`, which lies in the value's last chunk (or is its end): no walk along the chain.
  static ValueCursor in_last_chunk(Item& item, uint32_t offset) {
    ValueCursor cursor(item);
    const uint32_t room = item.room();
    if (item.is_segmented() && item.chain().last != nullptr) cursor.enter(item.chain().last);
    RC_ASSERT(offset <= room && room - offset <= cursor.left_);
    cursor.advance(cursor.left_ - (room - offset));
    return cursor;
  }

  char* at() const { return at_; }
  uint32_t left() const { return left_; }

  /// Within the span that it stands in.
  void advance(uint32_t bytes) {
    at_ += bytes;
    left_ -= bytes;
  }
  void next_span() {
    RC_ASSERT(next_ != nullptr);
    enter(next_);
  }

  /// To the beginning of this segment.
  void enter(Segment* segment) {
    at_ = segment->data();
    left_ = segment->capacity();
    next_ = segment->next;
  }

  /// To a place `bytes` further on.
  void skip(uint32_t bytes) {
    while (bytes > left_) {
      bytes -= left_;
      next_span();
    }
    advance(bytes);
  }

  void write(const char* bytes, uint32_t size) {
    while (size != 0) {
      if (left_ == 0) next_span();
      const uint32_t piece = std::min(size, left_);
      std::memcpy(at_, bytes, piece);
      advance(piece);
      bytes += piece;
      size -= piece;
    }
  }

 private:
  char* at_;
  uint32_t left_;
  Segment* next_;
};

}  // namespace ringcached::store
