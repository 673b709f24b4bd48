#include "session/passwords.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace ringcached::session {
namespace {

/// Looks at every byte, wherever the first difference is.
bool same(std::string_view secret, std::string_view given) {
  volatile unsigned char difference = secret.size() == given.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    const char expected = secret.empty() ? '\0' : secret[i % secret.size()];
    difference = static_cast<unsigned char>(difference | (expected ^ given[i]));
  }
  return difference == 0;
}

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
  for (const std::string& entry : entries_) known = same(entry, given) || known;
  return known;
}

}  // namespace ringcached::session
