// The replies of one connection that the kernel has not taken yet: text in blocks, and values that
// are sent from where their item lies.
//
// Owner: one connection; blocks, pieces and frames come from the core's OutputPool.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/assert.h"
#include "base/spares.h"
#include "io/streams.h"
#include "ringcached/operation.h"
#include "shard/shard.h"

namespace ringcached::session {

/// A block of reply text. Pieces point into it; it goes home with the last of them, unless somebody
/// still writes to it.
struct OutputBlock {
  static constexpr uint32_t capacity = 16 * 1024 - 16;

  OutputBlock* next = nullptr;  // in the pool
  uint32_t used = 0;
  uint32_t pieces = 0;

  size_t left() const { return capacity - used; }
  char* end() { return bytes + used; }
  const char* end() const { return bytes + used; }

  char bytes[capacity];
};

/// A run of bytes to be sent: part of a block, or a pinned value.
struct OutputPiece {
  OutputPiece* next = nullptr;
  const char* bytes = nullptr;  // of a block; null for a pinned value
  uint32_t size = 0;
  uint32_t sent = 0;
  OutputBlock* block = nullptr;
  void* holder = nullptr;  // of a pinned value
  uint64_t hash = 0;       // of its key: says which partition it goes back to
};

/// What a send of several runs needs to stay in place until it is done.
struct SendFrame {
  static constexpr size_t vectors_max = 128;  // at most 2 MiB of segments a send. Guess.

  SendFrame* next = nullptr;
  msghdr message{};
  std::array<iovec, vectors_max> vectors;
};

/// Owner: one core. Last in, first out, so that what is in the cache is used again.
class OutputPool {
 public:
  OutputBlock* take_block();
  void give_block(OutputBlock*);
  /// The block that all connections write to which have nothing else pending, one behind the other,
  /// with room for `least` bytes or more. A turn's replies lie together there, turn after turn in
  /// the same lines of the cache.
  OutputBlock& common_block(size_t least);
  OutputBlock* common_block() const { return common_.get(); }
  OutputPiece* take_piece();
  void give_piece(OutputPiece*);
  SendFrame* take_frame();
  void give_frame(SendFrame*);
  /// From time to time: what was not wanted since the last call is stale.
  void rest();
  /// Frees some of what is stale; true: there is more.
  bool free_stale();
  /// Blocks that connections hold now.
  uint64_t blocks_out() const {
    return blocks_out_ - (common_ != nullptr && common_->pieces == 0 ? 1 : 0);
  }

 private:
  /// Blocks that are kept for reuse; beyond that they go back to malloc. Guess: 2 MiB.
  static constexpr uint32_t kept_max = 128;

  Spares<OutputBlock, &OutputBlock::next> blocks_;
  Spares<OutputPiece, &OutputPiece::next> pieces_;
  Spares<SendFrame, &SendFrame::next> frames_;
  std::unique_ptr<OutputBlock> common_{};
  uint32_t kept_ = 0;
  uint64_t blocks_out_ = 0;
};

class Output {
 public:
  bool empty() const { return first_ == nullptr; }
  /// Bytes that are not sent yet.
  uint64_t pending() const { return pending_; }
  bool sending() const { return sending_; }
  /// A value of an item is among what is pending.
  bool holds_pins() const { return pins_ > 0; }

  /// `size` (at most a block) contiguous bytes to write replies to; commit() says how many were.
  char* room(size_t size, OutputPool& pool) { return all_room(size, pool).data(); }
  /// The same with all that comes behind it in the block.
  std::span<char> all_room(size_t size, OutputPool& pool);
  void commit(const char* end, OutputPool& pool);
  void append(std::string_view text, OutputPool& pool);
  /// Takes over the pin of a Hit.
  void append_pinned(const ValueView& value, uint64_t hash, OutputPool& pool);

  /// Asks the door to send what is pending; one send at a time.
  void send(int socket, io::Token token, io::Streams& door, OutputPool& pool);
  /// The send is done: `size` bytes are gone (0 if it failed).
  void sent(size_t size, OutputPool& pool, shard::Shard& shard);
  /// Gives home a block that nothing was written to in the end.
  void trim(OutputPool& pool);
  /// Drops everything; no send may be under way.
  void clear(OutputPool& pool, shard::Shard& shard);

 private:
  OutputBlock* block_in_use(const OutputPool& pool) const;
  OutputBlock& block_for(size_t size, OutputPool& pool);
  bool goes_on_in(const OutputBlock& block) const;
  void begin_piece(OutputBlock& block, OutputPool& pool);
  OutputPiece& add_piece(OutputPool& pool);
  void drop_first(OutputPool& pool, shard::Shard& shard);
  size_t gather(SendFrame& frame) const;

  OutputPiece* first_ = nullptr;
  OutputPiece* last_ = nullptr;
  OutputBlock* block_ = nullptr;  // the one being written; null if none, or the common one
  SendFrame* frame_ = nullptr;    // of the send under way
  uint64_t pending_ = 0;
  uint32_t pins_ = 0;
  bool sending_ = false;
};

// In line: once for each reply, which nearly always goes on where the one before it ends.

/// The one being written: our own, or the common one, if there is one.
inline OutputBlock* Output::block_in_use(const OutputPool& pool) const {
  return block_ != nullptr ? block_ : pool.common_block();
}

/// The last bytes that are pending are the last of the block.
inline bool Output::goes_on_in(const OutputBlock& block) const {
  return last_ != nullptr && last_->block == &block && last_->bytes + last_->size == block.end();
}

inline std::span<char> Output::all_room(size_t size, OutputPool& pool) {
  OutputBlock* block = block_in_use(pool);
  const bool goes_on = block != nullptr && block->left() >= size && goes_on_in(*block);
  if (!goes_on) block = &block_for(size, pool);
  return {block->end(), block->left()};
}

inline void Output::commit(const char* end, OutputPool& pool) {
  OutputBlock& block = *block_in_use(pool);
  const uint32_t size = static_cast<uint32_t>(end - block.end());
  RC_ASSERT(size <= block.left());
  if (size == 0) return;
  if (!goes_on_in(block)) begin_piece(block, pool);
  last_->size += size;
  block.used += size;
  pending_ += size;
}

}  // namespace ringcached::session
