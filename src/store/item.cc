#include "store/item.h"

namespace ringcached::store {

Item& Item::make(void* chunk, uint8_t shape, std::string_view key, uint32_t client_flags) {
  Item& item = *static_cast<Item*>(chunk);
  item.next_ = no_ref;
  item.set_granted(0);
  item.exptime_ = never;
  item.last_access_ = 0;
  item.value_size_ = 0;
  item.frequency_ = 0;
  item.key_size_ = static_cast<uint8_t>(key.size());
  item.class_ = page_of(chunk).class_number;
  item.shape_ = static_cast<uint8_t>(shape | shape_of(ChunkKind::Item));
  item.status_ = 0;
  if ((shape & shape::has_cas) != 0) item.set_cas(0);
  if ((shape & shape::has_pins) != 0) item.set_pins(0);
  item.set_client_flags(client_flags);
  std::memcpy(item.key_data(), key.data(), key.size());
  if (item.is_segmented()) item.chain() = Chain{nullptr, nullptr, item.head_capacity(), 0};
  return item;
}

uint32_t Item::client_flags() const {
  if ((shape_ & shape::has_flags) == 0) return 0;
  return load<uint32_t>(prefix_size(shape_) - 4);
}

void Item::set_client_flags(uint32_t flags) {
  if ((shape_ & shape::has_flags) != 0) save(prefix_size(shape_) - 4, flags);
}

void Item::set_cas(uint64_t cas) {
  if ((shape_ & shape::has_cas) != 0) save(header_size, cas);
}

void Item::set_epoch(uint8_t epoch) {
  constexpr uint8_t others = (1u << status::epoch_shift) - 1;
  status_ = static_cast<uint8_t>((status_ & others) | (epoch << status::epoch_shift));
}

uint64_t Item::size() const {
  const uint64_t segments = is_segmented() ? chain().count : 0;
  return prefix_size(shape_) + key_size_ + value_size_ + segments * sizeof(Segment);
}

uint64_t Item::footprint() const {
  if (!is_segmented()) return chunk_size();
  return prefix_size(shape_) + key_size_ + chain().room + chain().count * sizeof(Segment);
}

}  // namespace ringcached::store
