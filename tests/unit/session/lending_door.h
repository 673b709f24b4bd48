// A door that lends buffers of a test's own and takes sends as slowly as the test wants.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "io/door.h"

namespace ringcached::session {

/// Each lease is memory of its own, freed at release: AddressSanitizer sees who looks too late.
class LendingDoor final : public io::Door {
 public:
  LendingDoor() : pool_(io::BufferPool::step) {}
  ~LendingDoor() override { CHECK(lent() == 0); }

  io::Lease lend(std::string_view bytes) {
    char* memory = static_cast<char*>(std::malloc(bytes.size()));
    std::memcpy(memory, bytes.data(), bytes.size());
    const uint16_t buffer = next_buffer_++;
    REQUIRE(memory_.emplace(buffer, memory).second);
    return {{memory, bytes.size()}, buffer};
  }
  size_t lent() const { return memory_.size(); }

  void release(const io::Lease& lease) override {
    const auto found = memory_.find(lease.buffer);
    REQUIRE(found != memory_.end());
    CHECK(found->second == lease.bytes.data());
    std::memset(found->second, 0xdd, lease.bytes.size());  // whoever still looks sees nonsense
    std::free(found->second);
    memory_.erase(found);
  }

  /// The send under way, read as late as the kernel may.
  size_t asked() const {
    size_t size = 0;
    for (const iovec& part : asked_) size += part.iov_len;
    return size;
  }
  size_t vectors() const { return asked_.size(); }
  /// Takes the first `size` bytes of the send; it is over then.
  std::string take(size_t size) {
    std::string bytes;
    for (const iovec& part : asked_) {
      const size_t step = std::min(size - bytes.size(), part.iov_len);
      bytes.append(static_cast<const char*>(part.iov_base), step);
    }
    asked_.clear();
    return bytes;
  }

  void send(int, const char* bytes, size_t size, io::Token) override {
    REQUIRE(asked_.empty());
    asked_.push_back({const_cast<char*>(bytes), size});
  }
  void send(int, const msghdr* message, io::Token) override {
    REQUIRE(asked_.empty());
    asked_.assign(message->msg_iov, message->msg_iov + message->msg_iovlen);
  }

  void accept(int, io::Token) override {}
  void receive(int, io::Token) override {}
  void cancel(io::Token) override {}
  void close(int) override {}
  void shutdown(int) override {}
  void receive_datagrams(int, io::Token) override {}
  int send_datagrams(int, std::span<mmsghdr>) override { return 0; }
  void await_room(int, io::Token) override {}
  void tick(uint32_t, io::Token) override {}
  int bell() const override { return -1; }
  void wake(int) override {}
  std::span<const io::Completion> wait(bool) override { return {}; }
  const io::BufferPool& pool() const override { return pool_; }

 private:
  io::BufferPool pool_;
  std::map<uint16_t, char*> memory_;
  uint16_t next_buffer_ = 0;
  std::vector<iovec> asked_;
};

}  // namespace ringcached::session
