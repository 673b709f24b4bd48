#include "store/arena.h"

#include <sys/mman.h>
#include <cstdio>

#include "base/assert.h"
#include "base/poison.h"
#include "store/page.h"
#include "store/room.h"
#include "store/touch_ahead.h"

#ifdef RINGCACHED_SYSTEM_ARENA
#include <cstdlib>
#include <cstring>
#else
#include <jemalloc/jemalloc.h>
#endif

namespace ringcached::store {

static_assert(block_size % page_size == 0);

#ifdef RINGCACHED_SYSTEM_ARENA

Arena::Arena(FaultPlan& faults) : faults_(faults) {}

Arena::~Arena() {
  for (char* block : blocks_) raw_release(block, block_size, block_size);
}

void* Arena::raw_allocate(size_t size, size_t alignment, bool zeroed) {
  void* memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory != nullptr && zeroed) std::memset(memory, 0, size);
  return memory;
}

void Arena::raw_release(void* memory, size_t, size_t) {
  std::free(memory);
}

#else

Arena::Arena(FaultPlan& faults) : faults_(faults) {
  size_t size = sizeof(arena_);
  RC_ASSERT(mallctl("arenas.create", &arena_, &size, nullptr, 0) == 0);
}

Arena::~Arena() {
  // What the store allocated it has released; blocks are the arena's own. Destroying the arena
  // would free them as well, but jemalloc asks that extents in use are not (arena.<i>.destroy).
  for (char* block : blocks_) raw_release(block, block_size, block_size);
  char name[48];
  std::snprintf(name, sizeof(name), "arena.%u.destroy", arena_);
  mallctl(name, nullptr, nullptr, nullptr, 0);
}

void* Arena::raw_allocate(size_t size, size_t alignment, bool zeroed) {
  const int flags = MALLOCX_ARENA(arena_) | MALLOCX_TCACHE_NONE | (zeroed ? MALLOCX_ZERO : 0);
  return mallocx(size, flags | MALLOCX_ALIGN(alignment));
}

void Arena::raw_release(void* memory, size_t size, size_t alignment) {
  unpoison(memory, size);
  sdallocx(memory, size, MALLOCX_TCACHE_NONE | MALLOCX_ALIGN(alignment));
}

#endif

/// nullptr: no memory.
char* Arena::new_block() {
  // So that a page can always be returned.
  const size_t blocks = blocks_.size() + 1;
  if (!make_room(blocks_, blocks, faults_, Allocation::Block)) return nullptr;
  if (!make_room(free_pages_, blocks * (block_size / page_size), faults_, Allocation::Block))
    return nullptr;
  if (faults_.strikes(Allocation::Block)) return nullptr;
  char* block = static_cast<char*>(raw_allocate(block_size, block_size));
  if (block == nullptr) return nullptr;
  // A hint: without it (or where the kernel does not have it) all works the same, with more TLB
  // misses.
  madvise(block, block_size, MADV_HUGEPAGE);
  blocks_.push_back(block);
  return block;
}

bool Arena::take_block() {
  carve_ = prepared_ != nullptr ? prepared_ : new_block();
  prepared_ = nullptr;
  carve_end_ = carve_ == nullptr ? nullptr : carve_ + block_size;
  return carve_ != nullptr;
}

/// In the middle of a block: by its end the thread that touches has had its time, and whoever never
/// comes so far has spent nothing.
void Arena::prepare_block() {
  if (carve_end_ - carve_ != block_size / 2 || prepared_ != nullptr || !free_pages_.empty()) return;
  prepared_ = new_block();
  if (prepared_ != nullptr) touch_ahead(prepared_);
}

char* Arena::take_page() {
  if (faults_.strikes(Allocation::Page)) return nullptr;
  if (!free_pages_.empty()) {
    char* page = free_pages_.back();
    free_pages_.pop_back();
    return page;
  }
  if (carve_ == carve_end_ && !take_block()) return nullptr;
  char* page = carve_;
  carve_ += page_size;
  return page;
}

void Arena::return_page(char* page, bool to_kernel) {
  unpoison(page, page_size);
  if (to_kernel) {
    // Else khugepaged fills the hole again, within a minute. Its block stays on small pages.
    const uintptr_t block = reinterpret_cast<uintptr_t>(page) & ~(block_size - 1);
    madvise(reinterpret_cast<void*>(block), block_size, MADV_NOHUGEPAGE);
    madvise(page, page_size, MADV_DONTNEED);
  }
  free_pages_.push_back(page);
}

bool Arena::take_ahead(size_t pages) {
  while (free_pages_.size() < pages) {
    if (carve_ != carve_end_) {
      carve_end_ -= page_size;
      free_pages_.push_back(carve_end_);
      continue;
    }
    if (!take_block() || madvise(carve_, block_size, MADV_POPULATE_WRITE) != 0) return false;
  }
  return true;
}

void* Arena::allocate_buckets(Allocation kind, size_t size, size_t alignment) {
  if (faults_.strikes(kind)) return nullptr;
  void* memory = raw_allocate(size, alignment);
  if (memory != nullptr && alignment >= block_size) madvise(memory, size, MADV_HUGEPAGE);
  return memory;
}

void* Arena::allocate_zero_buckets(Allocation kind, size_t size, size_t alignment) {
  if (faults_.strikes(kind)) return nullptr;
  return raw_allocate(size, alignment, true);
}

void Arena::release(void* memory, size_t size, size_t alignment) {
  if (memory != nullptr) raw_release(memory, size, alignment);
}

}  // namespace ringcached::store
