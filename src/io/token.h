// Who a completion belongs to: an act on a slot, and the generation of the slot's tenant.
#pragma once

#include <cstdint>

namespace ringcached::io {

enum class Act : uint8_t { None, Accept, Receive, Send, Datagram, Room, Tick };

/// Packs into the 64 bits that the kernel carries for us. A slot is reused only after all its
/// completions are home, and with another generation all the same: late ones do arrive.
struct Token {
  Act act = Act::None;
  uint32_t slot = 0;  // below 2^24
  uint32_t generation = 0;

  constexpr uint64_t pack() const {
    return static_cast<uint64_t>(act) << 56 | static_cast<uint64_t>(slot) << 32 | generation;
  }
  static constexpr Token unpack(uint64_t packed) {
    return {static_cast<Act>(packed >> 56), static_cast<uint32_t>(packed >> 32) & slot_max,
            static_cast<uint32_t>(packed)};
  }
  bool operator==(const Token&) const = default;

  static constexpr uint32_t slot_max = (1u << 24) - 1;
};

static_assert(Token::unpack(Token{Act::Send, 77, 0xfffffffe}.pack()) ==
              Token{Act::Send, 77, 0xfffffffe});

}  // namespace ringcached::io
