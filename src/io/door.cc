#include "io/door.h"

#include <unistd.h>

#include <cerrno>

#include "io/datagram.h"

namespace ringcached::io {

void wake_now(int bell) {
  // Can only fail when the counter is full: nobody rings 2^64 times.
  [[maybe_unused]] const ssize_t written = ::write(bell, &ring_once, sizeof ring_once);
}

int send_datagrams_now(int socket, std::span<mmsghdr> datagrams) {
  const int sent = ::sendmmsg(socket, datagrams.data(), static_cast<unsigned>(datagrams.size()),
                              MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? -errno : sent;
}

}  // namespace ringcached::io
