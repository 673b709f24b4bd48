#include "session/output.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "shard/value_spans.h"

namespace ringcached::session {
namespace {

/// Freed of each kind at a time. Guess: a few microseconds.
constexpr size_t freed_at_once = 16;

}  // namespace

// --- The pool.

OutputBlock* OutputPool::take_block() {
  ++blocks_out_;
  OutputBlock* block = blocks_.take();
  if (block == nullptr) return new OutputBlock;
  --kept_;
  RC_ASSERT(block->pieces == 0);
  block->used = 0;
  return block;
}

void OutputPool::give_block(OutputBlock* block) {
  RC_ASSERT(blocks_out_ > 0 && block->pieces == 0);
  --blocks_out_;
  if (kept_ == kept_max) {
    delete block;
    return;
  }
  ++kept_;
  blocks_.give(block);
}

OutputBlock& OutputPool::common_block(size_t least) {
  if (common_ != nullptr && common_->left() < least) {
    RC_ASSERT(common_->pieces > 0);  // they take it home
    static_cast<void>(common_.release());
  }
  if (common_ == nullptr) common_.reset(take_block());
  return *common_;
}

OutputPiece* OutputPool::take_piece() {
  OutputPiece* piece = pieces_.take();
  if (piece == nullptr) return new OutputPiece;
  *piece = {};
  return piece;
}

void OutputPool::give_piece(OutputPiece* piece) {
  pieces_.give(piece);
}
SendFrame* OutputPool::take_frame() {
  SendFrame* frame = frames_.take();
  return frame != nullptr ? frame : new SendFrame;
}
void OutputPool::give_frame(SendFrame* frame) {
  frames_.give(frame);
}

void OutputPool::rest() {
  blocks_.rest();
  pieces_.rest();
  frames_.rest();
}

bool OutputPool::free_stale() {
  kept_ -= static_cast<uint32_t>(blocks_.free_stale(freed_at_once));
  pieces_.free_stale(freed_at_once);
  frames_.free_stale(freed_at_once);
  return blocks_.any_stale() || pieces_.any_stale() || frames_.any_stale();
}

// --- Writing.

/// A client that does not read holds one common block at the most: what comes behind a pending
/// reply lies next to it, or in a block of the client's own.
OutputBlock& Output::block_for(size_t size, OutputPool& pool) {
  RC_ASSERT(size <= OutputBlock::capacity);
  // A batch of small replies is to end in the block that it begins in: one piece is sent cheaper.
  constexpr size_t room_to_begin = OutputBlock::capacity / 2;
  if (first_ == nullptr && block_ == nullptr)
    return pool.common_block(std::max(size, room_to_begin));
  OutputBlock* const block = block_in_use(pool);
  if (block != nullptr && block->left() >= size && (block == block_ || goes_on_in(*block))) {
    return *block;
  }
  if (block_ != nullptr && block_->pieces == 0) pool.give_block(block_);
  block_ = pool.take_block();
  return *block_;
}

void Output::begin_piece(OutputBlock& block, OutputPool& pool) {
  OutputPiece& piece = add_piece(pool);
  piece.bytes = block.end();
  piece.block = &block;
  ++block.pieces;
}

void Output::append(std::string_view text, OutputPool& pool) {
  while (!text.empty()) {
    const size_t step = std::min(text.size(), size_t{OutputBlock::capacity});
    char* to = room(step, pool);
    std::memcpy(to, text.data(), step);
    commit(to + step, pool);
    text.remove_prefix(step);
  }
}

void Output::append_pinned(const ValueView& value, uint64_t hash, OutputPool& pool) {
  RC_ASSERT(value.holder != nullptr && value.size > 0);
  OutputPiece& piece = add_piece(pool);
  piece.holder = value.holder;
  piece.hash = hash;
  piece.size = value.size;
  pending_ += value.size;
  ++pins_;
}

OutputPiece& Output::add_piece(OutputPool& pool) {
  OutputPiece* piece = pool.take_piece();
  (last_ == nullptr ? first_ : last_->next) = piece;
  last_ = piece;
  return *piece;
}

// --- Sending.

void Output::send(int socket, io::Token token, io::Streams& door, OutputPool& pool) {
  RC_ASSERT(!sending_ && first_ != nullptr);
  sending_ = true;
  if (first_ == last_ && first_->bytes != nullptr) {
    door.send(socket, first_->bytes + first_->sent, first_->size - first_->sent, token);
    return;
  }
  frame_ = pool.take_frame();
  frame_->message = {};
  frame_->message.msg_iov = frame_->vectors.data();
  frame_->message.msg_iovlen = gather(*frame_);
  door.send(socket, &frame_->message, token);
}

/// Fills the frame's vectors from the front of what is pending; returns how many.
size_t Output::gather(SendFrame& frame) const {
  size_t count = 0;
  for (const OutputPiece* piece = first_; piece != nullptr && count < SendFrame::vectors_max;
       piece = piece->next) {
    if (piece->bytes != nullptr) {
      frame.vectors[count++] = {const_cast<char*>(piece->bytes) + piece->sent,
                                piece->size - piece->sent};
      continue;
    }
    shard::for_each_span(piece->holder, piece->sent, piece->size, [&](const char* at, size_t size) {
      frame.vectors[count++] = {const_cast<char*>(at), size};
      return count < SendFrame::vectors_max;
    });
  }
  return count;
}

void Output::sent(size_t size, OutputPool& pool, shard::Shard& shard) {
  RC_ASSERT(sending_ && size <= pending_);
  sending_ = false;
  if (frame_ != nullptr) {
    pool.give_frame(frame_);
    frame_ = nullptr;
  }
  pending_ -= size;
  while (size > 0) {
    const uint32_t step =
        static_cast<uint32_t>(std::min(size, static_cast<size_t>(first_->size - first_->sent)));
    first_->sent += step;
    size -= step;
    if (first_->sent == first_->size) drop_first(pool, shard);
  }
  if (first_ == nullptr && block_ != nullptr) {
    pool.give_block(block_);
    block_ = nullptr;
  }
}

void Output::drop_first(OutputPool& pool, shard::Shard& shard) {
  OutputPiece* piece = first_;
  first_ = piece->next;
  if (first_ == nullptr) last_ = nullptr;
  if (piece->holder != nullptr) {
    shard.give_back(piece->holder, piece->hash);
    RC_ASSERT(pins_ > 0);
    --pins_;
  }
  OutputBlock* block = piece->block;
  if (block != nullptr && --block->pieces == 0) {
    if (block == pool.common_block()) {
      block->used = 0;
    } else if (block != block_) {
      pool.give_block(block);
    }
  }
  pool.give_piece(piece);
}

void Output::trim(OutputPool& pool) {
  if (first_ != nullptr || block_ == nullptr) return;
  pool.give_block(block_);
  block_ = nullptr;
}

void Output::clear(OutputPool& pool, shard::Shard& shard) {
  RC_ASSERT(!sending_);
  while (first_ != nullptr) drop_first(pool, shard);
  if (block_ != nullptr) pool.give_block(block_);
  block_ = nullptr;
  pending_ = 0;
}

}  // namespace ringcached::session
