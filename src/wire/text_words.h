// Cuts a command line into its words: what stands between one or more spaces.
//
// Tabs and control bytes are bytes of a word like any other. Source: memcached 1.6.45, as probed.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "ringcached/limits.h"

namespace ringcached::wire {

/// A line (its newline included) without its end: the newline and one carriage return before it.
inline std::string_view without_end(std::string_view line) {
  line.remove_suffix(1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

/// The first place at or behind `from` that is not a space, or the size of `text`.
inline size_t skip_spaces(std::string_view text, size_t from) {
  while (from < text.size() && text[from] == ' ') ++from;
  return from;
}

/// The first space among eight bytes, as they lie in memory, or 8 if there is none.
inline size_t first_space_of(uint64_t eight) {
  static_assert(std::endian::native == std::endian::little);
  constexpr uint64_t ones = 0x0101010101010101;
  const uint64_t zero_at_space = eight ^ (ones * ' ');
  // The lowest bit that is set belongs to the first space; higher ones may be wrong.
  const uint64_t spaces = (zero_at_space - ones) & ~zero_at_space & (ones << 7);
  return static_cast<size_t>(std::countr_zero(spaces)) / 8;
}

/// The first space at or behind `from`, or the size of `text`. Eight bytes at a time: words are too
/// short for memchr to pay, and too long to be read byte by byte.
inline size_t word_end(std::string_view text, size_t from) {
  uint64_t eight;
  constexpr size_t step = sizeof(eight);
  while (text.size() - from >= step) {
    std::memcpy(&eight, text.data() + from, step);
    const size_t space = first_space_of(eight);
    if (space < step) return from + space;
    from += step;
  }
  if (text.size() >= step && from < text.size()) {  // the last eight, but for what was looked at
    const size_t left = text.size() - from;
    std::memcpy(&eight, text.data() + text.size() - step, step);
    return from + std::min(first_space_of(eight >> (8 * (step - left))), left);
  }
  while (from < text.size() && text[from] != ' ') ++from;
  return from;
}

/// The last word of `text` is "noreply".
inline bool ends_in_noreply(std::string_view text) {
  constexpr std::string_view noreply = "noreply";
  const size_t last = text.find_last_not_of(' ');
  if (last == std::string_view::npos) return false;
  text = text.substr(0, last + 1);
  if (!text.ends_with(noreply)) return false;
  return text.size() == noreply.size() || text[text.size() - noreply.size() - 1] == ' ';
}

/// Some word of `text` is longer than `size_max`. Looks for a space backwards from where a word
/// that is too long would have to reach: a line of short words is not read byte by byte.
inline bool has_word_over(std::string_view text, size_t size_max) {
  size_t start = 0;  // nothing before it belongs to a word that could still be too long
  while (text.size() - start > size_max) {
    const size_t space = text.substr(start, size_max + 1).rfind(' ');
    if (space == std::string_view::npos) return true;
    start += space + 1;
  }
  return false;
}

/// The first line_words_max words of a line; what stands behind them does not count. The words are
/// views into the line.
class Words {
 public:
  /// `text` is a line without its end.
  explicit Words(std::string_view text) {
    size_t at = skip_spaces(text, 0);
    while (at < text.size() && count_ < line_words_max) {
      const size_t stop = word_end(text, at);
      begins_[count_] = text.data() + at;
      ends_[count_] = text.data() + stop;
      ++count_;
      at = skip_spaces(text, stop);
    }
  }

  size_t count() const { return count_; }

  /// The word at `index`; an empty one behind the last.
  std::string_view operator[](size_t index) const {
    if (index >= count_) return {};
    return {begins_[index], static_cast<size_t>(ends_[index] - begins_[index])};
  }

  /// From the word at `index` to the end of the last one; empty behind the last.
  std::string_view from(size_t index) const {
    if (index >= count_) return {};
    return {begins_[index], static_cast<size_t>(ends_[count_ - 1] - begins_[index])};
  }

  std::string_view last() const { return count_ == 0 ? std::string_view() : (*this)[count_ - 1]; }
  bool noreply() const { return last() == "noreply"; }

 private:
  // Not initialised beyond count_: a line has few words, and this is on the way of every `set`.
  const char* begins_[line_words_max];
  const char* ends_[line_words_max];
  size_t count_ = 0;
};

}  // namespace ringcached::wire
