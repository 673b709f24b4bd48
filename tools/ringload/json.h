// Writes one JSON object.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringload {

class JsonObject {
 public:
  void add(std::string_view key, std::string_view text);
  void add(std::string_view key, const char* text) { add(key, std::string_view(text)); }
  void add(std::string_view key, double number);
  void add(std::string_view key, bool value) { raw(key, value ? "true" : "false"); }
  void add(std::string_view key, const JsonObject& object) { raw(key, object.text()); }
  template <std::integral Number>
  void add(std::string_view key, Number number) {
    raw(key, std::to_string(number));
  }
  /// null when there is none.
  template <typename Value>
  void add(std::string_view key, const std::optional<Value>& value) {
    value ? add(key, *value) : raw(key, "null");
  }

  std::string text() const { return "{" + members_ + "}"; }

 private:
  void raw(std::string_view key, std::string_view value);

  std::string members_;
};

}  // namespace ringload
