// Counts the requests in received bytes, looking at no more of them than counting takes.
//
// It trusts its client: a get counts by its line and its spaces, a set by its line and the length
// at the end of that line; whatever else comes is one line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace limit {

enum class Kind : uint8_t { Get, Set, Unknown };

/// So many equal requests, one behind the other.
struct Run {
  Kind kind;
  uint32_t keys;  // of each get
  uint64_t count;
};

class Requests {
 public:
  /// Adds what is complete to the runs and remembers what is not. false: nobody means that.
  bool take(std::string_view bytes);

  /// What is to be answered; whoever answers takes runs away or lowers their counts.
  std::vector<Run>& runs() { return runs_; }

 private:
  bool take_line(std::string_view line);
  void add(Kind kind, uint32_t keys);

  // A multi-get of a thousand of the longest keys; a client so many runs ahead does not read.
  // Guesses, both.
  static constexpr size_t line_max = 256 * 1024;
  static constexpr size_t runs_max = 1u << 20;

  uint64_t value_left_ = 0;  // bytes of a set's value, and its CRLF, that are still to come
  std::string line_;         // the beginning of a line whose end is still to come
  std::vector<Run> runs_;
};

}  // namespace limit
