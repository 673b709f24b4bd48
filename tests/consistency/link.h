// A blocking connection to the server under test. Any failure ends the process with a message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ringcached::consistency {

[[noreturn]] void fail(const std::string& why);

class Link {
 public:
  /// To 127.0.0.1.
  explicit Link(uint16_t port);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  void send(std::string_view bytes);
  /// The next line, without its CRLF; it lives until the next call.
  std::string_view read_line();
  /// The next `size` bytes and the CRLF behind them, without that.
  std::string_view read_value(size_t size);

 private:
  void need(size_t size);
  void read_more();

  int socket_;
  std::string buffer_;
  size_t taken_ = 0;  // bytes of the buffer that were given out
};

}  // namespace ringcached::consistency
