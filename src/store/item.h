// An item as it lies in its chunk: 24 bytes of header, then only what it needs, key and value.
//
//    0        4        8         12            16               20    21    22     23     24
//    +--------+--------+---------+-------------+----------------+-----+-----+------+------+
//    | next   | prev   | exptime | last access | value size: 30 | key | cls | shape|status|
//    |        |        |         |             | frequency:   2 | size|     |      |      |
//    +--------+--------+---------+-------------+----------------+-----+-----+------+------+
//    | [cas 8] | [pins 8] | [chain 24] | [client flags 4] | key | value ...
//
//   cas           unless -C
//   pins          in chunks of at least pinnable_chunk bytes
//   chain         when the value goes on in segments
//   client flags  when they are not 0
//
// A segment is a chunk too, and says so at the same place:
//
//    0                 8        12                    21    22     23     24
//    +-----------------+--------+---------------------+-----+------+------+
//    | next segment    | owner  |                     | cls | shape|      | value goes on ...
//    +-----------------+--------+---------------------+-----+------+------+
//
// shape, key size, class, chain.first and the page's header never change while an item is pinned;
// status, value size, frequency and links do. Another core may read only the former.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/prefetch.h"
#include "ringcached/time.h"
#include "store/page.h"

namespace ringcached::store {

/// Items in chunks of at least so many bytes have a count of pins; smaller values are copied.
inline constexpr uint32_t pinnable_chunk = 4096;
/// 30 bits of value size.
inline constexpr uint32_t value_size_limit = (1u << 30) - 1;
inline constexpr uint8_t frequency_max = 3;

enum class ChunkKind : uint8_t { Free, Item, Segment };

/// What a chunk is and which parts it has; set when it is made.
namespace shape {
inline constexpr uint8_t has_cas = 1;
inline constexpr uint8_t has_pins = 2;
inline constexpr uint8_t has_chain = 4;
inline constexpr uint8_t has_flags = 8;
inline constexpr uint8_t parts = 15;
inline constexpr uint8_t kind_shift = 4;   // two bits of ChunkKind
inline constexpr uint8_t base64_key = 64;  // the key was given in base64, and is shown so
}  // namespace shape

/// How it stands; only the owner looks.
namespace status {
inline constexpr uint8_t linked = 1;   // in the table and in a queue
inline constexpr uint8_t in_main = 2;  // of the two queues
inline constexpr uint8_t fetched = 4;
inline constexpr uint8_t stale = 8;        // marked to be renewed (meta commands)
inline constexpr uint8_t won = 16;         // a client was told to renew it
inline constexpr uint8_t epoch_shift = 5;  // three bits of flush epoch
}  // namespace status

inline constexpr size_t shape_offset = 22;

constexpr uint8_t shape_of(ChunkKind kind) {
  return static_cast<uint8_t>(static_cast<uint8_t>(kind) << shape::kind_shift);
}
constexpr ChunkKind kind_of(uint8_t shape) {
  return static_cast<ChunkKind>((shape >> shape::kind_shift) & 3);
}

struct Segment {
  Segment* next;  // null: the last; read by another core only if it wants more bytes
  Ref owner;
  uint8_t unused[9];
  uint8_t class_number;
  uint8_t shape;
  uint8_t unused_too;

  char* data() { return reinterpret_cast<char*>(this + 1); }
  const char* data() const { return reinterpret_cast<const char*>(this + 1); }
  uint32_t capacity() const;
};
static_assert(sizeof(Segment) == 24 && offsetof(Segment, shape) == shape_offset);

inline uint32_t Segment::capacity() const {
  return page_of(this).chunk_size - static_cast<uint32_t>(sizeof(Segment));
}

/// The rest of a value that is too large for its head chunk.
struct Chain {
  Segment* first;
  Segment* last;
  uint32_t room;   // bytes of value that head and segments can hold
  uint32_t count;  // segments
};
static_assert(sizeof(Chain) == 24);

class Item {
 public:
  // --- What every room may ask.

  std::string_view key() const { return {key_data(), key_size_}; }
  uint32_t client_flags() const;
  uint64_t cas() const { return (shape_ & shape::has_cas) != 0 ? load<uint64_t>(header_size) : 0; }
  Seconds exptime() const { return exptime_; }
  Seconds last_access() const { return last_access_; }
  uint32_t value_size() const { return value_size_; }
  bool fetched() const { return has(status::fetched); }
  bool stale() const { return has(status::stale); }
  bool won() const { return has(status::won); }
  bool has_base64_key() const { return (shape_ & shape::base64_key) != 0; }

  // --- For the store.

  static constexpr uint32_t header_size = 24;
  /// Bytes before the key of an item with these parts.
  static uint32_t prefix_size(uint8_t shape) { return prefix_sizes[shape & shape::parts]; }

  /// Makes an unlinked, empty item out of a chunk. `shape` says which parts it has.
  static Item& make(void* chunk, uint8_t shape, std::string_view key, uint32_t client_flags);

  char* key_data() { return reinterpret_cast<char*>(this) + prefix_size(shape_); }
  const char* key_data() const { return reinterpret_cast<const char*>(this) + prefix_size(shape_); }
  char* value_data() { return key_data() + key_size_; }
  const char* value_data() const { return key_data() + key_size_; }
  uint32_t chunk_size() const { return page_of(this).chunk_size; }
  /// Bytes of the value that the head chunk can hold.
  uint32_t head_capacity() const { return chunk_size() - prefix_size(shape_) - key_size_; }
  /// Bytes of the value that there is room for.
  uint32_t room() const { return is_segmented() ? chain().room : head_capacity(); }
  /// Bytes that count as used: headers, key and value.
  uint64_t size() const;
  /// Bytes of all its chunks, but for what is lost at their ends.
  uint64_t footprint() const;

  /// The lines of header and key; a small value ends there, and the prefetcher of the machine sees
  /// to larger ones.
  void prefetch() const {
    prefetch_line(this);
    prefetch_line(at(64));
    prefetch_line(at(128));
  }

  uint8_t shape() const { return shape_; }
  uint8_t class_number() const { return class_; }
  bool is_segmented() const { return (shape_ & shape::has_chain) != 0; }
  bool is_pinnable() const { return (shape_ & shape::has_pins) != 0; }

  /// Unpinned only: another core may read the shape.
  void set_base64_key() { shape_ |= shape::base64_key; }

  bool has(uint8_t status_bit) const { return (status_ & status_bit) != 0; }
  void set(uint8_t status_bit) { status_ = static_cast<uint8_t>(status_ | status_bit); }
  void clear(uint8_t status_bit) { status_ = static_cast<uint8_t>(status_ & ~status_bit); }
  bool is_linked() const { return has(status::linked); }
  uint8_t epoch() const { return status_ >> status::epoch_shift; }
  void set_epoch(uint8_t epoch);

  uint8_t frequency() const { return frequency_; }
  void set_frequency(uint8_t frequency) { frequency_ = frequency & frequency_max; }
  void set_exptime(Seconds exptime) { exptime_ = exptime; }
  /// Of an item that has room for them, or none at all.
  void set_client_flags(uint32_t flags);
  void set_last_access(Seconds at) { last_access_ = at; }
  void set_value_size(uint32_t size) { value_size_ = size & value_size_limit; }
  void set_cas(uint64_t cas);

  uint64_t pins() const { return is_pinnable() ? load<uint64_t>(pins_offset()) : 0; }
  void set_pins(uint64_t pins) { save(pins_offset(), pins); }

  Chain& chain() { return *reinterpret_cast<Chain*>(at(chain_offset())); }
  const Chain& chain() const { return *reinterpret_cast<const Chain*>(at(chain_offset())); }

  /// The queue's links while linked; afterwards `next` strings dying giants together.
  Ref next() const { return next_; }
  Ref prev() const { return prev_; }
  void set_next(Ref ref) { next_ = ref; }
  void set_prev(Ref ref) { prev_ = ref; }
  /// While it is under way, in place of a link: bytes of the value handed out to be written.
  uint32_t granted() const { return prev_; }
  void set_granted(uint32_t bytes) { prev_ = bytes; }

 private:
  static constexpr std::array<uint8_t, 16> make_prefix_sizes();
  static const std::array<uint8_t, 16> prefix_sizes;

  char* at(uint32_t offset) { return reinterpret_cast<char*>(this) + offset; }
  const char* at(uint32_t offset) const { return reinterpret_cast<const char*>(this) + offset; }
  uint32_t pins_offset() const { return header_size + ((shape_ & shape::has_cas) != 0 ? 8u : 0u); }
  uint32_t chain_offset() const { return pins_offset() + 8; }  // what has a chain has pins

  template <class Number>
  Number load(uint32_t offset) const {
    Number number;
    std::memcpy(&number, at(offset), sizeof(number));
    return number;
  }
  template <class Number>
  void save(uint32_t offset, Number number) {
    std::memcpy(at(offset), &number, sizeof(number));
  }

  Ref next_;
  Ref prev_;
  Seconds exptime_;
  Seconds last_access_;
  uint32_t value_size_ : 30;
  uint32_t frequency_ : 2;
  uint8_t key_size_;
  uint8_t class_;
  uint8_t shape_;
  uint8_t status_;

  friend struct ItemLayout;
};

/// Only to hold the drawing above against the compiler.
struct ItemLayout {
  static_assert(sizeof(Item) == Item::header_size);
  static_assert(offsetof(Item, next_) == 0 && offsetof(Item, prev_) == 4);
  static_assert(offsetof(Item, exptime_) == 8 && offsetof(Item, last_access_) == 12);
  static_assert(offsetof(Item, key_size_) == 20 && offsetof(Item, class_) == 21);
  static_assert(offsetof(Item, shape_) == shape_offset && offsetof(Item, status_) == 23);
};

constexpr std::array<uint8_t, 16> Item::make_prefix_sizes() {
  std::array<uint8_t, 16> sizes{};
  for (uint8_t shape = 0; shape < 16; ++shape) {
    uint32_t size = header_size;
    if ((shape & shape::has_cas) != 0) size += 8;
    if ((shape & shape::has_pins) != 0) size += 8;
    if ((shape & shape::has_chain) != 0) size += static_cast<uint32_t>(sizeof(Chain));
    if ((shape & shape::has_flags) != 0) size += 4;
    sizes[shape] = static_cast<uint8_t>(size);
  }
  return sizes;
}

inline constexpr std::array<uint8_t, 16> Item::prefix_sizes = Item::make_prefix_sizes();

/// Calls visit(const char*, uint32_t) for the contiguous spans of the first `size` bytes of the
/// value. `size` is what the reader saw when the item was pinned (or sees now, for the owner); this
/// is all that another core may read of a pinned item, and the owner may append meanwhile.
template <class Visit>
void for_each_span(const Item& item, uint32_t size, Visit&& visit) {
  if (!item.is_segmented()) {
    if (size != 0) visit(item.value_data(), size);
    return;
  }
  const uint32_t in_head = std::min(size, item.head_capacity());
  if (in_head != 0) visit(item.value_data(), in_head);
  const Segment* segment = nullptr;
  for (uint32_t left = size - in_head; left != 0;) {
    segment = segment == nullptr ? item.chain().first : segment->next;
    const uint32_t piece = std::min(left, segment->capacity());
    visit(segment->data(), piece);
    left -= piece;
  }
}

}  // namespace ringcached::store
