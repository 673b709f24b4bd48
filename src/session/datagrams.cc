#include "session/datagrams.h"

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "base/assert.h"
#include "session/address_text.h"

namespace ringcached::session {

Datagrams::Datagrams(Services& services, const std::vector<int>& sockets)
    : core_(services),
      exchanges_(services.door, [this](DatagramReply reply) { owe(std::move(reply)); }),
      clients_(services, exchanges_, [] {}) {
  for (const int descriptor : sockets) {
    sockets_.emplace_back().descriptor = descriptor;
    // As memcached counts them.
    ++core_.counters[Counter::TotalConnections];
    ++core_.counters[Counter::CurrConnections];
  }
}

void Datagrams::start() {
  for (uint32_t i = 0; i < sockets_.size(); ++i) receive(i);
}

// --- Receiving.

void Datagrams::receive(uint32_t socket) {
  RC_ASSERT(!stopping_ && !sockets_[socket].receiving);
  sockets_[socket].receiving = true;
  sockets_[socket].starved = false;
  core_.door.receive_datagrams(sockets_[socket].descriptor, {io::Act::Datagram, socket, 0});
}

void Datagrams::on_completion(const io::Completion& completion) {
  const uint32_t slot = completion.token.slot;
  RC_ASSERT(slot < sockets_.size());
  if (completion.token.act == io::Act::Room) {
    sockets_[slot].awaiting_room = false;
  } else {
    on_datagram(slot, completion);
  }
  close_if_done(sockets_[slot]);
}

void Datagrams::on_datagram(uint32_t slot, const io::Completion& completion) {
  Socket& socket = sockets_[slot];
  if (!completion.more) socket.receiving = false;
  if (completion.result > 0) {
    RC_ASSERT(completion.lease.bytes.size() >= io::datagram_bytes_at);
    const size_t size = completion.lease.bytes.size() - io::datagram_bytes_at;
    socket.last_heard = core_.now.seconds;
    const bool taken = take_request(slot, completion.lease);
    if (!taken) core_.door.release(completion.lease);
    // The request behind the frame is counted by the connection that receives it.
    core_.counters[Counter::BytesRead] += taken ? wire::datagram_frame_size : size;
  } else if (completion.result == -ENOBUFS) {
    ++core_.counters[Counter::BuffersStarved];
  }
  if (socket.receiving || stopping_) return;
  // Whatever ended it, there is only one way on. Not at once, where it may end again at once.
  if (completion.result > 0) {
    receive(slot);
  } else {
    socket.starved = true;
  }
}

/// true: a client has the lease now.
bool Datagrams::take_request(uint32_t slot, const io::Lease& lease) {
  const io::Datagram datagram = io::read_datagram(lease.bytes);
  wire::DatagramFrame frame;
  const wire::DatagramKind kind = wire::read_frame(datagram.bytes, frame);
  if (stopping_ || kind == wire::DatagramKind::Nothing || kind == wire::DatagramKind::LaterPart) {
    return false;
  }
  if (!datagram.whole || exchanges_.full() || owed_ >= replies_max) {
    ++core_.counters[Counter::DatagramsDropped];
    return false;
  }
  DatagramReply reply{slot, datagram.sender, frame.request_id, {}};
  const std::string_view request = datagram.bytes.substr(wire::datagram_frame_size);
  const int exchange = exchanges_.open(std::move(reply), lease, request);
  if (kind == wire::DatagramKind::Request) {
    clients_.adopt(exchange);
    return true;
  }
  exchanges_.refuse(exchange, wire::multi_packet_refused);
  core_.counters[Counter::BytesWritten] += wire::multi_packet_refused.size();
  return false;
}

// --- A turn.

void Datagrams::deliver() {
  exchanges_.deliver(
      [this](const io::Completion& completion) { clients_.on_completion(completion); });
}

void Datagrams::run_ready() {
  const io::BufferPool& pool = core_.door.pool();
  for (uint32_t i = 0; i < sockets_.size() && !stopping_; ++i) {
    if (sockets_[i].starved && pool.leased() < pool.buffers()) receive(i);
  }
  deliver();
  clients_.run_ready();
}

void Datagrams::flush() {
  clients_.flush_dirty();
  deliver();
  clients_.bury();
  core_.counters[Counter::DatagramsDropped] += exchanges_.take_dropped();
  for (uint32_t i = 0; i < sockets_.size(); ++i) send_replies(i);
  for (Socket& socket : sockets_) close_if_done(socket);
}

bool Datagrams::busy() const {
  if (clients_.busy() || exchanges_.anything_ended()) return true;
  return std::any_of(sockets_.begin(), sockets_.end(), [](const Socket& socket) {
    return !socket.replies.empty() && !socket.awaiting_room;
  });
}

// --- Replying.

void Datagrams::owe(DatagramReply reply) {
  RC_ASSERT(reply.socket < sockets_.size() && !reply.bytes.empty());
  ++owed_;
  Socket& socket = sockets_[reply.socket];
  socket.replies.push_back(std::move(reply));
}

void Datagrams::send_replies(uint32_t slot) {
  Socket& socket = sockets_[slot];
  for (int i = 0; i < calls_per_turn && !socket.replies.empty() && !socket.awaiting_room; ++i) {
    Call call;
    fill(call, socket);
    RC_ASSERT(call.count > 0);
    const int sent =
        core_.door.send_datagrams(socket.descriptor, std::span(call.messages).first(call.count));
    if (sent > 0) {
      note_sent(call, socket, static_cast<size_t>(sent));
    } else if (sent == -EAGAIN) {
      socket.awaiting_room = true;
      core_.door.await_room(socket.descriptor, {io::Act::Room, slot, 0});
    } else if (sent != -EINTR) {
      // There is no way to that client: a filter, mostly, or an address that none can answer.
      ++core_.counters[Counter::DatagramsDropped];
      drop_first(socket);
    }
  }
}

/// The next datagrams that the socket owes.
void Datagrams::fill(Call& call, Socket& socket) {
  size_t at = socket.sent;
  for (DatagramReply& reply : socket.replies) {
    const uint16_t count = wire::datagrams_for(reply.bytes.size());
    for (; at < reply.bytes.size(); at += wire::datagram_payload_max) {
      if (call.count == datagrams_per_call) return;
      const size_t i = call.count++;
      const uint16_t sequence = static_cast<uint16_t>(at / wire::datagram_payload_max);
      wire::write_frame(call.frames[i].data(), {reply.request_id, sequence, count});
      call.parts[i][0] = {call.frames[i].data(), wire::datagram_frame_size};
      call.parts[i][1] = {reply.bytes.data() + at,
                          std::min(wire::datagram_payload_max, reply.bytes.size() - at)};
      call.messages[i] = {};
      call.messages[i].msg_hdr.msg_name = &reply.to.bytes;
      call.messages[i].msg_hdr.msg_namelen = reply.to.size;
      call.messages[i].msg_hdr.msg_iov = call.parts[i].data();
      call.messages[i].msg_hdr.msg_iovlen = call.parts[i].size();
    }
    at = 0;
  }
}

void Datagrams::note_sent(const Call& call, Socket& socket, size_t datagrams) {
  RC_ASSERT(datagrams <= call.count);
  for (size_t i = 0; i < datagrams; ++i) {
    const size_t size = call.parts[i][1].iov_len;
    // The payload was counted when the connection sent it.
    core_.counters[Counter::BytesWritten] += wire::datagram_frame_size;
    socket.sent += size;
    if (socket.sent == socket.replies.front().bytes.size()) drop_first(socket);
  }
}

void Datagrams::drop_first(Socket& socket) {
  RC_ASSERT(owed_ > 0 && !socket.replies.empty());
  exchanges_.forget(socket.replies.front().bytes.size());
  socket.replies.pop_front();
  socket.sent = 0;
  --owed_;
}

// --- Ending.

void Datagrams::describe(shard::Report& report) const {
  for (const Socket& socket : sockets_) {
    if (socket.descriptor < 0) continue;
    shard::ConnectionFigures figures{socket.descriptor, local_text(socket.descriptor), "",
                                     "conn_read", core_.now.seconds - socket.last_heard};
    figures.datagrams = true;
    report.connections.push_back(std::move(figures));
  }
}

void Datagrams::stop() {
  RC_ASSERT(!stopping_);
  stopping_ = true;
  clients_.stop();
  for (uint32_t i = 0; i < sockets_.size(); ++i) {
    if (sockets_[i].receiving) core_.door.cancel({io::Act::Datagram, i, 0});
    close_if_done(sockets_[i]);
  }
}

void Datagrams::abort_all() {
  clients_.abort_all();
  for (uint32_t i = 0; i < sockets_.size(); ++i) {
    while (!sockets_[i].replies.empty()) drop_first(sockets_[i]);
    if (sockets_[i].awaiting_room) core_.door.cancel({io::Act::Room, i, 0});
    close_if_done(sockets_[i]);
  }
}

/// Of a core that stops, once nothing more can be owed on it.
void Datagrams::close_if_done(Socket& socket) {
  if (!stopping_ || socket.descriptor < 0 || socket.receiving || socket.awaiting_room) return;
  if (clients_.count() > 0 || !socket.replies.empty()) return;
  core_.door.close(socket.descriptor);
  socket.descriptor = -1;
  --core_.counters[Counter::CurrConnections];
}

bool Datagrams::stopped() const {
  return std::all_of(sockets_.begin(), sockets_.end(),
                     [](const Socket& socket) { return socket.descriptor < 0; });
}

}  // namespace ringcached::session
