// Where a store's memory comes from: one jemalloc arena, asked for 2 MiB blocks cut into pages.
//
// Owner: one core. A block is large and aligned so that the kernel can back it with a huge page.
// Built with RINGCACHED_SYSTEM_ARENA it uses aligned_alloc instead: ThreadSanitizer and jemalloc do
// not go together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "store/fault_plan.h"
#include "store/page.h"

namespace ringcached::store {

/// One huge page of x86-64 and of ARM64 with 4 KiB pages.
inline constexpr size_t block_size = 2u << 20;

/// What the allocator counts: all arenas of the process, and malloc. Its resident bytes include
/// what was never touched and pages that went back to the kernel one by one.
struct AllocatorFigures {
  uint64_t allocated = 0;
  uint64_t resident = 0;
  uint64_t mapped = 0;
};
/// nullopt: built without jemalloc. Takes a lock of the allocator for some 10 us an arena.
std::optional<AllocatorFigures> allocator_figures();

/// Once a second, in every thread: what it has freed goes back to the kernel, over some ten
/// seconds. The allocator does that only while it is being asked for memory, and a core that idles
/// or runs warm does not ask.
void return_freed_memory();

class Arena {
 public:
  explicit Arena(FaultPlan& faults);
  /// Everything that was allocated is gone with it.
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  FaultPlan& faults() { return faults_; }

  /// page_size bytes, page_size aligned, contents undefined; nullptr: no memory.
  char* take_page();
  /// Many more pages will be taken: sees to a block for them before it is needed.
  void prepare_block();
  /// The page may be taken again; `to_kernel` gives its memory back meanwhile (the addresses stay).
  void return_page(char* page, bool to_kernel);
  /// Bytes of blocks and buckets, and of those: pages that the kernel has back.
  uint64_t bytes() const { return blocks_.size() * block_size + bucket_bytes_; }
  uint64_t bytes_returned() const { return returned_pages_.size() * page_size; }
  /// Makes sure of memory for so many pages, all of it resident, on huge pages where the kernel has
  /// them: nobody will wait for it while it serves. false: not all of it was to be had.
  bool take_ahead(size_t pages);

  /// For tables and ghosts, as `kind` says: `size` bytes at a multiple of `alignment`, contents
  /// undefined; nullptr: no memory. Aligned to block_size it may lie on huge pages.
  void* allocate_buckets(Allocation kind, size_t size, size_t alignment);
  /// The same filled with zeros, which cost nothing before they are touched.
  void* allocate_zero_buckets(Allocation kind, size_t size, size_t alignment);
  void release_buckets(void* memory, size_t size, size_t alignment);

 private:
  void* raw_allocate(size_t size, size_t alignment, bool zeroed = false);
  void raw_release(void* memory, size_t size, size_t alignment);
  bool take_block();
  char* new_block();

  FaultPlan& faults_;
  [[maybe_unused]] unsigned arena_ = 0;  // of jemalloc
  std::vector<char*> blocks_;
  std::vector<char*> free_pages_;
  std::vector<char*> returned_pages_;  // free too; the kernel has their memory
  uint64_t bucket_bytes_ = 0;
  char* carve_ = nullptr;  // the rest of the newest block: [carve_, carve_end_)
  char* carve_end_ = nullptr;
  char* prepared_ = nullptr;  // the next block, if there is one already
};

}  // namespace ringcached::store
