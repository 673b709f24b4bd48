#include "wire/text_writer.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>

#include "base/assert.h"
#include "base/digits.h"
#include "ringcached/limits.h"
#include "wire/text_replies.h"

namespace ringcached::wire {
namespace {

constexpr std::string_view silence = "";
constexpr std::string_view line_end = "\r\n";
constexpr std::string_view value_word = "VALUE ";

constexpr size_t digits32_max = 10;  // of an unsigned 32-bit number
constexpr size_t value_line_max =
    value_word.size() + key_size_max + 2 * (1 + digits32_max) + 1 + digits_max + line_end.size();
static_assert(value_line_max + line_end.size() + end.size() <= reply_frame_max);
static_assert(std::max({bad_format.size(), not_numeric.size(), no_memory_to_get.size(),
                        no_memory_to_store.size(), too_large.size()}) <= reply_frame_max);

/// Outcomes that are spelled alike whatever was asked; the others are empty here.
constexpr std::string_view spelled_alike(Outcome outcome) {
  switch (outcome) {
    case Outcome::Stored:
      return stored;
    case Outcome::NotStored:
      return not_stored;
    case Outcome::Exists:
      return exists;
    case Outcome::NotFound:
      return not_found;
    case Outcome::Deleted:
      return deleted;
    case Outcome::Touched:
      return touched;
    case Outcome::NotNumeric:
      return not_numeric;
    case Outcome::TooLarge:
      return too_large;
    case Outcome::NoSpare:
      return no_spare_pages;
    case Outcome::NotStarted:
      return nothing_to_crawl;
    case Outcome::BadClass:
      return bad_classes;
    case Outcome::SameClass:
      return same_class;
    case Outcome::Busy:
    case Outcome::Refused:
    case Outcome::Pending:
    case Outcome::Done:
    case Outcome::Hit:
    case Outcome::Miss:
    case Outcome::Number:
    case Outcome::NoMemory:
    case Outcome::Granted:
      break;
  }
  return silence;
}

constexpr std::string_view spelled_no_memory(Verb verb) {
  switch (verb) {
    case Verb::Get:
    case Verb::GetAndTouch:
    case Verb::MetaGet:
      return no_memory_to_get;
    case Verb::Store:
    case Verb::MetaStore:
    case Verb::Refuse:
    case Verb::Reserve:
    case Verb::Commit:
      return no_memory_to_store;
    case Verb::Extend:
      return no_memory_to_read;
    default:
      return no_memory;
  }
}

constexpr std::string_view spelled_done(Verb verb) {
  switch (verb) {
    case Verb::FlushAll:
    case Verb::Reassign:
    case Verb::Crawl:
    case Verb::Verbosity:
    case Verb::MemoryLimit:
    case Verb::Automove:
    case Verb::AutomoveRatio:
    case Verb::AutomoveWindow:
    case Verb::LruTune:
    case Verb::LruMode:
    case Verb::LruTemporaryTtl:
    case Verb::Crawler:
    case Verb::CrawlerSleep:
    case Verb::CrawlerTocrawl:
    case Verb::Detail:
    case Verb::PauseTime:
    case Verb::ResumeTime:
    case Verb::AdvanceTime:
      return ok;
    case Verb::ResetStats:
      return reset;
    default:
      return silence;
  }
}

char* put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* put_number(char* out, uint64_t number) {
  *out++ = ' ';
  return write_digits(out, number);
}

char* write_value_line(const Operation& operation, char* out) {
  RC_ASSERT(operation.key.bytes.size() <= key_size_max);
  out = put(out, value_word);
  out = put(out, operation.key.bytes);
  out = put_number(out, operation.client_flags);
  out = put_number(out, operation.found.size);
  if (operation.with_cas) out = put_number(out, operation.cas);
  return put(out, line_end);
}

}  // namespace

std::string_view spelled(Outcome outcome, Verb verb) {
  switch (outcome) {
    case Outcome::NoMemory:
      return spelled_no_memory(verb);
    case Outcome::Done:
      return spelled_done(verb);
    case Outcome::Busy:
      return verb == Verb::Crawl ? crawler_busy : reassign_busy;
    case Outcome::Refused:
      return verb == Verb::Crawl ? crawler_refused : crawler_not_started;
    default:
      return spelled_alike(outcome);
  }
}

char* write_head(const Operation& operation, char* out) {
  if (operation.quiet || has_text(operation)) return out;
  switch (operation.outcome) {
    case Outcome::Hit:
      return write_value_line(operation, out);
    case Outcome::Miss:
      return out;
    case Outcome::Number:
      return put(write_digits(out, operation.number), line_end);
    default:
      return put(out, spelled(operation.outcome, operation.verb));
  }
}

char* write_reply(const Operation& operation, char* out) {
  RC_ASSERT(!operation.quiet && !has_text(operation));
  switch (operation.outcome) {
    case Outcome::Hit:
      out = write_value_line(operation, out);
      out = put(out, {operation.found.data, operation.found.size});
      out = put(out, line_end);
      return operation.ends_reply ? put(out, end) : out;
    case Outcome::Stored:
      return put(out, stored);
    default:
      return write_tail(operation, write_head(operation, out));
  }
}

char* write_tail(const Operation& operation, char* out) {
  if (operation.quiet || has_text(operation)) return out;
  const bool hit = operation.outcome == Outcome::Hit;
  if (hit) out = put(out, line_end);
  if (operation.ends_reply && (hit || operation.outcome == Outcome::Miss)) out = put(out, end);
  return out;
}

}  // namespace ringcached::wire
