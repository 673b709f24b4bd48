// Connecting to the server.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringload {

/// A descriptor that closes itself.
class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  Socket& operator=(Socket&&) = delete;
  ~Socket();
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// `address`: host:port, [host]:port, or a path (it has a slash). Throws Failure: Usage for what is
/// no address, Unavailable, or System when descriptors run out.
Socket connect_to(const std::string& address);

/// Room for so many sockets and rings besides what the process has open anyway. Throws
/// Failure(Exit::System) with what to do.
void allow_descriptors(uint32_t count);

/// Connections that say nothing, as long as it lives.
class IdleConnections {
 public:
  IdleConnections(const std::string& address, uint32_t count);
  /// How many of them the server has closed, or sent something.
  uint32_t disturbed() const;

 private:
  std::vector<Socket> sockets_;
};

}  // namespace ringload
