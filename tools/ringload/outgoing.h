// What is to be sent: text that grows at its end, and between it bytes that stay where they lie.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace ringload {

/// Owner: one connection. The text is never initialised before it is written.
class Outgoing {
 public:
  /// Room for `count` more bytes of text; the caller writes there and tells with end_at() how far.
  char* room(size_t count) {
    if (capacity_ - size_ < count) grow(count);
    return memory_.get() + size_;
  }
  void end_at(const char* end) { size_ = static_cast<size_t>(end - memory_.get()); }

  /// Behind the text so far come these bytes, which outlive the sending. False when there are too
  /// many such places for one send.
  bool borrow(std::string_view bytes);

  void clear() {
    size_ = 0;
    borrowed_.clear();
  }

  /// All of it, in its order; valid until the next change. The slices of one sendmsg.
  std::span<const iovec> slices();

  /// The text alone. Places in it stay the same; addresses change with room().
  const char* text() const { return memory_.get(); }

 private:
  /// With the text between them within IOV_MAX, 1024.
  static constexpr size_t borrowed_max = 511;

  struct Borrowed {
    size_t text_before;
    std::string_view bytes;
  };

  void grow(size_t count);

  std::unique_ptr<char[]> memory_;
  size_t size_ = 0;
  size_t capacity_ = 0;
  std::vector<Borrowed> borrowed_;
  std::vector<iovec> slices_;
};

}  // namespace ringload
