// Who may talk to a server with -Y: users and their passwords, from a file that may be read again.
//
// Shared by all cores and the thread that waits for SIGHUP; a lock, taken once per login.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ringcached::session {

class Passwords {
 public:
  static constexpr size_t users_max = 8;   // memcached's
  static constexpr size_t line_max = 256;  // bytes; memcached's

  /// Reads lines of "user:password". Empty: the new ones hold; else what is wrong, and the old ones
  /// stay.
  std::string load(const std::string& path);

  /// Takes as long for a wrong password as for a right one of the same length.
  bool admits(std::string_view user, std::string_view password) const;

 private:
  mutable std::mutex lock_;
  std::vector<std::string> entries_;  // "user:password"
};

}  // namespace ringcached::session
