#include "session/input.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/assert.h"

namespace ringcached::session {
namespace {

/// Bytes copied beyond what is needed when nobody knows how long the line will be. Guess: most
/// lines end within it.
constexpr size_t line_guess = 512;

}  // namespace

Input::~Input() {
  RC_ASSERT(first_ == nullptr);
}

Input::Chunk* Input::make_copy_chunk(size_t capacity) {
  void* memory = std::malloc(sizeof(Chunk) + capacity);
  if (memory == nullptr) throw std::bad_alloc();
  Chunk* chunk = new (memory) Chunk;
  chunk->bytes = reinterpret_cast<char*>(chunk + 1);
  chunk->capacity = static_cast<uint32_t>(capacity);
  return chunk;
}

void Input::destroy(Chunk* chunk, io::Streams& door) {
  if (chunk->leased()) {
    RC_ASSERT(leases_ > 0);
    door.release(chunk->lease());
    --leases_;
  }
  std::free(chunk);
}

void Input::accept(const io::Lease& lease) {
  RC_ASSERT(!lease.bytes.empty());
  Chunk* chunk = make_copy_chunk(0);
  // The buffer is ours to read; the kernel wrote it, and nobody writes it while it is leased.
  chunk->bytes = const_cast<char*>(lease.bytes.data());
  chunk->end = static_cast<uint32_t>(lease.bytes.size());
  chunk->buffer = lease.buffer;
  (last_ == nullptr ? first_ : last_->next) = chunk;
  last_ = chunk;
  if (cursor_ == nullptr) cursor_ = chunk;
  available_ += static_cast<uint32_t>(lease.bytes.size());
  ++leases_;
  skip_empty();
}

/// The cursor never rests on a spent chunk while there is another behind it.
void Input::skip_empty() {
  while (cursor_ != nullptr && cursor_->left() == 0 && cursor_->next != nullptr) {
    cursor_ = cursor_->next;
  }
}

/// Copies `size` bytes from the cursor on to the end of `to`, which has the room.
void Input::move_into(Chunk& to, size_t size) {
  RC_ASSERT(size <= to.capacity - to.end);
  Chunk* from = cursor_;
  while (size > 0) {
    RC_ASSERT(from != nullptr);
    if (from == &to || from->left() == 0) {
      from = from->next;
      continue;
    }
    const uint32_t step = static_cast<uint32_t>(std::min<size_t>(size, from->left()));
    std::memcpy(to.bytes + to.end, from->bytes + from->begin, step);
    to.end += step;
    from->begin += step;
    size -= step;
  }
}

bool Input::join(size_t need) {
  const size_t have = front().size();
  if (have >= need) return true;
  if (available_ == have) return false;
  const size_t wish = std::min<size_t>(available_, std::max(need, have + line_guess));
  if (cursor_->leased() || cursor_->capacity - cursor_->begin < need) {
    Chunk* copy = make_copy_chunk(std::max(need, have + line_guess));
    // Behind the cursor's chunk: it keeps its bytes for the views, but is spent.
    move_into(*copy, have);
    copy->next = cursor_->next;
    cursor_->next = copy;
    cursor_ = copy;
  }
  const size_t room = cursor_->capacity - cursor_->end;
  move_into(*cursor_, std::min(wish - have, room));
  return front().size() >= need;
}

void Input::release(io::Streams& door) {
  while (first_ != nullptr && (first_ != cursor_ || first_->left() == 0)) {
    Chunk* spent = first_;
    if (spent == cursor_) cursor_ = spent->next;
    first_ = spent->next;
    destroy(spent, door);
  }
  if (first_ == nullptr) {
    RC_ASSERT(available_ == 0 && cursor_ == nullptr);
    last_ = nullptr;
    return;
  }
  // Behind the cursor: what join() has copied from.
  last_ = first_;
  while (Chunk* behind = last_->next) {
    if (behind->left() > 0) {
      last_ = behind;
      continue;
    }
    last_->next = behind->next;
    destroy(behind, door);
  }
}

void Input::keep_unfinished(size_t need, io::Streams& door) {
  if (cursor_ == nullptr || !cursor_->leased()) return;
  RC_ASSERT(first_ == cursor_ && last_ == cursor_);
  const size_t have = cursor_->left();
  Chunk* copy = make_copy_chunk(std::max(need, have + line_guess));
  move_into(*copy, have);
  destroy(cursor_, door);
  first_ = cursor_ = last_ = copy;
}

void Input::move_aside(shard::Batch* batch, io::Streams& door) {
  RC_ASSERT(batch == nullptr || !batch->in_flight());
  for (Chunk** link = &first_; *link != nullptr; link = &(*link)->next) {
    Chunk* leased = *link;
    if (!leased->leased()) continue;
    Chunk* copy = make_copy_chunk(leased->end);
    std::memcpy(copy->bytes, leased->bytes, leased->end);
    copy->begin = leased->begin;
    copy->end = leased->end;
    copy->next = leased->next;
    if (batch != nullptr) batch->move_views(leased->bytes, leased->end, copy->bytes);
    if (cursor_ == leased) cursor_ = copy;
    if (last_ == leased) last_ = copy;
    *link = copy;
    destroy(leased, door);
  }
}

void Input::clear(io::Streams& door) {
  while (first_ != nullptr) {
    Chunk* chunk = first_;
    first_ = chunk->next;
    destroy(chunk, door);
  }
  RC_ASSERT(leases_ == 0);
  cursor_ = last_ = nullptr;
  available_ = 0;
}

}  // namespace ringcached::session
