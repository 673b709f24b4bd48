// Where a partition's pages are: eight bytes each and nothing else, so that they stay in a near
// cache when an item is found by its Ref.
//
// Owner: one core. A page lies at a multiple of 64 KiB, so the low 16 bits of its address are free
// for the size of its chunks. 0: no page has this number.
#pragma once

#include <cstdint>
#include <vector>

#include "store/page.h"
#include "store/room.h"

namespace ringcached::store {

class PageDirectory {
 public:
  /// Room for `pages` without a copy; untouched room costs addresses.
  void reserve(size_t pages) { places_.reserve(pages); }
  /// Room for one more; false: no memory.
  bool make_room(FaultPlan& faults) {
    return store::make_room(places_, places_.size() + 1, faults, Allocation::Directory);
  }
  void add() { places_.push_back(0); }
  /// `chunk_size` 0: the page was not cut yet.
  void set(uint32_t number, char* base, uint32_t chunk_size) {
    places_[number] = reinterpret_cast<uintptr_t>(base) | chunk_size;
  }

  uint32_t size() const { return static_cast<uint32_t>(places_.size()); }
  char* base_of(uint32_t number) const {
    return reinterpret_cast<char*>(places_[number] & ~size_mask);
  }
  uint32_t chunk_size_of(uint32_t number) const {
    return static_cast<uint32_t>(places_[number] & size_mask);
  }
  void* chunk_at(Ref ref) const {
    const uintptr_t place = places_[page_number_of(ref)];
    const uintptr_t offset = page_header_size + chunk_index_of(ref) * (place & size_mask);
    return reinterpret_cast<void*>((place & ~size_mask) + offset);
  }

 private:
  static constexpr uintptr_t size_mask = page_size - 1;

  std::vector<uintptr_t> places_;
};

}  // namespace ringcached::store
