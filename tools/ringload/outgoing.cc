#include "ringload/outgoing.h"

#include <algorithm>
#include <cstring>

namespace ringload {

void Outgoing::grow(size_t count) {
  const size_t capacity = std::max(size_ + count, 2 * capacity_);
  std::unique_ptr<char[]> memory(new char[capacity]);
  if (size_ > 0) std::memcpy(memory.get(), memory_.get(), size_);
  memory_ = std::move(memory);
  capacity_ = capacity;
}

bool Outgoing::borrow(std::string_view bytes) {
  if (borrowed_.size() == borrowed_max) return false;
  borrowed_.push_back({size_, bytes});
  return true;
}

std::span<const iovec> Outgoing::slices() {
  slices_.clear();
  size_t at = 0;
  const auto add = [this](const char* bytes, size_t size) {
    if (size > 0) slices_.push_back({const_cast<char*>(bytes), size});  // the kernel only reads
  };
  for (const Borrowed& each : borrowed_) {
    add(text() + at, each.text_before - at);
    add(each.bytes.data(), each.bytes.size());
    at = each.text_before;
  }
  add(text() + at, size_ - at);
  return slices_;
}

}  // namespace ringload
