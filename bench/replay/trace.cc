#include "replay/trace.h"

#include <charconv>
#include <iostream>
#include <stdexcept>
#include <string_view>

#include "replay/random.h"

namespace replay {

namespace {

std::string_view take_word(std::string_view& text) {
  const size_t from = std::min(text.find_first_not_of(" \t\r"), text.size());
  const size_t to = std::min(text.find_first_of(" \t\r", from), text.size());
  const std::string_view word = text.substr(from, to - from);
  text.remove_prefix(to);
  return word;
}

bool parse(std::string_view word, uint64_t& number) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc() && end == word.data() + word.size();
}

uint64_t hash_of(std::string_view word) {
  uint64_t hash = word.size();
  for (const char c : word) hash = scramble(hash + static_cast<unsigned char>(c) + 1);
  return hash;
}

}  // namespace

Trace::Trace(const std::string& path) : path_(path), in_(path == "-" ? std::cin : file_) {
  if (path == "-") return;
  file_.open(path);
  if (!file_) throw std::runtime_error("cannot read " + path);
}

bool Trace::next(Request& request) {
  while (std::getline(in_, line_)) {
    ++number_;
    std::string_view rest = line_;
    const std::string_view key = take_word(rest);
    if (key.empty() || key.front() == '#') continue;
    uint64_t size = 0;
    if (!parse(take_word(rest), size) || size > value_size_limit) {
      throw std::runtime_error(path_ + ":" + std::to_string(number_) +
                               ": not a key and the size of its value: " + line_);
    }
    if (!parse(key, request.key)) request.key = hash_of(key);
    request.size = static_cast<uint32_t>(size);
    return true;
  }
  return false;
}

}  // namespace replay
