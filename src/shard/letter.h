// What one core can put into another's mailbox.
#pragma once

#include <array>
#include <cstdint>

#include "base/event_log.h"

namespace ringcached::shard {

enum class LetterKind : uint8_t {
  Request,     // a parcel on its way to the owner of its keys
  Reply,       // the same parcel on its way home
  Pins,        // items whose bytes the sender no longer reads
  Connection,  // a socket dealt to this core
  Watcher,     // the socket of a client that watches, on its way to the first core
  Unwatch,     // such a client has gone
  Events,      // a piece of the sender's event log, to be told by the first core
  EventsTold,  // the same on its way home
  Ended,       // a connection has, for which the first core waits; nothing but this
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

/// A client that watches, or (Unwatch) has ceased to. The receiver deletes it.
struct WatchLetter : Letter {
  WatchLetter(LetterKind k, uint32_t i, int s = -1) : interests(i), socket(s) { kind = k; }
  uint32_t interests;
  int socket;
};

/// A core has one, and with it the piece that is away.
struct EventsLetter : Letter {
  EventPiece* piece = nullptr;
};

}  // namespace ringcached::shard
