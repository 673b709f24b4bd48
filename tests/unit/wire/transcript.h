// What a parser makes of a stream of bytes, as lines of text that a test can compare.
//
// The caller that a parser meets in a connection is played here: its bytes come in fragments, what
// was not consumed comes back at another address, and behind the last byte lies a forbidden page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "ringcached/meta_extras.h"
#include "wire/binary_parser.h"
#include "wire/text_parser.h"

namespace ringcached::wire::testing {

inline constexpr uint64_t hash_seed = 7;

/// The sizes at which every case is fed; 0 is all at once.
inline constexpr size_t fragment_sizes[] = {0, 100, 10, 5, 2, 1};

/// Memory that ends at a page nobody may touch.
class GuardedBytes {
 public:
  explicit GuardedBytes(size_t capacity);
  ~GuardedBytes();
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  /// A copy of `bytes` whose end is the end of the memory.
  std::string_view place(std::string_view bytes);

  /// So many bytes that nobody may touch; at most a page.
  std::string_view forbidden(size_t size) const { return {memory_ + size_, size}; }

 private:
  size_t size_;  // without the forbidden page
  char* memory_;
};

/// Bytes of which the first ones may not be touched.
class SplitBytes {
 public:
  /// `forbidden` bytes, at most a page, and then those of `open`.
  SplitBytes(size_t forbidden, std::string_view open);
  ~SplitBytes();
  SplitBytes(const SplitBytes&) = delete;
  SplitBytes& operator=(const SplitBytes&) = delete;

  std::string_view bytes() const { return bytes_; }

 private:
  char* memory_;
  std::string_view bytes_;
};

/// One operation in a line, such as "set k flags=0 exptime=0 value=abc quiet".
std::string describe(const Operation& operation);

/// Plays a connection that receives `input` in fragments of one size.
template <class Parser>
class CallerOf {
 public:
  explicit CallerOf(const ParserRules& rules = {}) : rules_(rules) {}

  /// Feeds `input` and runs all that can be run.
  void receive(std::string_view input, size_t fragment_size);

  const std::vector<std::string>& operations() const { return operations_; }
  size_t calls() const { return calls_; }
  size_t unread() const { return pending_.size(); }
  bool died() const { return died_; }

 private:
  void run();
  bool fill();
  void note(const Operation& operation);

  ParserRules rules_;
  KeyHasher hasher_{hash_seed};
  Parser parser_{rules_, hasher_};
  std::string pending_;
  std::vector<std::string> operations_;
  Operation filling_;
  std::string filling_key_;
  std::string filling_echo_;
  MetaExtras extras_;  // of the command read last
  bool is_filling_ = false;
  bool died_ = false;
  size_t calls_ = 0;
};

using Caller = CallerOf<TextParser>;
using BinaryCaller = CallerOf<BinaryParser>;

template <class Parser = TextParser>
std::vector<std::string> transcript(std::string_view input, size_t fragment_size,
                                    const ParserRules& rules = {}) {
  CallerOf<Parser> caller(rules);
  caller.receive(input, fragment_size);
  return caller.operations();
}

/// Checks that `input` means `expected` at every fragment size.
template <class Parser = TextParser>
void check_reads(std::string_view input, const std::vector<std::string>& expected,
                 const ParserRules& rules = {});

}  // namespace ringcached::wire::testing
