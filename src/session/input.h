// The received bytes of one connection: leased buffers in a row, and copies of what straddles them.
//
//   released | viewed by the batch under way | cursor: not yet parsed
//            ^ first_                        ^ cursor_->begin
//
// Owner: one connection. Bytes before the cursor stay where they are until release(), since
// operations have views into them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "io/streams.h"
#include "shard/batch.h"

namespace ringcached::session {

class Input {
 public:
  /// Beyond so many leases a connection's receive is cancelled. DESIGN section 4.
  static constexpr uint32_t leases_max = 4;

  Input() = default;
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  void accept(const io::Lease& lease);

  /// What is contiguous at the cursor.
  std::string_view front() const;
  /// Moves the cursor; the bytes stay viewable.
  void consume(size_t size);
  /// All bytes behind the cursor.
  size_t available() const { return available_; }
  uint32_t leases() const { return leases_; }
  /// As much is held as one client may make us hold, in buffers or in copies.
  bool full() const {
    return leases_ >= leases_max || available_ >= leases_max * io::BufferPool::buffer_size;
  }

  /// Makes the front at least `need` bytes long, copying what straddles, if so many are at hand.
  /// false: they are not. Views into consumed bytes stay valid.
  bool join(size_t need);

  /// The batch is answered: nobody has views any more. Leases without unparsed bytes go home.
  void release(io::Streams& door);
  /// The front waits for more bytes, `need` in all: its lease goes home, a copy stays.
  void keep_unfinished(size_t need, io::Streams& door);
  /// Copies every leased byte aside and gives the leases home; the views of `batch` (may be null,
  /// must not be in flight) follow.
  void move_aside(shard::Batch* batch, io::Streams& door);
  /// Everything goes; nobody may have views.
  void clear(io::Streams& door);

 private:
  struct Chunk {
    Chunk* next = nullptr;
    char* bytes = nullptr;
    uint32_t begin = 0;     // the cursor in this chunk
    uint32_t end = 0;       // received so far
    uint32_t capacity = 0;  // 0: a lease, which never grows
    uint16_t buffer = io::Lease::no_buffer;

    bool leased() const { return buffer != io::Lease::no_buffer; }
    uint32_t left() const { return end - begin; }
    io::Lease lease() const { return {{bytes, end}, buffer}; }
  };

  static Chunk* make_copy_chunk(size_t capacity);
  void destroy(Chunk*, io::Streams&);
  void skip_empty();
  void move_into(Chunk& to, size_t size);

  Chunk* first_ = nullptr;
  Chunk* cursor_ = nullptr;  // null only if there is no chunk at all
  Chunk* last_ = nullptr;
  uint32_t available_ = 0;  // a few buffers at the most
  uint32_t leases_ = 0;
};

// In line: once for each operation.

inline std::string_view Input::front() const {
  if (cursor_ == nullptr) return {};
  return {cursor_->bytes + cursor_->begin, cursor_->left()};
}

inline void Input::consume(size_t size) {
  if (size == 0) return;
  RC_ASSERT(cursor_ != nullptr && size <= cursor_->left());
  cursor_->begin += static_cast<uint32_t>(size);
  available_ -= static_cast<uint32_t>(size);
  if (cursor_->left() == 0) skip_empty();
}

}  // namespace ringcached::session
