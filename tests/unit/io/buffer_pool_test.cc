// Claims about the receive buffers of one core.
#include "io/buffer_pool.h"

#include <cstring>
#include <set>
#include <string>

#include <doctest/doctest.h>

namespace ringcached::io {

TEST_CASE("a pool starts with nothing and grows step by step up to its maximum") {
  BufferPool pool(200);  // rounded down to three steps
  CHECK(pool.buffers_max() == 192);
  CHECK(pool.buffers() == 0);
  CHECK(pool.grow() == 0);
  CHECK(pool.buffers() == 64);
  CHECK(pool.grow() == 64);
  CHECK(pool.can_grow());
  CHECK(pool.grow() == 128);
  CHECK_FALSE(pool.can_grow());
  CHECK(pool.grow() == Lease::no_buffer);
  CHECK(pool.buffers() == 192);
}

TEST_CASE("a maximum below a step still allows one step") {
  BufferPool pool(1);
  CHECK(pool.buffers_max() == BufferPool::step);
  CHECK(pool.grow() == 0);
  CHECK(pool.grow() == Lease::no_buffer);
}

TEST_CASE("buffers lie apart, on cache lines, and stay where they are when the pool grows") {
  BufferPool pool(128);
  pool.grow();
  char* const first = pool.address(0);
  pool.grow();
  CHECK(pool.address(0) == first);
  std::set<uintptr_t> starts;
  for (uint16_t i = 0; i < 128; ++i) starts.insert(reinterpret_cast<uintptr_t>(pool.address(i)));
  CHECK(starts.size() == 128);
  uintptr_t free_from = 0;
  for (const uintptr_t start : starts) {
    CHECK(start % 64 == 0);
    CHECK(start >= free_from);
    free_from = start + BufferPool::buffer_size;
  }
}

TEST_CASE("leases are counted until they are back") {
  BufferPool pool(64);
  pool.grow();
  CHECK(pool.leased() == 0);
  const Lease whole = pool.lease(3, BufferPool::buffer_size);
  const Lease part = pool.lease(4, 10);
  CHECK(pool.leased() == 2);
  CHECK(whole.buffer == 3);
  CHECK(whole.bytes.data() == pool.address(3));
  CHECK(whole.bytes.size() == BufferPool::buffer_size);
  CHECK(part.bytes.size() == 10);
  pool.note_returned(3);
  pool.note_returned(4);
  CHECK(pool.leased() == 0);
}

TEST_CASE("a buffer is used again after its return, and its neighbours keep their bytes") {
  BufferPool pool(64);
  pool.grow();
  const Lease left = pool.lease(7, BufferPool::buffer_size);
  const Lease right = pool.lease(9, BufferPool::buffer_size);
  std::memset(pool.address(7), 'l', BufferPool::buffer_size);
  std::memset(pool.address(9), 'r', BufferPool::buffer_size);
  for (int round = 0; round < 3; ++round) {
    const Lease middle = pool.lease(8, BufferPool::buffer_size);
    std::memset(pool.address(8), '0' + round, middle.bytes.size());
    pool.note_returned(8);
  }
  CHECK(left.bytes == std::string(BufferPool::buffer_size, 'l'));
  CHECK(right.bytes == std::string(BufferPool::buffer_size, 'r'));
  pool.note_returned(7);
  pool.note_returned(9);
}

}  // namespace ringcached::io
