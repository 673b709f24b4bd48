#include "wire/auth_gate.h"

#include "base/assert.h"
#include "base/digits.h"
#include "ringcached/limits.h"
#include "wire/text_replies.h"
#include "wire/text_words.h"

namespace ringcached::wire {
namespace {

constexpr uint32_t token_size_max = 16384;  // Protocol, as probed.
constexpr size_t line_size_min = 6;         // Protocol, as probed: no login is so short.
constexpr std::string_view line_end = "\r\n";
static_assert(line_size_min < line_size_max);

Step operation_step(size_t consumed) {
  return {.what = Step::What::Operation, .consumed = consumed};
}

Step wait_for(size_t size) {
  return {.what = Step::What::Incomplete, .need = size};
}

Step say(std::string_view reply, size_t consumed, Operation& operation) {
  operation = {};
  operation.value = reply;
  return operation_step(consumed);
}

Step die(size_t consumed, Operation& operation) {
  operation = {};
  operation.verb = Verb::Die;
  return operation_step(consumed);
}

}  // namespace

Step AuthGate::next(std::string_view bytes, Operation& operation) {
  if (hang_up_) return die(bytes.size(), operation);
  return in_token_ ? read_token(bytes, operation) : read_line(bytes, operation);
}

Step AuthGate::read_line(std::string_view bytes, Operation& operation) {
  const size_t newline = bytes.find('\n');
  if (newline == std::string_view::npos) {
    return bytes.size() > line_size_max ? die(bytes.size(), operation) : wait_for(bytes.size() + 1);
  }
  const size_t line_size = newline + 1;
  if (line_size < line_size_min) return die(line_size, operation);
  const Words words(without_end(bytes.substr(0, line_size)));
  const auto size = parse_unsigned(words[4]);
  if (words.count() < 5 || words[0] != "set" || !size) {
    return say(unauthenticated, line_size, operation);
  }
  if (*size > token_size_max) {
    hang_up_ = true;  // with the rest of the line, so that it happens at once
    return say(auth_token_too_long, line_size - 1, operation);
  }
  in_token_ = true;
  token_size_ = static_cast<uint32_t>(*size);
  return {.what = Step::What::Nothing, .consumed = line_size};
}

Step AuthGate::read_token(std::string_view bytes, Operation& operation) {
  RC_ASSERT(token_size_ <= token_size_max);
  const size_t size = token_size_ + line_end.size();
  if (bytes.size() < size) return wait_for(size);
  in_token_ = false;
  if (!bytes.substr(token_size_).starts_with(line_end)) {
    return say(bad_auth_end, size, operation);
  }
  operation = {};
  operation.verb = Verb::Authenticate;
  operation.value = bytes.substr(0, token_size_);
  return operation_step(size);
}

Credentials read_credentials(std::string_view token) {
  const Words words(token);
  if (words.count() < 2) return {};
  return {words[0], words[1]};
}

}  // namespace ringcached::wire
