#include "ringload/json.h"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace ringload {

namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f) {  // beyond ASCII it may be no UTF-8: byte for byte
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      out += escape;
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

void JsonObject::add(std::string_view key, std::string_view text) {
  raw(key, quoted(text));
}

void JsonObject::add(std::string_view key, double number) {
  if (!std::isfinite(number)) return raw(key, "null");
  constexpr int digits = 10;
  char text[64];
  const auto end =
      std::to_chars(text, text + sizeof text, number, std::chars_format::general, digits).ptr;
  raw(key, std::string_view(text, static_cast<size_t>(end - text)));
}

void JsonObject::raw(std::string_view key, std::string_view value) {
  if (!members_.empty()) members_ += ", ";
  members_ += quoted(key);
  members_ += ": ";
  members_ += value;
}

}  // namespace ringload
