// What the classic and the meta commands have in common: replies are lines, some with a value
// behind.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ringload/conversation.h"
#include "ringload/value.h"

namespace ringload {

inline constexpr std::string_view line_end = "\r\n";
inline constexpr size_t size_text_max = 12;  // ten digits and a line end

/// Owner: one connection. Without `verify` the keys and values of replies may be anything.
class LineConversation : public Conversation {
 public:
  void begin_batch() final;
  void read(std::string_view bytes, Tally& tally) final;

 protected:
  /// A request: its key, as it stands in out_.
  struct Asked {
    uint64_t key;
    uint32_t text_at;
    uint8_t text_size;
    bool answered;
  };

  LineConversation(const Keys& keys, bool verify) : Conversation(keys), verify_(verify) {}

  /// A line without its end. A value that it announces begins with begin_value().
  virtual void on_line(std::string_view line, Tally& tally) = 0;
  /// What nearly all replies are: all of a value for the next key, a right one. 0 when it is
  /// anything else, or not whole: those who look at lines take it. For speed alone.
  virtual size_t take_usual_value(std::string_view bytes, Tally& tally) = 0;
  /// The value and its line end are there; a wrong one is counted already.
  virtual void on_value_end() {}

  char* write_key(char* out, uint64_t key);
  const char* text_of(const Asked& asked) const { return out_.text() + asked.text_at; }
  /// The command that is answered next, and how many of its requests have no answer yet.
  const Command& command() const { return commands_[answered_]; }
  uint64_t left() const { return command().requests - found_; }
  /// For take_usual_value: the request that it is likely for; nullptr: it cannot be the usual one.
  Asked* usual_request();
  /// The request that the next value is for, as long as some are left.
  Asked& likely_request() { return asked_[hint_]; }
  /// At `at` stand a size, `behind`, and a whole and right value for `asked`: moves behind all of
  /// it and its line end. `behind` may be empty.
  bool take_right_value(const char*& at, const char* end, const Asked& asked,
                        std::string_view behind) const;
  /// The request of this key. Values come in the order of the keys, those of missing ones left out;
  /// only proxies change the order.
  Asked& find_asked(std::string_view key);
  void begin_value(Asked& asked, std::string_view size_text, std::string_view line);
  void count_hit(Asked& asked, Tally& tally);
  void note_error(std::string_view line, uint64_t requests, Tally& tally);
  void finish_command();
  /// One request of the command is answered without a value.
  void skip_request() { ++found_; }

  bool verify() const { return verify_; }

 private:
  size_t take_line(std::string_view bytes, Tally& tally);
  size_t take_value(std::string_view bytes, Tally& tally);
  void check_line(std::string_view line, Tally& tally);
  void note_found(Asked& asked);
  void finish_value(Tally& tally);

  const bool verify_;

  // The requests of the batch, and those of the command that is answered now: they begin at
  // command_at_, `found_` of them have an answer, and the next is likely for hint_.
  std::vector<Asked> asked_;
  size_t command_at_ = 0;
  size_t found_ = 0;
  size_t hint_ = 0;

  bool in_value_ = false;
  ValueCheck value_;
  size_t line_end_seen_ = 0;  // of the two bytes behind the value
  std::string partial_;       // the beginning of a line whose end has not come
};

inline char* put(char* out, std::string_view text) {
  return out + text.copy(out, text.size());
}

/// Moves behind `expected` if that is what stands there.
bool takes(const char*& at, std::string_view expected);
/// For sizes of keys: a call of memcmp costs more than it does.
bool is_same(const char* a, const char* b, size_t size);
/// What a server said, for people.
std::string shown(std::string_view line);
[[noreturn]] void cannot_read(std::string_view line, const char* to);

}  // namespace ringload
