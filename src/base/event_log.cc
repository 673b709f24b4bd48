#include "base/event_log.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace ringcached {
namespace {

/// A piece holds at least a few events, however small the log is to be, and memory is not taken
/// beyond what is sensible, however large. Guesses.
constexpr size_t piece_least = 4 * (sizeof(Event) + event_text_max);
constexpr size_t piece_most = size_t{64} << 20;

}  // namespace

bool EventPiece::next(Event& event, std::string_view& text) {
  if (told == used) return false;
  RC_ASSERT(used - told >= sizeof(Event));
  std::memcpy(&event, bytes.data() + told, sizeof(Event));
  text = {bytes.data() + told + sizeof(Event), event.text_size};
  told += sizeof(Event) + event.text_size;
  return true;
}

void EventLog::watch(uint32_t interests) {
  ++watchers_;
  for (uint32_t i = 0; i < interest::count; ++i) watching_[i] += interests >> i & 1;
  count_interests();
  for (EventPiece& piece : pieces_) {
    if (piece.bytes.empty()) piece.bytes.resize(std::clamp(piece_size_, piece_least, piece_most));
  }
}

void EventLog::unwatch(uint32_t interests) {
  RC_ASSERT(watchers_ > 0);
  --watchers_;
  for (uint32_t i = 0; i < interest::count; ++i) watching_[i] -= interests >> i & 1;
  count_interests();
}

void EventLog::count_interests() {
  wanted_ = 0;
  for (uint32_t i = 0; i < interest::count; ++i) wanted_ |= (watching_[i] != 0 ? 1u : 0u) << i;
}

void EventLog::add(Event event, std::string_view text) {
  if (!wants(interest_in(event.kind))) return;
  text = text.substr(0, event_text_max);
  EventPiece& piece = pieces_[writing_];
  const size_t size = sizeof(Event) + text.size();
  if (piece.bytes.size() - piece.used < size) {
    ++counters_[Counter::LogWorkerDropped];
    return;
  }
  event.at_us = now_us_;
  event.text_size = static_cast<uint16_t>(text.size());
  std::memcpy(piece.bytes.data() + piece.used, &event, sizeof(Event));
  if (!text.empty()) {
    std::memcpy(piece.bytes.data() + piece.used + sizeof(Event), text.data(), text.size());
  }
  piece.used += size;
  ++counters_[Counter::LogWorkerWritten];
}

EventPiece& EventLog::lend() {
  RC_ASSERT(has_news());
  away_ = true;
  EventPiece& piece = pieces_[writing_];
  writing_ ^= 1;
  return piece;
}

void EventLog::take_back() {
  RC_ASSERT(away_);
  EventPiece& piece = pieces_[writing_ ^ 1];
  piece.used = piece.told = 0;
  away_ = false;
}

}  // namespace ringcached
