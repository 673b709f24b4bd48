#include "session/passwords.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/secret.h"

namespace ringcached::session {
namespace {

std::string malformed(const std::string& path, const char* why) {
  return "authfile [" + path + "] " + why;
}

}  // namespace

std::string Passwords::load(const std::string& path) {
  std::ifstream file(path);
  if (!file) return "could not open authfile [" + path + "]: " + std::strerror(errno);
  std::vector<std::string> entries;
  std::string line;
  while (std::getline(file, line)) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.size() > line_max) return malformed(path, "has a line of more than 256 bytes");
    if (line.find(':') == std::string::npos) {
      return malformed(path, "has a malformed entry; each line should be 'user:password'");
    }
    if (entries.size() == users_max) return malformed(path, "has more than 8 users");
    entries.push_back(line);
  }
  if (entries.empty()) return malformed(path, "names no user; a line should be 'user:password'");
  const std::lock_guard<std::mutex> alone(lock_);
  entries_ = std::move(entries);
  return {};
}

bool Passwords::admits(std::string_view user, std::string_view password) const {
  const std::string given = std::string(user) + ":" + std::string(password);
  const std::lock_guard<std::mutex> alone(lock_);
  bool known = false;
  for (const std::string& entry : entries_) known = same_secret(entry, given) || known;
  return known;
}

}  // namespace ringcached::session
