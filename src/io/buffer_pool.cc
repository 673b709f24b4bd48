#include "io/buffer_pool.h"

#include <cstdlib>

#include "base/assert.h"
#include "base/poison.h"

namespace ringcached::io {

static_assert(BufferPool::buffer_stride % 64 == 0);

void BufferPool::Free::operator()(char* memory) const {
  unpoison(memory, buffer_stride * step);
  std::free(memory);
}

BufferPool::BufferPool(uint32_t buffers_max)
    : buffers_max_(buffers_max < step ? step : buffers_max / step * step) {
  RC_ASSERT(buffers_max_ < Lease::no_buffer);
  steps_.reserve(buffers_max_ / step);
}

uint16_t BufferPool::grow() {
  if (!can_grow()) return Lease::no_buffer;
  char* memory = static_cast<char*>(std::aligned_alloc(64, buffer_stride * step));
  if (memory == nullptr) return Lease::no_buffer;
  const uint16_t first = static_cast<uint16_t>(buffers());
  steps_.emplace_back(memory);
  // The gaps are nobody's.
  for (uint32_t i = 0; i < step; ++i) {
    poison(memory + i * buffer_stride + buffer_size, buffer_stride - buffer_size);
  }
  return first;
}

char* BufferPool::address(uint16_t buffer) const {
  RC_ASSERT(buffer < buffers());
  return steps_[buffer / step].get() + buffer % step * buffer_stride;
}

Lease BufferPool::lease(uint16_t buffer, size_t size) {
  RC_ASSERT(size <= buffer_size);
  note_leased();
  char* memory = address(buffer);
  unpoison(memory, size);
  return {std::string_view(memory, size), buffer};
}

Lease BufferPool::shorten(const Lease& whole, size_t size) const {
  RC_ASSERT(size <= whole.bytes.size());
  poison(address(whole.buffer) + size, whole.bytes.size() - size);
  return {whole.bytes.substr(0, size), whole.buffer};
}

void BufferPool::note_returned(uint16_t buffer) {
  RC_ASSERT(leased_ > 0);
  --leased_;
  poison(address(buffer), buffer_size);
}

}  // namespace ringcached::io
