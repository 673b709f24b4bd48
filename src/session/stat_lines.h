// Builds a reply of `STAT name value` lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringcached::session {

class StatLines {
 public:
  void add(std::string_view name, std::string_view value) {
    text_.append("STAT ").append(name).append(" ").append(value).append("\r\n");
  }
  void add(std::string_view name, uint64_t value) { add(name, std::to_string(value)); }

  std::string finish() {
    text_.append("END\r\n");
    return std::move(text_);
  }

 private:
  std::string text_;
};

}  // namespace ringcached::session
