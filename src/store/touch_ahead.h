// A thread that touches memory before a core does, so that the core does not wait for the kernel.
//
// The first touch of a huge page clears 2 MiB: 0.3 ms, and on a virtual machine whose host has to
// find that memory first 6 ms (measured). A core that asks in time finds it done; one that was
// faster than this thread touches the memory itself, as it would have done anyway.
#pragma once

namespace ringcached::store {

/// The block_size bytes at `block`, aligned to block_size, will be written to. Their contents stay,
/// and it does no harm if they are unmapped meanwhile. Any thread; never waits. Forgotten where too
/// much is asked for at once, or the kernel is older than Linux 5.14.
void touch_ahead(void* block);

}  // namespace ringcached::store
