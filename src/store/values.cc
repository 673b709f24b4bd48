// Store: makes room for values, in one chunk or in a chain of segments, and moves their bytes.
#include <algorithm>

#include "base/assert.h"
#include "ringcached/limits.h"
#include "store/store.h"
#include "store/value_cursor.h"

namespace ringcached::store {

namespace {

/// An appended segment has room for more appends to come. Guess.
constexpr uint32_t appended_segment_min = 4096 - static_cast<uint32_t>(sizeof(Segment));
constexpr size_t segments_unlimited = SIZE_MAX;
/// Every so many items the key's hash is made again, to know a store with the wrong hasher.
constexpr uint64_t hash_checked_every = 1024;

}  // namespace

Item* Store::begin(const Key& key, uint32_t client_flags, Seconds exptime, uint32_t value_size) {
  RC_ASSERT(!key.bytes.empty() && key.bytes.size() <= key_size_max);
  if (counters_[Counter::TotalItems] % hash_checked_every == 0) {
    RC_ASSERT(config_.hasher(key.bytes) == key.hash);
  }
  if (!could_ever_fit(value_size) || !table_.reserve(under_way_ + 1)) return nullptr;
  uint8_t class_number = 0;
  const uint8_t shape = plan_item(key.bytes.size(), client_flags, value_size, &class_number);
  if (keep_ == nullptr) eviction_.prefetch_ghost(class_number, key.hash);
  void* chunk = obtain(class_number);
  if (chunk == nullptr) return nullptr;
  Item& item = Item::make(chunk, shape, key.bytes, client_flags);
  item.set_exptime(exptime);
  item.set_value_size(value_size);
  ++under_way_;
  uncommitted_bytes_ += item.footprint();
  memo_ = {&item, key.hash};
  return &item;
}

Item* Store::create(const Key& key, uint32_t client_flags, Seconds exptime, uint32_t value_size,
                    const Item* keep) {
  keep_ = keep;
  Item* item = begin(key, client_flags, exptime, value_size);
  if (item != nullptr && !make_room(*item, value_size, segments_unlimited)) {
    discard(*item);
    item = nullptr;
  }
  keep_ = nullptr;
  if (item != nullptr) item->set_granted(value_size);
  return item;
}

/// The parts that this item needs, and the class of its (head) chunk.
uint8_t Store::plan_item(size_t key_size, uint32_t client_flags, uint32_t value_size,
                         uint8_t* class_number) const {
  uint8_t shape = 0;
  if (config_.cas_enabled) shape |= shape::has_cas;
  if (client_flags != 0) shape |= shape::has_flags;
  const auto total = [&] {
    return Item::prefix_size(shape) + static_cast<uint32_t>(key_size) + value_size;
  };
  if (total() <= sizes_.largest_size()) {
    *class_number = sizes_.class_for(total());
    if (sizes_.chunk_size(*class_number) < pinnable_chunk) return shape;
  }
  shape |= shape::has_pins;
  if (total() <= sizes_.largest_size()) {
    *class_number = sizes_.class_for(total());
    return shape;
  }
  *class_number = sizes_.largest();
  return shape | shape::has_chain;
}

uint8_t Store::class_for(const Key& key, uint32_t client_flags, uint32_t value_size) const {
  uint8_t class_number = 0;
  plan_item(key.bytes.size(), client_flags, value_size, &class_number);
  return class_number;
}

/// Not even if the partition had nothing else: do not evict the world to find that out.
bool Store::could_ever_fit(uint32_t value_size) const {
  const uint64_t pages =
      value_size / segment_capacity_max() / sizes_.chunks_per_page(sizes_.largest());
  return value_size <= value_size_limit && pages < budget_.most();
}

/// Room for the first `bytes` of the value, as far as memory and the allowed number of segments go.
bool Store::make_room(Item& item, uint32_t bytes, size_t segments_allowed) {
  while (item.room() < bytes && segments_allowed-- > 0) {
    Segment* segment = make_segment(ref_of(&item), item.value_size() - item.room());
    if (segment == nullptr) return false;
    Chain& chain = item.chain();
    (chain.last == nullptr ? chain.first : chain.last->next) = segment;
    chain.last = segment;
    chain.room += segment->capacity();
    ++chain.count;
    uncommitted_bytes_ += segment->capacity() + sizeof(Segment);
  }
  return item.room() >= bytes;
}

/// With room for `wanted` bytes, or as many as one segment can hold.
Segment* Store::make_segment(Ref owner, uint32_t wanted) {
  const bool is_tail = wanted < segment_capacity_max();
  const auto size = static_cast<uint32_t>(sizeof(Segment)) + wanted;
  void* chunk = is_tail ? obtain_tail(sizes_.class_for(size)) : obtain(sizes_.largest());
  if (chunk == nullptr) return nullptr;
  auto* segment = static_cast<Segment*>(chunk);
  *segment = Segment{};
  segment->owner = owner;
  segment->class_number = page_of(chunk).class_number;
  segment->shape = shape_of(ChunkKind::Segment);
  return segment;
}

uint32_t Store::granted(const Item& item) const {
  return item.is_linked() ? item.value_size() : item.granted();
}

size_t Store::extend(Item& item, uint32_t bytes, std::span<iovec, extend_spans_max> spans) {
  RC_ASSERT(!item.is_linked());
  const uint32_t from = item.granted();
  const uint32_t wanted = from + std::min(bytes, item.value_size() - from);
  // What is granted ends in the last chunk there is: begin there, before more are added.
  const uint32_t room_before = item.room();
  Segment* const last_before = item.is_segmented() ? item.chain().last : nullptr;
  make_room(item, wanted, extend_spans_max - 1);
  const uint32_t to = std::min(wanted, item.room());

  size_t count = 0;
  uint32_t at = from;
  if (at < std::min(to, room_before)) {
    char* end = last_before == nullptr ? item.value_data() + item.head_capacity()
                                       : last_before->data() + last_before->capacity();
    const uint32_t piece = std::min(to, room_before) - at;
    spans[count++] = {end - (room_before - at), piece};
    at += piece;
  }
  Segment* segment = last_before;
  while (at < to) {
    segment = segment == nullptr ? item.chain().first : segment->next;
    const uint32_t piece = std::min(to - at, segment->capacity());
    spans[count++] = {segment->data(), piece};
    at += piece;
  }
  item.set_granted(to);
  return count;
}

void Store::read_chain(const Item& item, uint32_t offset, std::span<char> out) const {
  const auto size = static_cast<uint32_t>(out.size());
  uint32_t passed = 0;
  char* to = out.data();
  for_each_span(item, offset + size, [&](const char* data, uint32_t length) {
    const uint32_t skipped = std::min(length, offset - std::min(offset, passed));
    std::memcpy(to, data + skipped, length - skipped);
    to += length - skipped;
    passed += length;
  });
}

void Store::write(Item& item, uint32_t offset, std::string_view bytes) {
  RC_ASSERT(!item.is_linked());
  RC_ASSERT(offset <= item.granted() && bytes.size() <= item.granted() - offset);
  ValueCursor cursor(item);
  cursor.skip(offset);
  cursor.write(bytes.data(), static_cast<uint32_t>(bytes.size()));
}

void Store::copy_value(const Item& from, Item& to, uint32_t to_offset) {
  RC_ASSERT(!to.is_linked() && to_offset <= to.granted());
  RC_ASSERT(from.value_size() <= to.granted() - to_offset);
  ValueCursor cursor(to);
  cursor.skip(to_offset);
  for_each_span(from, from.value_size(),
                [&](const char* data, uint32_t size) { cursor.write(data, size); });
}

bool Store::append_in_place(Item& item, std::string_view bytes) {
  RC_ASSERT(item.is_linked());
  const uint32_t size = item.value_size();
  if (bytes.size() > value_size_limit - size) return false;
  const auto more = static_cast<uint32_t>(bytes.size());
  if (size + more > item.room() && !item.is_segmented()) return false;

  // From here on: before the chain grows, the value's end lies in its last chunk.
  ValueCursor cursor = ValueCursor::in_last_chunk(item, size);
  const uint64_t footprint_before = item.footprint();
  Segment* const last_before = item.is_segmented() ? item.chain().last : nullptr;
  discount(item);
  if (size + more > item.room()) {
    if (!append_segments(item, size + more - item.room())) {
      account(item);
      return false;
    }
    const uint32_t here = std::min(more, cursor.left());
    cursor.write(bytes.data(), here);
    Segment* next = last_before == nullptr ? item.chain().first : last_before->next;
    cursor.enter(next);
    cursor.write(bytes.data() + here, more - here);
  } else {
    cursor.write(bytes.data(), more);
  }
  item.set_value_size(size + more);
  account(item);
  item.clear(status::fetched | status::stale | status::won);
  item.set_last_access(life_.now);
  renew_cas(item);
  if (item.pins() != 0) pinned_bytes_ += item.footprint() - footprint_before;
  return true;
}

/// All or nothing: the segments are strung together first and joined to the chain at the end, by a
/// store into a link that no reader with a shorter length follows.
bool Store::append_segments(Item& item, uint32_t bytes) {
  keep_ = &item;
  const Ref owner = ref_of(&item);
  Chain added{nullptr, nullptr, 0, 0};
  while (added.room < bytes) {
    const uint32_t left = bytes - added.room;
    Segment* segment = make_segment(owner, std::max(left, appended_segment_min));
    if (segment == nullptr) break;
    (added.last == nullptr ? added.first : added.last->next) = segment;
    added.last = segment;
    added.room += segment->capacity();
    ++added.count;
  }
  keep_ = nullptr;
  if (added.room < bytes) {
    while (added.first != nullptr) {
      Segment* next = added.first->next;
      slab_.free(added.first);
      added.first = next;
    }
    return false;
  }
  Chain& chain = item.chain();
  (chain.last == nullptr ? chain.first : chain.last->next) = added.first;
  chain.last = added.last;
  chain.room += added.room;
  chain.count += added.count;
  return true;
}

bool Store::replace_in_place(Item& item, uint32_t client_flags, Seconds exptime,
                             std::string_view value) {
  RC_ASSERT(item.is_linked() && !life_.is_over(item));
  const auto size = static_cast<uint32_t>(value.size());
  uint8_t class_number = 0;
  const uint8_t shape = plan_item(item.key().size(), client_flags, size, &class_number);
  if (class_number != item.class_number() || shape != (item.shape() & ~shape_of(ChunkKind::Item))) {
    return false;
  }
  if (item.is_segmented() || item.pins() != 0) return false;
  if (size != item.value_size()) {
    discount(item);
    item.set_value_size(size);
    account(item);
  }
  std::memcpy(item.value_data(), value.data(), size);
  item.set_client_flags(client_flags);
  item.set_exptime(exptime);
  item.clear(status::fetched | status::stale | status::won);
  item.set_last_access(life_.now);
  renew_cas(item);
  eviction_.note_rewrite(item);
  ++counters_[Counter::TotalItems];
  return true;
}

bool Store::overwrite_in_place(Item& item, std::string_view text) {
  if (item.is_segmented() || item.pins() != 0 || text.size() > item.value_size()) return false;
  std::memcpy(item.value_data(), text.data(), text.size());
  std::memset(item.value_data() + text.size(), ' ', item.value_size() - text.size());
  item.set_last_access(life_.now);
  renew_cas(item);
  return true;
}

}  // namespace ringcached::store
