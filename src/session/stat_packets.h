// Statistics as the binary protocol tells them: a packet for each, and an empty one at the end.
#pragma once

#include <string>
#include <string_view>

#include "session/stat_lines.h"
#include "wire/binary_writer.h"

namespace ringcached::session {

class StatPackets final : public StatSink {
 public:
  /// `echo` is the header of the request; it outlives this.
  explicit StatPackets(std::string_view echo) : echo_(echo) {}

  using StatSink::add;
  void add(std::string_view name, std::string_view value) override {
    wire::append_binary_stat(text_, name, value, echo_);
  }

  std::string finish() {
    wire::append_binary_stat(text_, {}, {}, echo_);
    return std::move(text_);
  }

 private:
  std::string_view echo_;
  std::string text_;
};

}  // namespace ringcached::session
