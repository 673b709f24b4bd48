// What can be asked of one stream of bytes: a connected socket, or what stands for one.
//
// Owner: one core. A session knows no more of the kernel than this.
#pragma once

#include <sys/socket.h>

#include <cstddef>

#include "io/buffer_pool.h"
#include "io/token.h"

namespace ringcached::io {

class Streams {
 public:
  virtual ~Streams() = default;

  /// Receives from `socket` until it ends: 0 is the end of the stream, -ENOBUFS means that every
  /// buffer was lent (an ordinary state: ask again when some came home).
  virtual void receive(int socket, Token) = 0;
  /// The same, but where the kernel would go on at once with all that has come, it may end after
  /// one buffer, as `more` of the completion tells: for whoever may turn out to be unwelcome.
  virtual void receive_first(int socket, Token token) { receive(socket, token); }
  /// Sends all of it if the kernel can; a short send is ordinary. The bytes, and for a message its
  /// msghdr and iovecs, must stay until the completion. At most one send per socket at a time.
  virtual void send(int socket, const char* bytes, size_t size, Token) = 0;
  virtual void send(int socket, const msghdr* message, Token) = 0;
  /// Ends an act early. Its completion still comes (-ECANCELED, or what it got meanwhile).
  virtual void cancel(Token) = 0;
  /// Closes a descriptor none of whose acts is under way.
  virtual void close(int descriptor) = 0;
  /// Both directions, at once: acts under way complete soon.
  virtual void shutdown(int socket) = 0;
  /// Gives a lease home.
  virtual void release(const Lease&) = 0;
};

}  // namespace ringcached::io
