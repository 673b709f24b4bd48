#include "wire/binary_parser.h"

#include <algorithm>

#include "base/assert.h"
#include "ringcached/limits.h"
#include "wire/binary_commands.h"
#include "wire/blank.h"

namespace ringcached::wire {
namespace {

constexpr uint32_t body_size_max = 1u << 30;  // Protocol: memcached refuses more unheard.

/// Of extras and key so much is waited for before a request is refused: whoever sends them in
/// pieces is to read the refusal. Guess: what a connection holds in one piece anyhow.
constexpr size_t head_size_max = whole_value_max;

}  // namespace

Step BinaryParser::next(std::string_view bytes, Operation& operation) {
  if (swallow_ > 0 && !bytes.empty()) return drop_value(bytes);
  if (bytes.size() < need_) return wait_for(need_);
  return read_request(bytes, operation);
}

Step BinaryParser::read_request(std::string_view bytes, Operation& operation) {
  RC_ASSERT(bytes.size() >= binary_header_size);
  const BinaryRequest request = read_binary_request(bytes.data());
  clear(operation);
  if (request.magic != request_magic) {
    operation.verb = Verb::Die;
    return pass(Step::What::Operation, bytes.size());
  }
  const size_t head_size = std::min(request.head_size(), head_size_max);
  if (bytes.size() < head_size) return wait_for(head_size);
  operation.dialect = Dialect::Binary;
  operation.echo = bytes.substr(0, binary_header_size);

  if (!request.consistent()) return part(BinaryStatus::Unknown, head_size, operation);
  const BinaryCommand* const command = find_binary_command(request.opcode);
  if (!admitted_ && (command == nullptr || !command->for_all)) {
    return part(BinaryStatus::Refused, head_size, operation);
  }
  if (request.body_size > body_size_max || request.key_size > key_size_max) {
    return part(BinaryStatus::Invalid, head_size, operation);
  }
  if (command == nullptr) {
    operation.number = static_cast<uint64_t>(BinaryStatus::Unknown);
    swallow(request.value_size());
    return pass(Step::What::Operation, head_size);
  }
  if (!command->fits(request)) return part(BinaryStatus::Invalid, head_size, operation);
  return run(*command, request, bytes, operation);
}

Step BinaryParser::run(const BinaryCommand& command, const BinaryRequest& request,
                       std::string_view bytes, Operation& operation) {
  RC_ASSERT(bytes.size() >= request.head_size() && request.key_size <= key_size_max);
  operation.verb = command.verb;
  operation.mode = command.mode;
  operation.decrement = command.decrement;
  operation.quiet = command.quiet;
  operation.ends_reply = command.verb == Verb::Get || command.verb == Verb::GetAndTouch;
  operation.cas_wanted = request.cas;
  const std::string_view extras = bytes.substr(binary_header_size, request.extras_size);
  const std::string_view key =
      bytes.substr(binary_header_size + request.extras_size, request.key_size);
  operation.key = {key, (*hasher_)(key)};
  if (command.read != nullptr) command.read(extras, *rules_, operation);
  if (command.behind == Behind::Value) return take_value(request, bytes, operation);
  if (command.behind == Behind::Token) return take_token(request, bytes, operation);
  return pass(Step::What::Operation, request.head_size());
}

/// The request is read into `operation`; its value is here, or soon will be, or is too large.
Step BinaryParser::take_value(const BinaryRequest& request, std::string_view bytes,
                              Operation& operation) {
  const size_t head_size = request.head_size();
  const uint32_t value_size = request.value_size();
  operation.value_size = value_size;
  if (!rules_->cas_enabled) operation.cas_wanted = 0;  // as memcached: a plain set
  if (!value_fits(rules_->item_size_max, request.key_size, operation.client_flags, value_size,
                  rules_->cas_enabled)) {
    operation.verb = Verb::Refuse;
    swallow(value_size);
    return pass(Step::What::Operation, head_size);
  }
  if (bytes.size() < head_size + value_size) {
    if (value_size <= whole_value_max) return wait_for(head_size + value_size);
    operation.verb = Verb::Reserve;
    return pass(Step::What::Fill, head_size);
  }
  operation.value = bytes.substr(head_size, value_size);
  return pass(Step::What::Operation, head_size + value_size);
}

/// memcached hears tokens of up to 512 KiB; longer than ours are none that a mechanism needs.
Step BinaryParser::take_token(const BinaryRequest& request, std::string_view bytes,
                              Operation& operation) {
  const size_t head_size = request.head_size();
  const uint32_t size = request.value_size();
  if (operation.verb == Verb::Authenticate && size > whole_value_max) {
    operation.verb = Verb::Say;
    operation.number = static_cast<uint64_t>(BinaryStatus::NoMemory);
  }
  if (operation.verb != Verb::Authenticate) {
    swallow(size);
    return pass(Step::What::Operation, head_size);
  }
  if (bytes.size() < head_size + size) return wait_for(head_size + size);
  operation.value = bytes.substr(head_size, size);
  return pass(Step::What::Operation, head_size + size);
}

Step BinaryParser::drop_value(std::string_view bytes) {
  const uint64_t size = std::min<uint64_t>(swallow_, bytes.size());
  swallow_ -= size;
  return pass(Step::What::Nothing, static_cast<size_t>(size));
}

/// The request makes no sense: it is told so, and no other is heard.
Step BinaryParser::part(BinaryStatus status, size_t consumed, Operation& operation) {
  operation.verb = Verb::Quit;
  operation.number = static_cast<uint64_t>(status);
  return pass(Step::What::Operation, consumed);
}

Step BinaryParser::pass(Step::What what, size_t consumed) {
  need_ = binary_header_size;
  return {.what = what, .consumed = consumed, .need = 0};
}

Step BinaryParser::wait_for(size_t size) {
  need_ = size;
  return {.what = Step::What::Incomplete, .consumed = 0, .need = size};
}

}  // namespace ringcached::wire
