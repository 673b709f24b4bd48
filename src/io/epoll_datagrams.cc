// The door on epoll: datagrams. One entry of the set per socket looks for both directions.
#include <sys/epoll.h>

#include <cerrno>
#include <cstring>

#include "base/assert.h"
#include "io/datagram.h"
#include "io/epoll_door.h"

namespace ringcached::io {
namespace {

/// Datagrams that one socket is asked for in a turn: fair to the others. Guess.
constexpr int datagrams_max = 16;

constexpr uint32_t broken = EPOLLERR | EPOLLHUP;

}  // namespace

EpollDoor::DatagramSocket& EpollDoor::datagram_socket_of(int socket, Token token) {
  if (token.slot >= datagram_sockets_.size()) datagram_sockets_.resize(token.slot + 1);
  DatagramSocket& entry = datagram_sockets_[token.slot];
  if (entry.at.descriptor != socket) entry.at = {socket, token.generation, 0};
  return entry;
}

void EpollDoor::receive_datagrams(int socket, Token token) {
  DatagramSocket& entry = datagram_socket_of(socket, token);
  RC_ASSERT(!entry.receiving);
  const int error = look_for(entry.at, entry.at.events | EPOLLIN, token);
  if (error != 0) {
    ended_.push_back({token, -error});
    return;
  }
  entry.receiving = true;
}

int EpollDoor::send_datagrams(int socket, std::span<mmsghdr> datagrams) {
  return send_datagrams_now(socket, datagrams);
}

void EpollDoor::await_room(int socket, Token token) {
  DatagramSocket& entry = datagram_socket_of(socket, token);
  RC_ASSERT(!entry.awaiting_room);
  const Token at = {Act::Datagram, token.slot, token.generation};
  const int error = look_for(entry.at, entry.at.events | EPOLLOUT, at);
  if (error != 0) {
    ended_.push_back({token, -error});
    return;
  }
  entry.awaiting_room = true;
}

void EpollDoor::on_datagrams_ready(Token token, uint32_t events) {
  DatagramSocket& entry = datagram_sockets_[token.slot];
  token.generation = entry.at.generation;
  if (entry.awaiting_room && (events & (EPOLLOUT | broken)) != 0) {
    entry.awaiting_room = false;
    collected_.push_back({{Act::Room, token.slot, token.generation}, 0});
  }
  if (entry.receiving && (events & (EPOLLIN | broken)) != 0) receive_datagrams_now(entry, token);
  const uint32_t wanted = (entry.receiving ? EPOLLIN : 0u) | (entry.awaiting_room ? EPOLLOUT : 0u);
  look_for(entry.at, wanted, token);
}

void EpollDoor::receive_datagrams_now(DatagramSocket& entry, Token token) {
  for (int i = 0; i < datagrams_max; ++i) {
    if (free_.empty()) {
      starved_ = true;
      entry.receiving = false;
      collected_.push_back({token, -ENOBUFS});
      return;
    }
    const uint16_t buffer = free_.back();
    const Lease whole = pool_.lease(buffer, BufferPool::buffer_size);
    char* const memory = pool_.address(buffer);
    iovec bytes{memory + datagram_bytes_at, BufferPool::buffer_size - datagram_bytes_at};
    msghdr message{};
    message.msg_name = memory + sizeof(DatagramHead);
    message.msg_namelen = datagram_address_room;
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    const ssize_t n = ::recvmsg(entry.at.descriptor, &message, MSG_DONTWAIT);
    if (n < 0) {
      const int error = errno;
      pool_.note_returned(buffer);
      if (error == EAGAIN || error == EINTR) return;
      entry.receiving = false;
      collected_.push_back({token, -error});
      return;
    }
    free_.pop_back();
    const size_t size = datagram_bytes_at + static_cast<size_t>(n);
    const DatagramHead head{message.msg_namelen, 0, static_cast<uint32_t>(n),
                            static_cast<uint32_t>(message.msg_flags)};
    std::memcpy(memory, &head, sizeof head);
    collected_.push_back({token, static_cast<int32_t>(size), true, pool_.shorten(whole, size)});
  }
}

void EpollDoor::cancel_datagrams(Token token) {
  if (token.slot >= datagram_sockets_.size()) return;
  DatagramSocket& entry = datagram_sockets_[token.slot];
  bool& under_way = token.act == Act::Room ? entry.awaiting_room : entry.receiving;
  if (!under_way) return;
  under_way = false;
  ended_.push_back({token, -ECANCELED});
}

}  // namespace ringcached::io
