// Claims about how a line falls into words.
#include "wire/text_words.h"

#include <doctest/doctest.h>

#include <string>

#include "transcript.h"

using namespace ringcached;
using namespace ringcached::wire;

TEST_CASE("words stand between one or more spaces") {
  const Words words("  set  key 0   1 ");
  CHECK(words.count() == 4);
  CHECK(words[0] == "set");
  CHECK(words[1] == "key");
  CHECK(words[3] == "1");
  CHECK(words.last() == "1");
  CHECK(words[4].empty());
}

TEST_CASE("a tab and a control byte belong to their word") {
  const Words words("a\tb c\x01\r");
  CHECK(words.count() == 2);
  CHECK(words[0] == "a\tb");
  CHECK(words[1] == "c\x01\r");
}

TEST_CASE("the end of a word is the first space, whatever its neighbours are") {
  testing::GuardedBytes guarded(4096);
  // One above and one below a space, a space with its high bit set, and the outermost bytes.
  for (const char filler : {'\x21', '\x1f', '\xa0', '\x00', '\xff'}) {
    for (size_t size = 0; size <= 20; ++size) {
      for (size_t space = 0; space <= size; ++space) {
        std::string text(size, filler);
        if (space < size) text[space] = ' ';
        if (space + 2 < size) text[space + 2] = ' ';
        const std::string_view placed = guarded.place(text);
        for (size_t from = 0; from <= space; ++from) CHECK(word_end(placed, from) == space);
      }
    }
  }
}

TEST_CASE("a line of spaces has no word") {
  const Words words("    ");
  CHECK(words.count() == 0);
  CHECK(words.last().empty());
  CHECK_FALSE(words.noreply());
}

TEST_CASE("words beyond the limit do not count") {
  std::string line;
  for (size_t i = 0; i < line_words_max; ++i) line += "w ";
  line += "noreply";
  const Words words(line);
  CHECK(words.count() == line_words_max);
  CHECK(words.last() == "w");
  CHECK_FALSE(words.noreply());
}

TEST_CASE("a line loses its newline and one carriage return") {
  CHECK(without_end("abc\r\n") == "abc");
  CHECK(without_end("abc\n") == "abc");
  CHECK(without_end("abc\r\r\n") == "abc\r");
  CHECK(without_end("\n").empty());
  CHECK(without_end("\r\n").empty());
}

TEST_CASE("noreply counts as the last word only") {
  CHECK(ends_in_noreply("noreply"));
  CHECK(ends_in_noreply("get k noreply"));
  CHECK(ends_in_noreply("get k noreply  "));
  CHECK_FALSE(ends_in_noreply("get k xnoreply"));
  CHECK_FALSE(ends_in_noreply("get noreply k"));
  CHECK_FALSE(ends_in_noreply("reply"));
  CHECK_FALSE(ends_in_noreply(""));
  CHECK_FALSE(ends_in_noreply("   "));
}

TEST_CASE("a word over the limit is found wherever it stands") {
  testing::GuardedBytes guarded(4096);
  for (size_t before = 0; before < 40; ++before) {
    for (const size_t size : {9u, 10u, 11u, 12u, 25u}) {
      std::string text;
      while (text.size() < before) text += "ab ";
      text += std::string(size, 'x');
      for (const char* after : {"", " ", " y", " yy zzz yy zzz"}) {
        const std::string_view placed = guarded.place(text + after);
        CHECK(has_word_over(placed, 10) == (size > 10));
      }
    }
  }
}
