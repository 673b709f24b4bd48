#include "ringload/binary.h"

#include <endian.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "ringload/failure.h"
#include "ringload/value.h"

namespace ringload {

namespace {

// protocol_binary.h of memcached, and its document.
enum Opcode : uint8_t { Set = 0x01, Noop = 0x0a, GetK = 0x0c, GetKQ = 0x0d };
constexpr uint8_t request_magic = 0x80;
constexpr uint8_t response_magic = 0x81;
constexpr uint16_t status_ok = 0;
constexpr uint16_t status_not_found = 1;
constexpr size_t header_size = 24;
constexpr size_t set_extras_size = 8;    // flags, expiry time
constexpr size_t value_extras_size = 4;  // flags
constexpr size_t key_size_max = 250;
constexpr size_t error_text_max = 120;  // of a longer one the rest is skipped

/// The part of a response's header that matters.
struct Response {
  explicit Response(const char* header) {
    magic = static_cast<uint8_t>(header[0]);
    opcode = static_cast<uint8_t>(header[1]);
    key_size = be16(header + 2);
    extras_size = static_cast<uint8_t>(header[4]);
    status = be16(header + 6);
    body_size = be32(header + 8);
    opaque = be32(header + 12);
  }
  static uint16_t be16(const char* at) {
    uint16_t number;
    std::memcpy(&number, at, sizeof number);
    return be16toh(number);
  }
  static uint32_t be32(const char* at) {
    uint32_t number;
    std::memcpy(&number, at, sizeof number);
    return be32toh(number);
  }
  size_t head_size() const { return size_t{extras_size} + key_size; }
  bool makes_sense() const { return magic == response_magic && body_size >= head_size(); }

  uint8_t magic, opcode, extras_size;
  uint16_t key_size, status;
  uint32_t body_size, opaque;
};

/// A get of one key is a getk; one of several is as many quiet ones, and a noop behind them. The
/// opaque of a request is its place in the batch.
/// Owner: one connection.
class BinaryConversation final : public Conversation {
 public:
  BinaryConversation(const Keys& keys, bool verify) : Conversation(keys), verify_(verify) {}

  void begin_batch() override;
  void ask_get(std::span<const uint64_t> keys, uint64_t intended_ns) override;
  void ask_set(uint64_t key, uint32_t number, uint32_t ttl, uint64_t intended_ns) override;
  void read(std::string_view bytes, Tally& tally) override;

 private:
  struct Asked {
    uint64_t key;
    uint32_t text_at;  // of the key, in out_
    uint8_t text_size;
    bool answered;
  };

  enum class Part { Head, Value, Error };

  char* write_head(char* out, Opcode opcode, uint64_t key, size_t extras_size, size_t value_size);
  size_t take_head(std::string_view bytes, Tally& tally);
  size_t take_value(std::string_view bytes, Tally& tally);
  size_t take_error(std::string_view bytes, Tally& tally);
  void on_head(const Response& response, const char* behind_header, Tally& tally);
  void on_value_head(const Response& response, const char* extras, Asked& asked);
  void on_noop(Tally& tally);
  void on_answer(const Response& response, Asked& asked, Tally& tally);
  void finish_value(Tally& tally);
  Asked& find_asked(const Response& response);
  void count_one(Asked& asked, Tally& tally);
  void finish_command();

  const bool verify_;

  // The requests of the batch; those of the command that is answered now begin at command_at_, and
  // `found_` of them have an answer.
  std::vector<Asked> asked_;
  size_t command_at_ = 0;
  size_t found_ = 0;

  Part part_ = Part::Head;
  std::array<char, header_size + 255 + key_size_max> head_;  // of a packet that came in pieces
  size_t head_size_ = 0;
  ValueCheck value_;
  uint32_t error_left_ = 0;
  std::string error_;
  Asked* current_ = nullptr;  // whose value or error is under way
};

[[noreturn]] void cannot_read(const std::string& why) {
  throw Failure(Exit::Protocol, "a reply makes no sense: " + why);
}

char* put16(char* out, uint16_t number) {
  number = htobe16(number);
  std::memcpy(out, &number, sizeof number);
  return out + sizeof number;
}

char* put32(char* out, uint32_t number) {
  number = htobe32(number);
  std::memcpy(out, &number, sizeof number);
  return out + sizeof number;
}

char* put_header(char* out, Opcode opcode, size_t key_size, size_t extras_size, size_t body_size,
                 uint32_t opaque) {
  *out++ = static_cast<char>(request_magic);
  *out++ = static_cast<char>(opcode);
  out = put16(out, static_cast<uint16_t>(key_size));
  *out++ = static_cast<char>(extras_size);
  *out++ = 0;  // raw bytes
  out = put16(out, 0);
  out = put32(out, static_cast<uint32_t>(body_size));
  out = put32(out, opaque);
  return put32(put32(out, 0), 0);  // cas
}

// --- Asking.

void BinaryConversation::begin_batch() {
  Conversation::begin_batch();
  asked_.clear();
  command_at_ = found_ = 0;
}

/// Header and key, with room for the extras between them; returns where the extras go.
char* BinaryConversation::write_head(char* out, Opcode opcode, uint64_t key, size_t extras_size,
                                     size_t value_size) {
  const uint32_t size = keys_.key_size(key);
  char* const extras = put_header(out, opcode, size, extras_size, extras_size + size + value_size,
                                  static_cast<uint32_t>(asked_.size()));
  char* const text = extras + extras_size;
  keys_.write(text, key);
  asked_.push_back(
      {key, static_cast<uint32_t>(text - out_.text()), static_cast<uint8_t>(size), false});
  return extras;
}

void BinaryConversation::ask_get(std::span<const uint64_t> keys, uint64_t intended_ns) {
  const bool several = keys.size() > 1;
  char* out = out_.room(keys.size() * (header_size + keys_.room()) + header_size);
  for (const uint64_t key : keys) {
    out = write_head(out, several ? GetKQ : GetK, key, 0, 0) + keys_.key_size(key);
  }
  if (several) out = put_header(out, Noop, 0, 0, 0, static_cast<uint32_t>(asked_.size() - 1));
  out_.end_at(out);
  commands_.push_back({intended_ns, static_cast<uint32_t>(keys.size()), false});
}

void BinaryConversation::ask_set(uint64_t key, uint32_t number, uint32_t ttl,
                                 uint64_t intended_ns) {
  const uint32_t size = keys_.value_size(key);
  char* const out = out_.room(header_size + set_extras_size + keys_.room());
  char* const extras = write_head(out, Set, key, set_extras_size, size);
  put32(put32(extras, 0), ttl);
  out_.end_at(extras + set_extras_size + keys_.key_size(key));
  append_value(out_, key, number, size);
  commands_.push_back({intended_ns, 1, true});
}

// --- Reading.

void BinaryConversation::read(std::string_view bytes, Tally& tally) {
  while (!bytes.empty()) {
    const size_t used = part_ == Part::Head    ? take_head(bytes, tally)
                        : part_ == Part::Value ? take_value(bytes, tally)
                                               : take_error(bytes, tally);
    bytes.remove_prefix(used);
  }
}

/// Header, extras and key: where they lie if they are whole there, else gathered in head_.
size_t BinaryConversation::take_head(std::string_view bytes, Tally& tally) {
  if (head_size_ == 0 && bytes.size() >= header_size) {
    const Response response(bytes.data());
    const size_t size = header_size + response.head_size();
    if (bytes.size() >= size) {
      on_head(response, bytes.data() + header_size, tally);
      return size;
    }
  }
  size_t wanted = header_size;
  if (head_size_ >= header_size) wanted += Response(head_.data()).head_size();
  if (wanted > head_.size()) cannot_read("a key of more than 250 bytes");
  const size_t used = std::min(bytes.size(), wanted - head_size_);
  std::memcpy(head_.data() + head_size_, bytes.data(), used);
  head_size_ += used;
  if (head_size_ < header_size) return used;
  const Response response(head_.data());
  if (head_size_ < header_size + response.head_size()) return used;
  head_size_ = 0;
  on_head(response, head_.data() + header_size, tally);
  return used;
}

void BinaryConversation::on_head(const Response& response, const char* behind_header,
                                 Tally& tally) {
  if (!response.makes_sense()) cannot_read("no response's header");
  if (is_answered()) {
    throw Failure(Exit::Protocol, "the server says more than it was asked for: opcode " +
                                      std::to_string(response.opcode));
  }
  const Command& command = commands_[answered_];
  if (response.opcode == Noop && command.requests > 1) return on_noop(tally);
  Asked& asked = find_asked(response);
  const uint8_t expected = command.is_set ? Set : command.requests > 1 ? GetKQ : GetK;
  if (response.opcode != expected) cannot_read("opcode " + std::to_string(response.opcode));
  current_ = &asked;
  if (response.status == status_ok && !command.is_set) {
    on_value_head(response, behind_header, asked);
    if (value_.left() == 0) finish_value(tally);
  } else {
    on_answer(response, asked, tally);
  }
}

/// The next request without an answer, but for proxies that change the order.
BinaryConversation::Asked& BinaryConversation::find_asked(const Response& response) {
  const size_t end = command_at_ + commands_[answered_].requests;
  if (response.opaque < command_at_ || response.opaque >= end || asked_[response.opaque].answered) {
    cannot_read("its opaque " + std::to_string(response.opaque) + " belongs to no request");
  }
  return asked_[response.opaque];
}

void BinaryConversation::on_value_head(const Response& response, const char* extras, Asked& asked) {
  if (response.extras_size != value_extras_size) cannot_read("a value without flags");
  const std::string_view key(extras + value_extras_size, response.key_size);
  if (verify_ && key != std::string_view(out_.text() + asked.text_at, asked.text_size)) {
    throw Failure(Exit::WrongByte,
                  "a value came whose key was not asked for: '" + std::string(key) + "'");
  }
  if (verify_ && Response::be32(extras) != 0) {
    throw Failure(Exit::WrongByte, "a value's flags are not 0");
  }
  value_.begin(asked.key, response.body_size - static_cast<uint32_t>(response.head_size()));
  part_ = Part::Value;
}

/// What carries no value: a set's answer, a miss, an error.
void BinaryConversation::on_answer(const Response& response, Asked& asked, Tally& tally) {
  const bool is_set = commands_[answered_].is_set;
  error_left_ = response.body_size - static_cast<uint32_t>(response.head_size());
  error_.clear();
  if (error_left_ > 0) part_ = Part::Error;
  if (!is_set && response.status == status_not_found) {
    ++tally.misses;
  } else if (response.status != status_ok) {
    ++tally.errors;
    error_ = "status " + std::to_string(response.status) + " ";
    if (error_left_ == 0 && tally.first_error.empty()) tally.first_error = error_;
  }
  if (error_left_ == 0) count_one(asked, tally);
}

void BinaryConversation::on_noop(Tally& tally) {
  const uint64_t left = commands_[answered_].requests - found_;
  tally.gets += left;
  tally.misses += left;
  finish_command();
}

size_t BinaryConversation::take_value(std::string_view bytes, Tally& tally) {
  bytes = bytes.substr(0, value_.left());
  verify_ ? value_.feed(bytes) : value_.skip(bytes);
  if (value_.left() == 0) finish_value(tally);
  return bytes.size();
}

void BinaryConversation::finish_value(Tally& tally) {
  part_ = Part::Head;
  if (value_.is_right()) {
    ++tally.hits;
  } else {
    ++tally.wrong;
    if (tally.first_wrong.empty()) tally.first_wrong = value_.complaint();
  }
  count_one(*current_, tally);
}

size_t BinaryConversation::take_error(std::string_view bytes, Tally& tally) {
  bytes = bytes.substr(0, error_left_);
  error_left_ -= static_cast<uint32_t>(bytes.size());
  if (!error_.empty())
    error_ += bytes.substr(0, error_text_max - std::min(error_text_max, error_.size()));
  if (error_left_ > 0) return bytes.size();
  part_ = Part::Head;
  if (!error_.empty() && tally.first_error.empty()) tally.first_error = error_;
  count_one(*current_, tally);
  return bytes.size();
}

/// The end of a command of one request; one of several ends with its noop.
void BinaryConversation::count_one(Asked& asked, Tally& tally) {
  const Command& command = commands_[answered_];
  ++(command.is_set ? tally.sets : tally.gets);
  asked.answered = true;
  ++found_;
  if (command.requests == 1) finish_command();
}

void BinaryConversation::finish_command() {
  command_at_ += commands_[answered_].requests;
  found_ = 0;
  ++answered_;
}

}  // namespace

std::unique_ptr<Conversation> make_binary_conversation(const Keys& keys, bool verify) {
  return std::make_unique<BinaryConversation>(keys, verify);
}

}  // namespace ringload
