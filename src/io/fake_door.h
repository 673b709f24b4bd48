// A seeded world in place of the kernel: sockets, delays, short reads and sends, refusals, all
// played from one random stream, so that a seed replays a run.
//
// For tests. One FakeNetwork is shared by the doors of all cores, in one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "io/door.h"

namespace ringcached::io {

/// How often the world is unkind, in thousandths.
struct FakeMoods {
  uint32_t delay = 300;          // an act that could complete waits for another turn
  uint32_t short_receive = 500;  // fewer bytes than there are
  uint32_t ends_early = 50;      // a multishot that ends although all is well
  uint32_t starves = 20;         // -ENOBUFS although there are buffers
  uint32_t short_send = 500;     // fewer bytes than asked
  uint32_t no_room = 300;        // a socket of datagrams takes none now
  uint32_t no_descriptor = 0;    // a client is not accepted: there are too many descriptors
  uint32_t late = 20;            // in a turn: a receive of a socket that was closed completes again
  uint32_t overflow = 20;        // in a turn: few completions fit, others are told in a later one
};

/// Both ends of every connection. The test plays the clients.
class FakeNetwork {
 public:
  explicit FakeNetwork(uint64_t seed) : random_(seed) {}

  /// A client connects; it is accepted when a door accepts on `listener`. Returns the socket.
  int connect(int listener);
  void client_sends(int socket, std::string_view bytes);
  /// Takes what the server has sent, `most` bytes at the most.
  std::string client_takes(int socket, size_t most);
  /// The client has said all: the server sees the end of the stream, and may still answer.
  void client_ends(int socket);
  /// The client's window is closed: no byte more is taken for it until it goes on.
  void client_stops_taking(int socket);
  void client_goes_on_taking(int socket);
  /// From now on the client takes everything and looks at nothing.
  void client_ignores(int socket);
  /// The client is gone: nothing reaches it.
  void client_resets(int socket);
  bool server_has_closed(int socket) const;
  /// Bytes that the client has sent and the server has not received.
  size_t not_received(int socket) const;
  /// The most bytes that one send has asked for.
  size_t largest_send() const { return largest_send_; }
  /// A datagram for the socket of datagrams `socket`, from a client that is known by its port.
  void client_sends_datagram(int socket, uint16_t port, std::string_view bytes);
  /// What has been sent to this client since it last asked, a datagram each.
  std::vector<std::string> client_takes_datagrams(uint16_t port);
  /// Sockets that the server has not closed.
  size_t open_sockets() const;

 private:
  friend class FakeDoor;

  /// What a socket buffer of the world takes.
  static constexpr size_t socket_buffer = 64 * 1024;

  /// Bytes on their way: taken from the front in steps, without moving the rest at each of them.
  class Stream {
   public:
    size_t size() const { return bytes_.size() - taken_; }
    bool empty() const { return size() == 0; }
    const char* data() const { return bytes_.data() + taken_; }
    void append(std::string_view more) { bytes_.append(more); }
    void clear() { drop(size()); }
    void drop(size_t count) {
      taken_ += count;
      if (taken_ < bytes_.size() / 2) return;
      bytes_.erase(0, taken_);
      taken_ = 0;
    }

   private:
    std::string bytes_;
    size_t taken_ = 0;
  };

  struct Socket {
    Stream to_server;
    Stream to_client;
    bool accepted = false;
    bool ended = false;  // by the client
    bool reset = false;  // by the client
    bool ignores = false;
    bool stalled = false;  // takes nothing
    bool shut = false;     // by the server
    bool closed = false;   // by the server
    int listener = -1;
  };

  struct FakeDatagram {
    uint16_t port = 0;
    std::string bytes;
  };

  bool chance(uint32_t thousandths) { return random_() % 1000 < thousandths; }
  size_t up_to(size_t most) { return most == 0 ? 0 : 1 + random_() % most; }

  std::mt19937_64 random_;
  std::map<int, Socket> sockets_;
  std::map<int, std::deque<FakeDatagram>> datagrams_;  // not received yet, by socket
  std::map<uint16_t, std::vector<std::string>> answers_;
  int last_socket_ = 99;
  size_t largest_send_ = 0;
};

class FakeDoor final : public Door {
 public:
  FakeDoor(FakeNetwork& network, const FakeMoods& moods, uint32_t buffers_max);

  /// Virtual time, for ticks.
  void set_milliseconds(uint64_t now) { now_ms_ = now; }

  void accept(int listener, Token) override;
  void receive(int socket, Token) override;
  void send(int socket, const char* bytes, size_t size, Token) override;
  void send(int socket, const msghdr* message, Token) override;
  void cancel(Token) override;
  void close(int descriptor) override;
  void shutdown(int socket) override;
  void receive_datagrams(int socket, Token) override;
  int send_datagrams(int socket, std::span<mmsghdr>) override;
  void await_room(int socket, Token) override;
  void tick(uint32_t milliseconds, Token) override;
  int bell() const override { return -1; }
  void wake(int) override {}
  std::span<const Completion> wait(bool sleep) override;
  void release(const Lease&) override;
  const BufferPool& pool() const override { return pool_; }

 private:
  /// Something asked for that has not ended.
  struct Pending {
    Token token;
    int descriptor = -1;
    bool cancelled = false;
    uint64_t due_ms = 0;
    std::vector<iovec> bytes{};
  };

  void take_overflown(size_t room);
  bool try_to_complete(Pending&, Completion&);
  bool complete_accept(Pending&, Completion&);
  bool complete_receive(Pending&, Completion&);
  bool complete_send(Pending&, Completion&);
  bool complete_datagram(Pending&, Completion&);
  void complete_late();
  void lend_more();

  FakeNetwork& network_;
  FakeMoods moods_;
  BufferPool pool_;
  std::vector<uint16_t> free_;
  std::vector<Pending> pending_;
  std::vector<Pending> former_;       // receives that have ended; the last few
  std::deque<Completion> overflown_;  // happened, and did not fit
  std::vector<Completion> collected_;
  uint64_t now_ms_ = 0;
};

}  // namespace ringcached::io
