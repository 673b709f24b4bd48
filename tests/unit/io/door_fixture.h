// A door with what its tests ask of it: real sockets, and completions sorted by token.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "io/epoll_door.h"
#include "io/uring_door.h"

namespace ringcached::io {

/// Closes what it holds.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { reset(); }

  operator int() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

/// The server's end and the client's end of a connection. The client's does not block.
struct Pair {
  Descriptor near;
  Descriptor far;
};

inline Pair local_pair(int type = SOCK_STREAM) {
  int ends[2] = {-1, -1};
  REQUIRE(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) == 0);
  Pair pair{Descriptor(ends[0]), Descriptor(ends[1])};
  return pair;
}

/// Listens on a port of the kernel's choice.
inline Descriptor tcp_listener() {
  Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener, 256) == 0);
  return listener;
}

inline Descriptor tcp_client(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(client, reinterpret_cast<sockaddr*>(&address), size) == 0);
  return client;
}

inline Pair tcp_pair() {
  const Descriptor listener = tcp_listener();
  Descriptor far = tcp_client(listener);
  Descriptor near(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  REQUIRE(near >= 0);
  return {std::move(near), std::move(far)};
}

inline void write_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    REQUIRE(n > 0);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

/// Everything that can be read from `socket` right now.
inline std::string read_what_is_there(int socket) {
  std::string all;
  char bytes[16384];
  for (;;) {
    const ssize_t n = ::recv(socket, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n <= 0) return all;
    all.append(bytes, static_cast<size_t>(n));
  }
}

/// How a test wants its door; the one on epoll knows of buffers_max only.
using DoorConfig = UringConfig;

template <class Kind>
std::unique_ptr<Door> open_kind(const DoorConfig& config, std::string& error) {
  if constexpr (std::is_same_v<Kind, EpollDoor>) {
    return EpollDoor::open({config.buffers_max}, error);
  } else {
    return UringDoor::open(config, error);
  }
}

/// The tests of the face run as TEST_CASE_TEMPLATE over the kinds, on an Opened<Kind>.
struct DoorFixture {
  ~DoorFixture() { CHECK(door->pool().leased() == 0); }

  /// One turn that does not sleep longer than a heartbeat; what came is at the end of `seen`.
  void turn() {
    if (!heart_beats_) door->tick(heartbeat_ms, heartbeat);
    heart_beats_ = true;
    for (const Completion& completion : door->wait(true)) {
      if (completion.token == heartbeat) {
        heart_beats_ = false;
        ++beats_;
      } else {
        seen.push_back(completion);
      }
    }
  }

  /// Turns until `condition` holds. Fails the test if it does not in half a minute.
  void until(const std::function<bool()>& condition) {
    const int last_beat = beats_ + 600;
    while (!condition()) {
      REQUIRE_MESSAGE(beats_ < last_beat, "waited in vain");
      turn();
    }
  }

  size_t count(Token token) const {
    size_t n = 0;
    for (const Completion& completion : seen) n += completion.token == token;
    return n;
  }
  /// The last completion of `token`, waited for.
  Completion last(Token token) {
    until([&] { return count(token) > 0; });
    Completion found;
    for (const Completion& completion : seen) {
      if (completion.token == token) found = completion;
    }
    return found;
  }
  /// The completion that ends the act of `token`.
  Completion end_of(Token token) {
    Completion end;
    until([&] {
      for (const Completion& completion : seen) {
        if (completion.token != token || completion.more) continue;
        end = completion;
        return true;
      }
      return false;
    });
    return end;
  }
  /// The bytes that `token` received, all leases given back; forgets what was seen.
  std::string take_bytes(Token token) {
    std::string bytes;
    for (const Completion& completion : seen) {
      if (completion.lease.buffer == Lease::no_buffer) continue;
      if (completion.token == token) bytes.append(completion.lease.bytes);
      door->release(completion.lease);
    }
    seen.clear();
    return bytes;
  }
  /// Ends a receive that is under way, and gives back what it got meanwhile.
  void end_receive(Token token) {
    door->cancel(token);
    end_of(token);
    take_bytes(token);
  }

  std::unique_ptr<Door> door;
  std::vector<Completion> seen;

 private:
  static constexpr Token heartbeat{Act::Tick, Token::slot_max, 0xbea7};
  static constexpr uint32_t heartbeat_ms = 50;

  bool heart_beats_ = false;
  int beats_ = 0;
};

template <class Kind>
struct Opened : DoorFixture {
  explicit Opened(const DoorConfig& config = {}) {
    std::string error;
    door = open_kind<Kind>(config, error);
    REQUIRE_MESSAGE(door != nullptr, error);
  }
};

}  // namespace ringcached::io
