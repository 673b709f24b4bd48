// What a meta command asks and learns beyond what a classic one does.
//
// One for each operation of a batch that has met a meta command; the classic path never sees it.
#pragma once

#include <array>
#include <cstdint>

#include "ringcached/limits.h"
#include "ringcached/time.h"

namespace ringcached {

/// What the flags of a meta command ask for, a bit each.
namespace meta {
inline constexpr uint32_t base64_key = 1;    // b
inline constexpr uint32_t match_cas = 2;     // C: `cas_wanted`
inline constexpr uint32_t give_cas = 4;      // E: `cas_new`
inline constexpr uint32_t set_exptime = 8;   // T: `new_exptime`
inline constexpr uint32_t vivify = 16;       // N: `vivify_exptime`
inline constexpr uint32_t no_bump = 32;      // u
inline constexpr uint32_t with_value = 64;   // v
inline constexpr uint32_t invalidate = 128;  // I
inline constexpr uint32_t drop_value = 256;  // x
inline constexpr uint32_t quiet = 512;       // q
}  // namespace meta

/// Flags that look at an item's exptime or set it: they act in the order of the request.
enum class MetaStep : uint8_t { None, ShowTtl, SetExptime, Vivify, Recache };

/// A time to live as replies show it: seconds, or never. That of an item which has just been given
/// an exptime in the past wraps, as memcached's does.
struct Ttl {
  Seconds seconds = 0;
  bool endless = true;
};

constexpr Ttl ttl_of(Seconds exptime, Seconds now) {
  return exptime == never ? Ttl{} : Ttl{exptime - now, false};
}

struct MetaRequest {
  static constexpr size_t steps_max = 4;  // no flag may come twice

  uint32_t flags = 0;           // bits of meta::
  int32_t new_exptime = 0;      // T; this and the next two as on the wire
  int32_t vivify_exptime = 0;   // N
  int32_t recache_exptime = 0;  // R
  std::array<MetaStep, steps_max> steps{};
  uint64_t cas_new = 0;
  uint64_t initial = 0;  // J: the value of a number that was not there

  bool asks(uint32_t flag) const { return (flags & flag) != 0; }
};

/// Of the item that was found, made or refused.
struct MetaResult {
  Ttl ttl;               // when ShowTtl was its turn; MetaDebug: now
  Seconds idle = 0;      // seconds between the last access and this one
  uint64_t size = 0;     // bytes of the value; MetaDebug: all that count as used
  uint8_t class_id = 0;  // MetaDebug: as on the wire, from 1
  bool made = false;     // it was not there, and was to be made
  bool fetched = false;  // it had been read before this
  bool won = false;      // W: this client is to renew it
  bool lost = false;     // Z: another one was told to
  bool stale = false;    // X
  bool base64 = false;   // its key is shown in base64
};

struct MetaExtras {
  /// A key that comes in base64 is no longer than any other, and a quarter shorter once decoded.
  static constexpr size_t decoded_max = key_size_max / 4 * 3;

  MetaRequest request;
  MetaResult result;
  char decoded_key[decoded_max];  // left alone by clear(): most keys come as they are

  void clear() {
    request = {};
    result = {};
  }
};

}  // namespace ringcached
