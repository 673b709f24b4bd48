#include "limit/requests.h"

#include <algorithm>
#include <charconv>

namespace limit {

bool Requests::take(std::string_view bytes) {
  while (!bytes.empty()) {
    if (value_left_ > 0) {
      const size_t part = std::min<uint64_t>(value_left_, bytes.size());
      bytes.remove_prefix(part);
      value_left_ -= part;
      if (value_left_ > 0) return true;
      add(Kind::Set, 0);
      continue;
    }
    const size_t size = bytes.find('\n');
    if (size == std::string_view::npos) {
      line_ += bytes;
      return line_.size() <= line_max;
    }
    bool fine = true;
    if (line_.empty()) {
      fine = take_line(bytes.substr(0, size));
    } else {
      line_ += bytes.substr(0, size);
      fine = take_line(line_);
      line_.clear();
    }
    if (!fine) return false;
    bytes.remove_prefix(size + 1);
  }
  return runs_.size() <= runs_max;
}

/// `line` has no newline at its end, but may have the carriage return before it.
bool Requests::take_line(std::string_view line) {
  if (line.starts_with("get")) {
    add(Kind::Get, static_cast<uint32_t>(std::count(line.begin(), line.end(), ' ')));
    return true;
  }
  if (!line.starts_with("set ")) {
    add(Kind::Unknown, 0);
    return true;
  }
  const char* first = line.data() + line.rfind(' ') + 1;
  uint64_t size = 0;
  if (std::from_chars(first, line.data() + line.size(), size).ec != std::errc()) return false;
  value_left_ = size + 2;
  return true;
}

void Requests::add(Kind kind, uint32_t keys) {
  if (!runs_.empty() && runs_.back().kind == kind && runs_.back().keys == keys) {
    ++runs_.back().count;
  } else {
    runs_.push_back({kind, keys, 1});
  }
}

}  // namespace limit
