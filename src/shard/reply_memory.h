// Where an owner puts copies of small values, to travel home with their parcel.
//
// Owner: whoever holds the parcel. Written by the partition's core, read by the connection's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace ringcached::shard {

class ReplyMemory {
 public:
  /// Guess: a batch of 128 replies of 100 B fits, and it stays in L1.
  static constexpr size_t block_size = 16 * 1024;

  ReplyMemory() = default;
  ~ReplyMemory();
  ReplyMemory(const ReplyMemory&) = delete;
  ReplyMemory& operator=(const ReplyMemory&) = delete;

  /// `size` bytes (0 is a size too) that live until clear(); nullptr: no memory.
  char* take(size_t size) {
    if (size > left_ || free_ == nullptr) return take_slow(size);
    char* bytes = free_;
    free_ += size;
    left_ -= size;
    return bytes;
  }

  /// Forgets all copies; keeps one block for the next batch.
  void clear();

 private:
  struct Block {
    Block* next;
    size_t size;  // of the bytes behind this header
    char* bytes() { return reinterpret_cast<char*>(this + 1); }
  };

  char* take_slow(size_t size);

  Block* blocks_ = nullptr;  // newest first
  char* free_ = nullptr;     // in the newest one
  size_t left_ = 0;
};

}  // namespace ringcached::shard
