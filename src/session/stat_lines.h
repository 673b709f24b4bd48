// Where statistics are told: one name and value after the other, spelled as the dialect spells
// them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringcached::session {

class StatSink {
 public:
  virtual void add(std::string_view name, std::string_view value) = 0;
  void add(std::string_view name, uint64_t value) {
    add(name, std::string_view(std::to_string(value)));
  }
  void add(std::string_view name, const std::string& value) { add(name, std::string_view(value)); }
  void add(std::string_view name, const char* value) { add(name, std::string_view(value)); }

 protected:
  ~StatSink() = default;
};

/// The classic text protocol's: lines of `STAT name value`, and END.
class StatLines final : public StatSink {
 public:
  using StatSink::add;
  void add(std::string_view name, std::string_view value) override {
    text_.append("STAT ").append(name).append(" ").append(value).append("\r\n");
  }

  std::string finish() {
    text_.append("END\r\n");
    return std::move(text_);
  }

 private:
  std::string text_;
};

}  // namespace ringcached::session
