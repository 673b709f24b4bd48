#include "session/clients.h"

#include "base/assert.h"

namespace ringcached::session {

LentSlot Clients::lend_slot() {
  uint32_t slot = static_cast<uint32_t>(slots_.size());
  if (free_slots_.empty()) {
    RC_ASSERT(slot <= io::Token::slot_max);
    slots_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  return {slot, ++slots_[slot].generation};
}

void Clients::adopt(int socket) {
  const LentSlot place = lend_slot();
  auto& tenant = slots_[place.slot].tenant;
  RC_ASSERT(socket >= 0 && tenant == nullptr);
  tenant = std::make_unique<Connection>(*this, place.slot, place.generation, socket);
  ++count_;
  tenant->start();
}

void Clients::on_completion(const io::Completion& completion) {
  const io::Token token = completion.token;
  Connection* client = token.slot < slots_.size() ? slots_[token.slot].tenant.get() : nullptr;
  if (client == nullptr || client->generation() != token.generation) {
    // A late one for a former tenant. Slots wait for all of theirs, so this is the kernel's mood.
    if (completion.lease.buffer != io::Lease::no_buffer) streams_.release(completion.lease);
    return;
  }
  if (token.act == io::Act::Receive) {
    client->on_received(completion);
  } else {
    client->on_sent(completion.result);
  }
}

/// While one client is run the memory that the next ones will want is on its way.
void Clients::run_ready() {
  ready_.take_each_ahead(
      look_ahead, [](Connection& client) { client.run(); },
      [](Connection& client) { client.prepare(); },
      [](const Connection& client) { client.look_for_bucket(); },
      [](const Connection& client) { client.look_for_item(); });
}

/// Lets as many receive as there are buffers, who starved first first; frees some by copying where
/// there are none.
void Clients::feed_starving() {
  if (starving_.empty()) return;
  const io::BufferPool& pool = services_.door.pool();
  if (pool.leased() == pool.buffers()) free_buffers(starving_.size());
  starving_.take_each([](Connection& client) { client.receive_again(); },
                      pool.buffers() - pool.leased());
}

/// Each buffer is leased, so each look frees one, unless its client has a batch in flight or is a
/// datagram. They take turns.
void Clients::free_buffers(size_t wanted) {
  const io::BufferPool& pool = services_.door.pool();
  const uint32_t leased = pool.leased();
  for (uint32_t looks = 0; looks < pool.buffers() && leased - pool.leased() < wanted; ++looks) {
    next_to_move_ = (next_to_move_ + 1) % pool.buffers();
    Connection* holder = slots_[holders_[next_to_move_]].tenant.get();
    if (holder != nullptr) holder->move_input_aside();
  }
}

void Clients::flush_dirty() {
  dirty_.take_each([](Connection& client) { client.flush(); });
}

void Clients::gone(Connection& client) {
  RC_ASSERT(slots_[client.slot()].tenant.get() == &client);
  ready_.remove(client);
  dirty_.remove(client);
  starving_.remove(client);
  holding_.remove(client);
  graveyard_.push_back(client.slot());
}

void Clients::bury() {
  for (const uint32_t slot : graveyard_) {
    slots_[slot].tenant.reset();
    free_slots_.push_back(slot);
    RC_ASSERT(count_ > 0);
    --count_;
    on_gone_();
  }
  graveyard_.clear();
}

void Clients::describe(shard::Report& report) {
  each([&](Connection& client) { report.connections.push_back(client.describe()); });
}

void Clients::tick() {
  holding_.each([](Connection& client) { client.check_patience(); });
  const Config& config = services_.config;
  const Seconds timeout = config.extended.idle_timeout;
  // As in memcached, clients of a unix socket may be silent as long as they like.
  if (timeout == 0 || !config.unix_socket.empty()) return;
  each([timeout](Connection& client) { client.check_idleness(timeout); });
}

template <class Fn>
void Clients::each(Fn&& fn) {
  for (Slot& slot : slots_) {
    if (slot.tenant != nullptr) fn(*slot.tenant);
  }
}

void Clients::stop() {
  each([](Connection& client) { client.stop(); });
}

void Clients::abort_all() {
  each([](Connection& client) { client.abort(); });
}

}  // namespace ringcached::session
