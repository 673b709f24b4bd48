// What watchers are told about: one thing that happened to an item, a connection or a page.
#pragma once

#include <cstdint>

namespace ringcached {

/// What a watcher may ask for: a bit each. protocol.txt, "Watchers". Of what nothing is told here
/// the words are taken all the same.
namespace interest {
inline constexpr uint32_t raw_commands = 1;  // nothing is told, as in memcached
inline constexpr uint32_t evictions = 2;
inline constexpr uint32_t fetchers = 4;
inline constexpr uint32_t mutations = 8;
inline constexpr uint32_t system_events = 16;
inline constexpr uint32_t connections = 32;
inline constexpr uint32_t proxy = 64;  // three words of memcached's proxy; nothing is told
inline constexpr uint32_t deletions = 128;
inline constexpr uint32_t count = 8;
}  // namespace interest

/// Watchers of a process at most. Protocol.
inline constexpr uint32_t watchers_max = 20;

enum class EventKind : uint8_t {
  ItemGet,          // key, status GetStatus, class, client, size
  ItemStore,        // key, status StoreStatus, command, ttl, class, client, size
  Eviction,         // key, status 1 if it was fetched, ttl (-1: none), idle, class, size
  Deleted,          // key, command 1 if it was md, class, size
  ConnectionNew,    // address, port, client
  ConnectionClose,  // address, port, status CloseReason, client
  ConnectionError,  // what the system says as text, client
  PageMove,         // class, and in `size` the class it goes to
  SweepRound,  // of a class: `size` items were looked at and `ttl` given back in `idle` seconds
};

/// In memcached's order of words.
enum class GetStatus : uint8_t { NotFound, Found, Flushed, Expired };
enum class StoreStatus : uint8_t { NotStored, Stored, Exists, NotFound, TooLarge, NoMemory };
enum class CloseReason : uint8_t { Error, Normal, IdleTimeout, Shutdown };

/// Its text (the key of an item, the address of a peer, what went wrong) lies behind it, at most
/// event_text_max bytes.
struct Event {
  int64_t at_us = 0;    // unix time, microseconds; the log sets it
  int64_t ttl = 0;      // seconds
  uint32_t size = 0;    // of the value, bytes
  uint32_t idle = 0;    // seconds since the last access
  int32_t client = -1;  // its descriptor
  uint16_t port = 0;    // of a connection; 0 is that of a unix socket
  uint16_t text_size = 0;
  EventKind kind = EventKind::ItemGet;
  uint8_t status = 0;
  uint8_t command = 0;
  uint8_t class_id = 0;  // as on the wire: from 1, 0 for none
};

inline constexpr uint32_t event_text_max = 256;

constexpr uint32_t interest_in(EventKind kind) {
  switch (kind) {
    case EventKind::ItemGet:
      return interest::fetchers;
    case EventKind::ItemStore:
      return interest::mutations;
    case EventKind::Eviction:
      return interest::evictions;
    case EventKind::Deleted:
      return interest::deletions;
    case EventKind::ConnectionNew:
    case EventKind::ConnectionClose:
    case EventKind::ConnectionError:
      return interest::connections;
    case EventKind::PageMove:
    case EventKind::SweepRound:
      return interest::system_events;
  }
  return 0;
}

}  // namespace ringcached
