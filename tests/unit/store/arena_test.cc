// Claims about the memory that stores are made of.
#include "store/arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "store/page.h"
#include "store/touch_ahead.h"

namespace ringcached::store {
namespace {

/// Of a page, how much is in memory.
size_t resident(char* page) {
  const auto kernel_page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> in_memory(page_size / kernel_page);
  REQUIRE(::mincore(page, page_size, in_memory.data()) == 0);
  const auto count = std::count_if(in_memory.begin(), in_memory.end(),
                                   [](unsigned char flags) { return (flags & 1) != 0; });
  return static_cast<size_t>(count) * kernel_page;
}

/// The kernel's flags of the mapping around this address, " rd wr ... ".
std::string mapping_flags(const void* address) {
  const auto wanted = reinterpret_cast<uintptr_t>(address);
  std::ifstream mappings("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(mappings, line);) {
    uintptr_t from = 0, to = 0;
    char dash = 0;
    if (std::istringstream words(line); words >> std::hex >> from >> dash >> to && dash == '-') {
      here = from <= wanted && wanted < to;
    } else if (here && line.starts_with("VmFlags:")) {
      return line.substr(std::strlen("VmFlags:")) + " ";
    }
  }
  return {};
}

bool kernel_has_huge_pages() {
  return ::access("/sys/kernel/mm/transparent_hugepage/enabled", F_OK) == 0;
}

}  // namespace

TEST_CASE("a page given back to the kernel leaves memory, and khugepaged may not fetch it again") {
  FaultPlan faults;
  Arena arena(faults);
  char* page = arena.take_page();
  REQUIRE(page != nullptr);
  std::memset(page, 1, page_size);
  CHECK(resident(page) == page_size);
  if (kernel_has_huge_pages()) CHECK(mapping_flags(page).find(" hg ") != std::string::npos);
  arena.return_page(page, true);
  CHECK(resident(page) == 0);
  if (kernel_has_huge_pages()) CHECK(mapping_flags(page).find(" nh ") != std::string::npos);
  CHECK(arena.take_page() == page);
}

TEST_CASE("pages taken ahead are in memory before anybody touches them") {
  constexpr size_t wanted = 40;  // more than one block has
  static_assert(wanted > block_size / page_size);
  FaultPlan faults;
  Arena arena(faults);
  REQUIRE(arena.take_ahead(wanted));
  for (size_t i = 0; i < wanted; ++i) {
    char* page = arena.take_page();
    REQUIRE(page != nullptr);
    CHECK(resident(page) == page_size);
  }
}

TEST_CASE("pages that cannot be taken ahead are taken later") {
  FaultPlan faults;
  Arena arena(faults);
  faults.fail_nth(1);
  CHECK_FALSE(arena.take_ahead(1));
  CHECK(arena.take_page() != nullptr);
}

TEST_CASE("memory is zero where that was asked for") {
  FaultPlan faults;
  Arena arena(faults);
  constexpr size_t size = 1u << 20;
  char* used = static_cast<char*>(arena.allocate_buckets(Allocation::Buckets, size, 64));
  REQUIRE(used != nullptr);
  std::memset(used, 1, size);
  arena.release_buckets(used, size, 64);
  char* fresh = static_cast<char*>(arena.allocate_zero_buckets(Allocation::Buckets, size, 64));
  REQUIRE(fresh != nullptr);
  CHECK(std::all_of(fresh, fresh + size, [](char byte) { return byte == 0; }));
  arena.release_buckets(fresh, size, 64);
  faults.fail_nth(1);
  CHECK(arena.allocate_zero_buckets(Allocation::Buckets, size, 64) == nullptr);
}

TEST_CASE("a block that will be needed is made resident beforehand, and keeps what is in it") {
  FaultPlan faults;
  Arena arena(faults);
  char* page =
      static_cast<char*>(arena.allocate_buckets(Allocation::Buckets, block_size, block_size));
  REQUIRE(page != nullptr);
  page[1] = 7;
  touch_ahead(page);
  char* const last = page + block_size - page_size;
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (resident(last) < page_size && std::chrono::steady_clock::now() < patience) {
    std::this_thread::yield();
  }
  CHECK(resident(last) == page_size);
  CHECK(page[1] == 7);
  arena.release_buckets(page, block_size, block_size);
}

TEST_CASE("a prepared block is the next one that pages come from") {
  FaultPlan faults;
  Arena arena(faults);
  constexpr size_t per_block = block_size / page_size;
  for (size_t i = 0; i < per_block; ++i) {
    REQUIRE(arena.take_page() != nullptr);
    arena.prepare_block();
  }
  faults.fail_nth_of(Allocation::Block, 1);
  for (size_t i = 0; i < per_block; ++i) REQUIRE(arena.take_page() != nullptr);
  CHECK(faults.is_armed());
  CHECK(arena.take_page() == nullptr);
}

}  // namespace ringcached::store
