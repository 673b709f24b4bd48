// A connection to the server: sends while it receives, so that neither side can block the other.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

class Link {
 public:
  /// `address`: host:port, or the path of a unix socket (it has a slash). Throws
  /// std::runtime_error, as exchange does.
  explicit Link(const std::string& address);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// Takes what has come and not been taken before, and says how much of it was of use; sets `done`
  /// when nothing more is to come.
  using Reader = std::function<size_t(std::string_view bytes, bool& done)>;

  /// Sends all of `request` and hands over what comes back until the reader has all. A server that
  /// says nothing for half a minute is given up.
  void exchange(std::string_view request, const Reader& reader);

 private:
  bool wait(bool to_send);
  size_t send_some(std::string_view bytes);
  void receive_some();
  void make_room();

  int socket_ = -1;
  std::vector<char> received_;
  size_t from_ = 0, to_ = 0;  // what has come and was not taken
};

}  // namespace replay
