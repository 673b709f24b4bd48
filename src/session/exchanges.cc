#include "session/exchanges.h"

#include <cerrno>
#include <utility>

#include "base/assert.h"

namespace ringcached::session {

Exchanges::Exchange& Exchanges::at(int exchange) {
  RC_ASSERT(exchange >= 0 && static_cast<size_t>(exchange) < exchanges_.size());
  Exchange& found = exchanges_[static_cast<size_t>(exchange)];
  RC_ASSERT(found.open);
  return found;
}

int Exchanges::open(DatagramReply reply, const io::Lease& lease, std::string_view request) {
  RC_ASSERT(!full() && !request.empty());
  int exchange = static_cast<int>(exchanges_.size());
  if (free_.empty()) {
    exchanges_.emplace_back();
  } else {
    exchange = free_.back();
    free_.pop_back();
  }
  exchanges_[static_cast<size_t>(exchange)] = {std::move(reply), {request, lease.buffer}, true};
  ++under_way_;
  return exchange;
}

void Exchanges::receive(int exchange, io::Token token) {
  const io::Lease request = std::exchange(at(exchange).request, {});
  RC_ASSERT(request.buffer != io::Lease::no_buffer);  // nobody reads on behind the end
  ended_.push_back({token, static_cast<int32_t>(request.bytes.size()), true, request});
  ended_.push_back({token, 0});
}

/// false: it would be too much.
bool Exchanges::make_room(Exchange& exchange, size_t size) {
  RC_ASSERT(reply_bytes_ <= reply_bytes_max);
  if (reply_bytes_ + size > reply_bytes_max) {
    if (!exchange.dropped) ++dropped_;
    exchange.dropped = true;
    return false;
  }
  reply_bytes_ += size;
  return true;
}

void Exchanges::send(int exchange, const char* bytes, size_t size, io::Token token) {
  Exchange& writing = at(exchange);
  const bool fits = make_room(writing, size);
  if (fits) writing.reply.bytes.append(bytes, size);
  ended_.push_back({token, fits ? static_cast<int32_t>(size) : -ENOBUFS});
}

void Exchanges::send(int exchange, const msghdr* message, io::Token token) {
  Exchange& writing = at(exchange);
  size_t size = 0;
  for (size_t i = 0; i < message->msg_iovlen; ++i) size += message->msg_iov[i].iov_len;
  const bool fits = make_room(writing, size);
  for (size_t i = 0; i < message->msg_iovlen && fits; ++i) {
    const iovec& part = message->msg_iov[i];
    writing.reply.bytes.append(static_cast<const char*>(part.iov_base), part.iov_len);
  }
  ended_.push_back({token, fits ? static_cast<int32_t>(size) : -ENOBUFS});
}

void Exchanges::refuse(int exchange, std::string_view reply) {
  if (make_room(at(exchange), reply.size())) at(exchange).reply.bytes = reply;
  close(exchange);
}

void Exchanges::close(int exchange) {
  Exchange& closing = at(exchange);
  const bool answered = !closing.dropped && !closing.reply.bytes.empty();
  if (!answered) forget(closing.reply.bytes.size());
  DatagramReply reply = std::move(closing.reply);
  closing = {};
  free_.push_back(exchange);
  RC_ASSERT(under_way_ > 0);
  --under_way_;
  if (answered) on_reply_(std::move(reply));
}

}  // namespace ringcached::session
