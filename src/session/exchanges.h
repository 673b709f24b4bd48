// Requests that came as datagrams, each a stream of its own: its bytes, their end, a reply.
//
// Owner: one core's Datagrams. To a connection it is the kernel's door, so that one session serves
// both: it receives the request and then the end of the stream, what it sends is gathered, and when
// it closes the reply is whole.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/datagram.h"
#include "io/door.h"
#include "io/streams.h"

namespace ringcached::session {

/// A reply, or what is to come of it, and who waits for it.
struct DatagramReply {
  uint32_t socket = 0;  // which of the core's sockets the request came to
  io::DatagramAddress to;
  uint16_t request_id = 0;
  std::string bytes;
};

class Exchanges final : public io::Streams {
 public:
  /// Requests that may be under way on one core: each holds a receive buffer, of 1024. Guess.
  static constexpr uint32_t under_way_max = 256;
  /// Bytes of one reply, which must be whole before its first datagram can tell their number, and
  /// of all replies that one core holds. Guess: a dozen largest items at the default -I.
  static constexpr uint64_t reply_bytes_max = 16ull << 20;

  /// `on_reply` takes over every reply that is whole and not empty.
  Exchanges(io::Door& door, std::function<void(DatagramReply)> on_reply)
      : door_(door), on_reply_(std::move(on_reply)) {}

  bool full() const { return under_way_ >= under_way_max || reply_bytes_ >= reply_bytes_max; }
  uint32_t under_way() const { return under_way_; }
  /// A descriptor for a connection that reads `request`, which is part of `lease`, and answers.
  int open(DatagramReply reply, const io::Lease& lease, std::string_view request);
  /// Answers it with this, and closes it; the lease stays with the caller.
  void refuse(int exchange, std::string_view reply);
  /// So many bytes of replies that were handed over are gone.
  void forget(uint64_t bytes) { reply_bytes_ -= bytes; }
  /// Replies that grew too large since it was last asked.
  uint64_t take_dropped() { return std::exchange(dropped_, 0); }

  /// Something to be delivered waits.
  bool anything_ended() const { return !ended_.empty(); }
  /// Hands over what has ended, what ends meanwhile as well.
  template <class Fn>
  void deliver(Fn&& fn) {
    while (!ended_.empty()) {
      const io::Completion completion = ended_.front();
      ended_.pop_front();
      fn(completion);
    }
  }

  void receive(int exchange, io::Token) override;
  void send(int exchange, const char* bytes, size_t size, io::Token) override;
  void send(int exchange, const msghdr* message, io::Token) override;
  /// Nothing to do: the end of the stream is on its way already.
  void cancel(io::Token) override {}
  void close(int exchange) override;
  void shutdown(int) override {}
  void release(const io::Lease& lease) override { door_.release(lease); }

 private:
  struct Exchange {
    DatagramReply reply;
    io::Lease request;
    bool open = false;
    bool dropped = false;  // its reply is too large
  };

  Exchange& at(int exchange);
  bool make_room(Exchange&, size_t size);

  io::Door& door_;
  std::function<void(DatagramReply)> on_reply_;
  std::vector<Exchange> exchanges_;  // by descriptor
  std::vector<int> free_;
  std::deque<io::Completion> ended_;
  uint32_t under_way_ = 0;
  uint64_t reply_bytes_ = 0;  // of replies being written, and of those handed over
  uint64_t dropped_ = 0;
};

}  // namespace ringcached::session
