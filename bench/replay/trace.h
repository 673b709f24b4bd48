// Requests from a text file: a line each, the key and the bytes of its value.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

#include "replay/request.h"

namespace replay {

/// A key is a decimal number below 2^64, or any other word, which is hashed. Empty lines and lines
/// that begin with # are passed over, what stands behind the size as well.
class Trace : public Source {
 public:
  /// `path`: - is the standard input. Throws std::runtime_error if it cannot be opened.
  explicit Trace(const std::string& path);
  /// Throws std::runtime_error, naming the line, if it is none of a trace.
  bool next(Request& request) override;

 private:
  std::string path_;
  std::ifstream file_;
  std::istream& in_;
  std::string line_;
  uint64_t number_ = 0;
};

}  // namespace replay
