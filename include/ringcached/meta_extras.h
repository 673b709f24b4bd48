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
inline constexpr uint32_t base64_key = 1;      // b
inline constexpr uint32_t match_cas = 2;       // C: `cas_wanted`
inline constexpr uint32_t give_cas = 4;        // E: `cas_new`
inline constexpr uint32_t set_exptime = 8;     // T: `exptime`
inline constexpr uint32_t vivify = 16;         // N: `vivify_exptime`
inline constexpr uint32_t recache = 32;        // R: `recache_exptime`
inline constexpr uint32_t no_bump = 64;        // u
inline constexpr uint32_t with_value = 128;    // v
inline constexpr uint32_t invalidate = 256;    // I
inline constexpr uint32_t drop_value = 512;    // x
inline constexpr uint32_t look_before = 1024;  // h, l: what was before this access
}  // namespace meta

/// The flags that read or change an item's exptime take effect in the order of the request.
enum class MetaStep : uint8_t { None, ShowTtl, SetExptime, Vivify, Recache };

/// A time to live as replies show it: seconds, or never. Expired a moment ago it wraps, as
/// memcached's does.
struct Ttl {
  Seconds seconds = 0;
  bool endless = true;
};

constexpr Ttl ttl_of(Seconds exptime, Seconds now) {
  return exptime == never ? Ttl{} : Ttl{exptime - now, false};
}

struct MetaExtras {
  // What is asked.
  uint32_t asked = 0;          // bits of meta::
  int32_t vivify_exptime = 0;  // this and the next as on the wire
  int32_t recache_exptime = 0;
  std::array<MetaStep, 4> steps{};
  uint64_t cas_new = 0;
  uint64_t initial = 0;  // J: the value of a number that was not there

  // What became of it; of the item that was found, made or refused.
  Ttl ttl;               // at the place of ShowTtl; MetaDebug: at the end
  Seconds idle = 0;      // seconds between the last access and this one
  uint64_t size = 0;     // MetaDebug: bytes that count as used, headers included
  uint8_t class_id = 0;  // MetaDebug: as on the wire, from 1
  bool fetched = false;  // it was read before this
  bool won = false;      // W: this client is to renew it
  bool lost = false;     // Z: another one was told to
  bool stale = false;    // X
  bool base64 = false;   // its key is shown in base64

  /// Where a key that came in base64 lies, decoded. Not initialised: most batches never touch it.
  char decoded_key[key_size_max];
};

}  // namespace ringcached
