// The receive buffers of one core: memory that the kernel fills and the session hands back.
//
// Owner: one core. Starts small enough for the L2 cache and grows on demand up to a stated maximum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace ringcached::io {

/// A received buffer on loan: `bytes` stays as it is until the buffer is given back.
struct Lease {
  std::string_view bytes;
  uint16_t buffer = no_buffer;

  static constexpr uint16_t no_buffer = 0xffff;
};

class BufferPool {
 public:
  /// 16 KiB, as memcached's read buffer.
  static constexpr size_t buffer_size = 16 * 1024;
  /// Buffers lie a little further apart, so that their first lines do not share a cache set.
  static constexpr size_t buffer_stride = buffer_size + 3 * 64;
  /// Buffers per growth step; the first step is all that a calm core ever touches. Guess: 1 MiB.
  static constexpr uint32_t step = 64;

  /// `buffers_max` is rounded down to a multiple of step; at least one step.
  explicit BufferPool(uint32_t buffers_max);

  /// Adds a step of buffers; returns the number of the first one, or no_buffer at the maximum or
  /// without memory. New buffers count as lent: lend them to the kernel or give them back.
  uint16_t grow();
  char* address(uint16_t buffer) const;
  Lease lease(uint16_t buffer, size_t size);
  /// A lease that was taken whole, before it was known how many bytes would come.
  Lease shorten(const Lease& whole, size_t size) const;

  uint32_t buffers() const { return static_cast<uint32_t>(steps_.size()) * step; }
  uint32_t buffers_max() const { return buffers_max_; }
  bool can_grow() const { return buffers() < buffers_max_; }
  /// Leases that are out, for the count at the end.
  uint32_t leased() const { return leased_; }
  void note_leased() { ++leased_; }
  void note_returned(uint16_t buffer);

 private:
  struct Free {
    void operator()(char* memory) const;
  };

  uint32_t buffers_max_;
  uint32_t leased_ = 0;
  std::vector<std::unique_ptr<char, Free>> steps_;
};

}  // namespace ringcached::io
