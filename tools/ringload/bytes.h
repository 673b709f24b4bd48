// Text that grows at its end and is never initialised before it is written.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace ringload {

class Bytes {
 public:
  /// Room for `count` more bytes; the caller writes there and tells with end_at() how far.
  char* room(size_t count) {
    if (capacity_ - size_ < count) grow(count);
    return memory_.get() + size_;
  }
  void end_at(const char* end) { size_ = static_cast<size_t>(end - memory_.get()); }
  void clear() { size_ = 0; }
  size_t size() const { return size_; }
  std::string_view view() const { return {memory_.get(), size_}; }

 private:
  void grow(size_t count) {
    const size_t capacity = std::max(size_ + count, 2 * capacity_);
    std::unique_ptr<char[]> memory(new char[capacity]);
    if (size_ > 0) std::memcpy(memory.get(), memory_.get(), size_);
    memory_ = std::move(memory);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> memory_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace ringload
