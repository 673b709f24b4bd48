#include "shard/mailbox.h"

#include "base/assert.h"

namespace ringcached::shard {

static_assert(threads_max <= 64, "a bit each says who has sent");

Mailboxes::Mailboxes(uint32_t cores)
    : cores_(cores), chains_(static_cast<size_t>(cores) * cores), doors_(cores) {
  RC_ASSERT(cores >= 1 && cores <= threads_max);
}

bool Mailboxes::push(uint32_t from, uint32_t to, Letter* newest, Letter* oldest, bool urgent) {
  RC_ASSERT(from < cores_ && to < cores_ && from != to);
  std::atomic<Letter*>& head = chains_[static_cast<size_t>(to) * cores_ + from].newest;
  // One producer per chain: the exchange fails only when the consumer has just taken everything,
  // so this ends after the second round.
  Letter* behind = head.load(std::memory_order_relaxed);
  do {
    oldest->next = behind;
  } while (!head.compare_exchange_weak(behind, newest, std::memory_order_release,
                                       std::memory_order_relaxed));
  // Sequentially consistent, as in fall_asleep: either we see the sleeper or it sees our bit.
  Door& door = doors_[to];
  door.senders.fetch_or(uint64_t{1} << from);
  return urgent && door.sleeping.load() && door.sleeping.exchange(false);
}

uint64_t Mailboxes::senders(uint32_t to) {
  RC_ASSERT(to < cores_);
  Door& door = doors_[to];
  if (door.senders.load(std::memory_order_relaxed) == 0) return 0;
  return door.senders.exchange(0);
}

Letter* Mailboxes::take(uint32_t to, uint32_t from) {
  RC_ASSERT(from < cores_ && to < cores_ && from != to);
  std::atomic<Letter*>& head = chains_[static_cast<size_t>(to) * cores_ + from].newest;
  Letter* newest = head.exchange(nullptr, std::memory_order_acquire);
  Letter* in_order = nullptr;
  while (newest != nullptr) {
    Letter* older = newest->next;
    newest->next = in_order;
    in_order = newest;
    newest = older;
  }
  return in_order;
}

bool Mailboxes::fall_asleep(uint32_t core) {
  RC_ASSERT(core < cores_);
  Door& door = doors_[core];
  door.sleeping.store(true);
  if (door.senders.load() == 0) return true;
  door.sleeping.store(false);
  return false;
}

void Mailboxes::wake_up(uint32_t core) {
  doors_[core].sleeping.store(false, std::memory_order_relaxed);
}

void Post::put(uint32_t to, Letter& letter) {
  RC_ASSERT(to < cores() && to != self_);
  Outgoing& out = outgoing_[to];
  letter.next = out.newest;
  out.newest = &letter;
  if (out.oldest == nullptr) out.oldest = &letter;
  if (letter.kind != LetterKind::Pins) out.urgent = true;
  waiting_ |= uint64_t{1} << to;
}

}  // namespace ringcached::shard
