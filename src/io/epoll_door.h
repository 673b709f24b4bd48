// The door on epoll, for where io_uring is refused: an act is tried when its socket is ready for
// it.
//
// Owner: one core. Level-triggered: what a turn leaves unread the kernel tells of again, so that no
// socket can be forgotten, and none gets more than its share of a turn. Sends are tried without
// asking the set; it is asked for room only after the kernel has refused to take more.
#pragma once

#include <sys/socket.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "io/door.h"
#include "io/near_timer.h"

namespace ringcached::io {

struct EpollConfig {
  uint32_t buffers_max = 1024;  // receive buffers: 16 MiB at the most
};

class EpollDoor final : public Door {
 public:
  /// nullptr: the process is out of descriptors or memory; `error` then says so in a line.
  static std::unique_ptr<EpollDoor> open(const EpollConfig&, std::string& error);
  ~EpollDoor() override;
  EpollDoor(const EpollDoor&) = delete;
  EpollDoor& operator=(const EpollDoor&) = delete;

  /// The listener no longer blocks from here on.
  void accept(int listener, Token) override;
  void receive(int socket, Token) override;
  void send(int socket, const char* bytes, size_t size, Token) override;
  void send(int socket, const msghdr* message, Token) override;
  void cancel(Token) override;
  void close(int descriptor) override;
  void hand_over(int socket, Token) override;
  void shutdown(int socket) override;
  void receive_datagrams(int socket, Token) override;
  int send_datagrams(int socket, std::span<mmsghdr>) override;
  void await_room(int socket, Token) override;
  void tick(uint32_t milliseconds, Token) override;
  int bell() const override { return bell_; }
  void wake(int bell_of_other) override;
  std::span<const Completion> wait(bool sleep) override;
  void release(const Lease&) override;
  const BufferPool& pool() const override { return pool_; }

 private:
  /// A descriptor, and what the set looks for on it: EPOLLIN, EPOLLOUT, 0 = it is not in the set.
  struct Watched {
    int descriptor = -1;
    uint32_t generation = 0;  // of the slot's tenant
    uint32_t events = 0;
  };
  struct Listener {
    Watched at;
    bool accepting = false;
  };
  /// A connected socket and its acts; found by the slot of their tokens.
  struct Client {
    Watched at;
    bool receiving = false;
    bool sending = false;
    bool parked = false;              // the send waits for room
    const char* bytes = nullptr;      // to send; null: `message`
    const msghdr* message = nullptr;  // to send
    size_t size = 0;                  // of `bytes`
    size_t sent = 0;                  // of `bytes`
  };
  /// A tick that was asked for.
  struct Alarm {
    uint64_t due_ns = 0;  // CLOCK_MONOTONIC
    Token token;
  };

  /// A socket of datagrams and its acts; found by the slot of their tokens.
  struct DatagramSocket {
    Watched at;
    bool receiving = false;
    bool awaiting_room = false;
  };

  explicit EpollDoor(const EpollConfig&);
  bool set_up(std::string& error);

  Client& client_of(int socket, Token);
  int look_for(Watched&, uint32_t events, Token);
  void look(bool sleep);
  void on_ready(Token, uint32_t events);

  void accept_now(Token);
  void receive_now(Client&, Token);
  void start_send(Client&, Token);
  void send_now(Client&, Token);
  void park(Client&, Token);
  void end_send(Client&, Token, int32_t result);

  DatagramSocket& datagram_socket_of(int socket, Token);
  void on_datagrams_ready(Token, uint32_t events);
  void receive_datagrams_now(DatagramSocket&, Token);
  void cancel_datagrams(Token);

  void ring_due_alarms();
  void set_timer();
  void set_near_timer();
  void lend_new_buffers();

  int set_ = -1;
  int bell_ = -1;   // an eventfd
  int timer_ = -1;  // a timerfd, set to the first of `alarms_`
  BufferPool pool_;
  std::vector<uint16_t> free_;  // buffers; the last one given back is used first
  std::vector<Listener> listeners_;
  std::deque<Client> clients_;
  std::vector<DatagramSocket> datagram_sockets_;
  std::vector<Alarm> alarms_;
  NearTimer near_timer_;
  std::vector<Token> asked_;       // accepts and sends that wait for wait()
  std::vector<Completion> ended_;  // by what was called since the last wait()
  std::vector<Completion> collected_;
  bool looked_ = false;   // the last wait() asked the set
  bool starved_ = false;  // a receive found no buffer this turn
};

}  // namespace ringcached::io
