// Conversations in tests: questions, and replies to them cut into pieces of every size.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "joined.h"
#include "ringload/conversation.h"
#include "ringload/failure.h"
#include "ringload/value.h"

namespace ringload {

inline const Keys keys{Sizes(5), *Sizes::parse("40")};

using Make = std::unique_ptr<Conversation> (*)(const Keys&, bool);
using Question = std::vector<uint64_t>;  // keys of a get; none is a set of key 1

inline std::string text_of(uint64_t key) {
  std::string text(keys.room(), ' ');
  keys.write(text.data(), key);
  return text.substr(0, 5);
}

/// As a set of number 9 stores it.
inline std::string value_of(uint64_t key, uint32_t size = 40) {
  Outgoing out;
  append_value(out, key, 9, size);
  return joined(out.slices());
}

inline std::unique_ptr<Conversation> asked(Make make, const std::vector<Question>& questions,
                                           bool verify = true) {
  auto talk = make(keys, verify);
  talk->begin_batch();
  for (const Question& question : questions) {
    question.empty() ? talk->ask_set(1, 9, 60, 0) : talk->ask_get(question, 0);
  }
  return talk;
}

/// In pieces of so many bytes, each a copy of its own, so that the sanitizer sees who looks behind.
inline void feed(Conversation& talk, const std::string& replies, size_t piece, Tally& tally) {
  for (size_t at = 0; at < replies.size(); at += piece) {
    const std::vector<char> bytes(
        replies.begin() + static_cast<long>(at),
        replies.begin() + static_cast<long>(std::min(at + piece, replies.size())));
    talk.read({bytes.data(), bytes.size()}, tally);
  }
}

/// The replies, cut in pieces of every size; they must come to the same.
inline Tally read(Make make, const std::vector<Question>& questions, const std::string& replies,
                  bool verify = true) {
  Tally first;
  for (const size_t piece : {1000u, 100u, 10u, 5u, 2u, 1u}) {
    CAPTURE(piece);
    const auto talk = asked(make, questions, verify);
    Tally tally;
    feed(*talk, replies, piece, tally);
    CHECK(talk->is_answered());
    if (piece == 1000) first = tally;
    CHECK(tally.gets == first.gets);
    CHECK(tally.sets == first.sets);
    CHECK(tally.hits == first.hits);
    CHECK(tally.misses == first.misses);
    CHECK(tally.wrong == first.wrong);
    CHECK(tally.errors == first.errors);
    CHECK(tally.first_error == first.first_error);
    CHECK(tally.first_wrong == first.first_wrong);
  }
  return first;
}

/// How it ends, whatever the pieces.
inline Exit failure_of(Make make, const std::vector<Question>& questions,
                       const std::string& replies) {
  for (const size_t piece : {1000u, 1u}) {
    const auto talk = asked(make, questions);
    Tally tally;
    Exit code = Exit::Ok;
    try {
      feed(*talk, replies, piece, tally);
    } catch (const Failure& failure) {
      code = failure.code();
    }
    if (piece == 1) return code;
    CHECK(code != Exit::Ok);
  }
  return Exit::Ok;
}

}  // namespace ringload
