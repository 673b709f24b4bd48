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

std::optional<AllocatorFigures> allocator_figures() {
  return std::nullopt;
}

void return_freed_memory() {}

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

namespace {

uint64_t allocator_says(const char* name) {
  size_t value = 0, size = sizeof(value);
  return mallctl(name, &value, &size, nullptr, 0) == 0 ? value : 0;
}

}  // namespace

std::optional<AllocatorFigures> allocator_figures() {
  uint64_t epoch = 1;  // any value makes it count anew
  mallctl("epoch", nullptr, nullptr, &epoch, sizeof(epoch));
  return AllocatorFigures{allocator_says("stats.allocated"), allocator_says("stats.resident"),
                          allocator_says("stats.mapped")};
}

void return_freed_memory() {
  unsigned arena = 0;
  size_t size = sizeof(arena);
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  if (mallctl("thread.arena", &arena, &size, nullptr, 0) != 0) return;
  char name[48];
  std::snprintf(name, sizeof(name), "arena.%u.decay", arena);
  mallctl(name, nullptr, nullptr, nullptr, 0);
}

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
  const size_t blocks = blocks_.size() + 1, pages = blocks * (block_size / page_size);
  if (!make_room(blocks_, blocks, faults_, Allocation::Block) ||
      !make_room(free_pages_, pages, faults_, Allocation::Block) ||
      !make_room(returned_pages_, pages, faults_, Allocation::Block)) {
    return nullptr;
  }
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
  const bool is_half_used = carve_end_ - carve_ == block_size / 2;
  if (!is_half_used || prepared_ != nullptr || !free_pages_.empty() || !returned_pages_.empty()) {
    return;
  }
  prepared_ = new_block();
  if (prepared_ != nullptr) touch_ahead(prepared_);
}

char* Arena::take_page() {
  if (faults_.strikes(Allocation::Page)) return nullptr;
  for (std::vector<char*>* pages : {&free_pages_, &returned_pages_}) {
    if (pages->empty()) continue;
    char* page = pages->back();
    pages->pop_back();
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
  (to_kernel ? returned_pages_ : free_pages_).push_back(page);
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
  if (memory == nullptr) return nullptr;
  bucket_bytes_ += size;
  if (alignment >= block_size) madvise(memory, size, MADV_HUGEPAGE);
  return memory;
}

void* Arena::allocate_zero_buckets(Allocation kind, size_t size, size_t alignment) {
  if (faults_.strikes(kind)) return nullptr;
  void* memory = raw_allocate(size, alignment, true);
  if (memory != nullptr) bucket_bytes_ += size;
  return memory;
}

void Arena::release_buckets(void* memory, size_t size, size_t alignment) {
  raw_release(memory, size, alignment);
  bucket_bytes_ -= size;
}

}  // namespace ringcached::store
