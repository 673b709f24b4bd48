// What one core can put into another's mailbox.
#pragma once

#include <array>
#include <cstdint>

namespace ringcached::shard {

enum class LetterKind : uint8_t {
  Request,     // a parcel on its way to the owner of its keys
  Reply,       // the same parcel on its way home
  Pins,        // items whose bytes the sender no longer reads
  Connection,  // a socket dealt to this core
};

/// Intrusive: a letter is in one chain at a time, and belongs to whoever holds that chain.
struct Letter {
  Letter* next = nullptr;
  LetterKind kind = LetterKind::Request;
};

/// A pin-return letter. The receiver deletes it.
struct PinsLetter : Letter {
  static constexpr uint32_t capacity = 30;  // makes the letter four cache lines

  PinsLetter() { kind = LetterKind::Pins; }
  std::array<void*, capacity> items;
  uint32_t count = 0;
};

/// A freshly accepted socket. The receiver deletes it.
struct ConnectionLetter : Letter {
  explicit ConnectionLetter(int s) : socket(s) { kind = LetterKind::Connection; }
  int socket;
};

}  // namespace ringcached::shard
