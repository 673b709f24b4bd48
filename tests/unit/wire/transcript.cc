#include "transcript.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstring>

#include "ringcached/meta_extras.h"
#include "wire/replies.h"

namespace ringcached::wire::testing {
namespace {

constexpr size_t guarded_size = 256 * 1024;

size_t page_size() {
  return static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

char* map(size_t size) {
  void* const memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  return static_cast<char*>(memory);
}

/// An operation as a batch may hold it from before: nothing of it may be left.
Operation used() {
  static char somewhere;
  Operation operation;
  operation.key = {"used", 1};
  operation.value = "used";
  operation.cas_wanted = operation.delta = operation.cas = operation.number = 77;
  operation.exptime = 77;
  operation.client_flags = operation.value_size = 77;
  operation.verb = Verb::Stats;
  operation.mode = StoreMode::Cas;
  operation.decrement = operation.quiet = operation.with_cas = operation.ends_reply = true;
  operation.outcome = Outcome::Hit;
  operation.found = {&somewhere, 77, &somewhere};
  operation.fill = &somewhere;
  operation.next = &operation;
  operation.echo = "used";
  operation.dialect = Dialect::Meta;
  return operation;
}

/// What is for others to fill in is blank.
void check_blank(const Operation& operation) {
  CHECK(operation.outcome == Outcome::Pending);
  CHECK(operation.found.data == nullptr);
  CHECK(operation.found.size == 0);
  CHECK(operation.found.holder == nullptr);
  CHECK(operation.cas == 0);
  const bool asks_with_it = operation.verb == Verb::Dump || operation.verb == Verb::LruTune ||
                            operation.dialect == Dialect::Binary;
  if (!asks_with_it) CHECK(operation.number == 0);
  CHECK(operation.fill == nullptr);
  CHECK(operation.next == nullptr);
}

void forbid(char* page) {
  REQUIRE(mprotect(page, page_size(), PROT_NONE) == 0);
}

const char* mode_name(StoreMode mode) {
  switch (mode) {
    case StoreMode::Set:
      return "set";
    case StoreMode::Add:
      return "add";
    case StoreMode::Replace:
      return "replace";
    case StoreMode::Append:
      return "append";
    case StoreMode::Prepend:
      return "prepend";
    case StoreMode::Cas:
      break;
  }
  return "cas";
}

std::string describe_store(const Operation& operation) {
  std::string text = mode_name(operation.mode);
  text += " " + std::string(operation.key.bytes);
  text += " flags=" + std::to_string(operation.client_flags);
  text += " exptime=" + std::to_string(operation.exptime);
  if (operation.mode == StoreMode::Cas) text += " cas=" + std::to_string(operation.cas_wanted);
  if (operation.verb == Verb::Store) return text + " value=" + std::string(operation.value);
  return text + " size=" + std::to_string(operation.value_size);
}

std::string describe_get(const Operation& operation) {
  std::string text = operation.verb == Verb::Get ? "get" : "gat";
  if (operation.with_cas) text += "s";
  if (operation.verb == Verb::GetAndTouch) text += " exptime=" + std::to_string(operation.exptime);
  text += " " + std::string(operation.key.bytes);
  return operation.ends_reply ? text + " end" : text;
}

std::string describe_plain(const Operation& operation) {
  const std::string key(operation.key.bytes);
  switch (operation.verb) {
    case Verb::Say:
      return "say " + std::string(operation.value);
    case Verb::Quit:
      return "quit";
    case Verb::Die:
      return "die";
    case Verb::Get:
    case Verb::GetAndTouch:
      return describe_get(operation);
    case Verb::Touch:
      return "touch " + key + " exptime=" + std::to_string(operation.exptime);
    case Verb::Store:
      return describe_store(operation);
    case Verb::Reserve:
      return "reserve " + describe_store(operation);
    case Verb::Refuse:
      return "refuse " + describe_store(operation);
    case Verb::Delete:
      return "delete " + key;
    case Verb::Arithmetic:
      return (operation.decrement ? "decr " : "incr ") + key + " " +
             std::to_string(operation.delta);
    case Verb::FlushAll:
      return "flush_all exptime=" + std::to_string(operation.exptime);
    case Verb::Stats:
      return "stats " + std::string(operation.value);
    case Verb::ResetStats:
      return "stats reset";
    case Verb::Verbosity:
      return "verbosity " + std::to_string(operation.delta);
    case Verb::Shutdown:
      return "shutdown " + std::to_string(operation.delta);
    case Verb::Dump:
      return "dump " + std::string(operation.value) +
             " classes=" + std::to_string(operation.delta) +
             " items=" + std::to_string(operation.number);
    case Verb::Reassign:
      return "reassign " + std::to_string(operation.exptime) + " to " +
             std::to_string(operation.delta);
    case Verb::Automove:
      return "automove " + std::to_string(operation.delta);
    case Verb::AutomoveRatio:
      return "automove ratio " + std::to_string(std::bit_cast<double>(operation.delta));
    case Verb::AutomoveWindow:
      return "automove window " + std::to_string(operation.delta);
    case Verb::LruTune:
      return "lru tune " + std::to_string(operation.delta >> 32) + " " +
             std::to_string(static_cast<uint32_t>(operation.delta)) + " " +
             std::to_string(std::bit_cast<double>(operation.cas_wanted)) + " " +
             std::to_string(std::bit_cast<double>(operation.number));
    case Verb::LruMode:
      return "lru mode " + std::to_string(operation.delta);
    case Verb::LruTemporaryTtl:
      return "lru temp_ttl " + std::to_string(static_cast<int64_t>(operation.delta));
    case Verb::Crawl:
      return "crawl " + std::to_string(operation.delta);
    case Verb::Crawler:
      return "crawler " + std::to_string(operation.delta);
    case Verb::CrawlerSleep:
      return "crawler sleep " + std::to_string(operation.delta);
    case Verb::CrawlerTocrawl:
      return "crawler tocrawl " + std::to_string(operation.delta);
    case Verb::PauseTime:
      return "pause time";
    case Verb::ResumeTime:
      return "resume time";
    case Verb::AdvanceTime:
      return "advance time " + std::to_string(operation.delta);
    case Verb::Watch:
      return "watch " + std::to_string(operation.delta);
    case Verb::Detail:
      return "detail " + std::to_string(operation.delta);
    case Verb::MemoryLimit:
      return "memory limit " + std::to_string(operation.delta);
    default:
      return "a verb that no line brings";
  }
}

}  // namespace

GuardedBytes::GuardedBytes(size_t capacity)
    : size_((capacity + page_size() - 1) / page_size() * page_size()),
      memory_(map(size_ + page_size())) {
  forbid(memory_ + size_);
}

GuardedBytes::~GuardedBytes() {
  munmap(memory_, size_ + page_size());
}

std::string_view GuardedBytes::place(std::string_view bytes) {
  REQUIRE(bytes.size() <= size_);
  char* const at = memory_ + size_ - bytes.size();
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return {at, bytes.size()};
}

SplitBytes::SplitBytes(size_t forbidden, std::string_view open) : memory_(map(2 * page_size())) {
  REQUIRE(forbidden <= page_size());
  REQUIRE(open.size() <= page_size());
  std::memcpy(memory_ + page_size(), open.data(), open.size());
  bytes_ = {memory_ + page_size() - forbidden, forbidden + open.size()};
  forbid(memory_);
}

SplitBytes::~SplitBytes() {
  munmap(memory_, 2 * page_size());
}

/// What only the binary protocol asks: "from <opcode>", a status, a cas id, a number to begin with.
std::string describe_binary(const Operation& operation) {
  if (operation.verb == Verb::Die) return "";
  REQUIRE(operation.echo.size() == binary_header_size);
  CHECK(static_cast<uint8_t>(operation.echo[0]) == request_magic);
  std::string text = " opcode=" + std::to_string(static_cast<uint8_t>(operation.echo[1]));
  if (operation.verb == Verb::Say || operation.verb == Verb::Quit) {
    text += " status=" + std::to_string(operation.number);
  }
  if (operation.cas_wanted != 0) text += " cas=" + std::to_string(operation.cas_wanted);
  if (operation.verb == Verb::Arithmetic && operation.mode == StoreMode::Add) {
    text += " initial=" + std::to_string(operation.number) +
            " exptime=" + std::to_string(operation.exptime);
  }
  return text;
}

/// One letter of `letters` for each bit of `set`, from the lowest on.
std::string letters_of(uint32_t set, const char* letters) {
  std::string text;
  for (; set != 0; set >>= 1, ++letters) {
    if ((set & 1) != 0) text += *letters;
  }
  return text;
}

std::string name_meta(const Operation& operation) {
  switch (operation.verb) {
    case Verb::MetaGet:
      return "mg ";
    case Verb::MetaStore:
      return std::string("ms ") + mode_name(operation.mode) + " ";
    case Verb::Refuse:
      return std::string("refuse ms ") + mode_name(operation.mode) + " ";
    case Verb::MetaDelete:
      return "md ";
    case Verb::MetaArithmetic:
      return "ma ";
    case Verb::MetaDebug:
      return "me ";
    default:
      return "a verb that no meta line brings ";
  }
}

/// What differs from a command without flags; at its end the flags themselves, and the value.
std::string describe_meta(const Operation& operation) {
  REQUIRE(operation.extras != nullptr);
  const MetaRequest& request = operation.extras->request;
  const bool stores = operation.verb == Verb::MetaStore || operation.verb == Verb::Refuse;
  std::string text = name_meta(operation) + std::string(operation.key.bytes);
  const auto add = [&](const char* name, auto number) {
    if (number != 0) text += std::string(" ") + name + "=" + std::to_string(number);
  };
  if (operation.verb == Verb::MetaArithmetic) {
    text += (operation.decrement ? " -" : " +") + std::to_string(operation.delta);
  }
  if (stores) text += " flags=" + std::to_string(operation.client_flags);
  if (stores) text += " exptime=" + std::to_string(operation.exptime);
  if (request.flags != 0) text += " asks=" + letters_of(request.flags, "bCETNuvIxq");
  std::string steps;
  for (const MetaStep step : request.steps) {
    if (step != MetaStep::None) steps += " tTNR"[static_cast<size_t>(step)];
  }
  if (!steps.empty()) text += " steps=" + steps;
  add("T", request.new_exptime);
  add("N", request.vivify_exptime);
  add("R", request.recache_exptime);
  add("C", operation.cas_wanted);
  add("E", request.cas_new);
  add("F", operation.client_flags);
  add("J", request.initial);
  if (!operation.echo.empty()) text += " echo=" + std::string(operation.echo);
  if (operation.verb == Verb::MetaStore) text += " value=" + std::string(operation.value);
  if (operation.verb == Verb::Refuse) text += " size=" + std::to_string(operation.value_size);
  const bool base64 = operation.extras->result.base64;
  if (operation.verb != Verb::MetaDebug) CHECK(base64 == request.asks(meta::base64_key));
  return text;
}

std::string describe(const Operation& operation) {
  if (operation.dialect == Dialect::Meta) return describe_meta(operation);
  std::string text = describe_plain(operation);
  if (operation.dialect == Dialect::Binary) text += describe_binary(operation);
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return operation.quiet ? text + " quiet" : text;
}

template <class Parser>
void CallerOf<Parser>::receive(std::string_view input, size_t fragment_size) {
  if (fragment_size == 0) fragment_size = input.size();
  while (!input.empty() && !died_) {
    const std::string_view fragment = input.substr(0, fragment_size);
    pending_ += fragment;
    input.remove_prefix(fragment.size());
    run();
  }
}

template <class Parser>
void CallerOf<Parser>::run() {
  static GuardedBytes guarded(guarded_size);
  while (!died_) {
    if (is_filling_ && !fill()) return;
    const std::string_view bytes = guarded.place(pending_);
    Operation operation = used();
    Step step = parser_.next(bytes, operation);
    if (step.what == Step::What::NeedsExtras) {
      REQUIRE(step.consumed == 0);
      operation.extras = &extras_;
      step = parser_.next(bytes, operation);
      REQUIRE(step.what != Step::What::NeedsExtras);
    }
    ++calls_;
    if (step.what == Step::What::Incomplete) {
      REQUIRE(step.consumed == 0);
      REQUIRE(step.need > bytes.size());
      return;
    }
    REQUIRE(step.consumed > 0);
    REQUIRE(step.consumed <= bytes.size());
    if (step.what == Step::What::Operation) note(operation);
    if (step.what == Step::What::Fill) {
      REQUIRE(operation.verb == Verb::Reserve);
      filling_ = operation;
      filling_key_ = operation.key.bytes;
      filling_echo_ = operation.echo;
      is_filling_ = true;
    }
    pending_.erase(0, step.consumed);
  }
}

/// Completes a value as a connection does, so that it reads like one that came whole.
template <class Parser>
bool CallerOf<Parser>::fill() {
  const size_t size = filling_.value_size;
  const std::string_view end = value_end(filling_.dialect);
  if (pending_.size() < size + end.size()) return false;
  if (std::string_view(pending_).substr(size, end.size()) == end) {
    filling_.verb = filling_.dialect == Dialect::Meta ? Verb::MetaStore : Verb::Store;
    filling_.key.bytes = filling_key_;
    filling_.echo = filling_echo_;
    filling_.value = std::string_view(pending_).substr(0, size);
    note(filling_);
  } else if (!filling_.quiet) {
    operations_.push_back("say CLIENT_ERROR bad data chunk");
  }
  pending_.erase(0, size + end.size());
  is_filling_ = false;
  return true;
}

template <class Parser>
void CallerOf<Parser>::note(const Operation& operation) {
  const bool has_hash = has_key(operation.verb) && operation.verb != Verb::Dump;
  if (has_hash) CHECK(operation.key.hash == hasher_(operation.key.bytes));
  check_blank(operation);
  const bool gets = operation.verb == Verb::Get || operation.verb == Verb::GetAndTouch;
  if (!gets) CHECK_FALSE(operation.with_cas);
  // The Say with which a streamed get line ends is marked too.
  if (!gets && operation.verb != Verb::Say) CHECK_FALSE(operation.ends_reply);
  operations_.push_back(describe(operation));
  died_ = operation.verb == Verb::Die || operation.verb == Verb::Quit;
}

template <class Parser>
void check_reads(std::string_view input, const std::vector<std::string>& expected,
                 const ParserRules& rules) {
  for (const size_t fragment_size : fragment_sizes) {
    const auto actual = transcript<Parser>(input, fragment_size, rules);
    INFO("input: ", std::string(input.substr(0, 200)));
    INFO("fragments of: ", fragment_size);
    REQUIRE(actual.size() == expected.size());
    for (size_t i = 0; i < expected.size(); ++i) CHECK(actual[i] == expected[i]);
  }
}

template class CallerOf<TextParser>;
template class CallerOf<BinaryParser>;
template void check_reads<TextParser>(std::string_view, const std::vector<std::string>&,
                                      const ParserRules&);
template void check_reads<BinaryParser>(std::string_view, const std::vector<std::string>&,
                                        const ParserRules&);

}  // namespace ringcached::wire::testing
