#include "shard/reply_memory.h"

#include "base/assert.h"

namespace ringcached::shard {

ReplyMemory::~ReplyMemory() {
  while (blocks_ != nullptr) {
    Block* next = blocks_->next;
    std::free(blocks_);
    blocks_ = next;
  }
}

char* ReplyMemory::take_slow(size_t size) {
  RC_ASSERT(size > left_ || free_ == nullptr);  // else there was no need
  const size_t capacity = size > block_size ? size : block_size;
  Block* block = static_cast<Block*>(std::malloc(sizeof(Block) + capacity));
  if (block == nullptr) return nullptr;
  block->next = blocks_;
  block->size = capacity;
  blocks_ = block;
  free_ = block->bytes() + size;
  left_ = capacity - size;
  return block->bytes();
}

void ReplyMemory::clear() {
  if (blocks_ == nullptr) return;
  while (blocks_->next != nullptr || blocks_->size > block_size) {
    Block* next = blocks_->next;
    std::free(blocks_);
    blocks_ = next;
    if (blocks_ == nullptr) break;
  }
  free_ = blocks_ != nullptr ? blocks_->bytes() : nullptr;
  left_ = blocks_ != nullptr ? blocks_->size : 0;
}

}  // namespace ringcached::shard
