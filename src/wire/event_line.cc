#include "wire/event_line.h"

#include <cstring>

#include "base/assert.h"
#include "base/digits.h"
#include "ringcached/operation.h"
#include "wire/escaped.h"

namespace ringcached::wire {
namespace {

constexpr std::string_view get_statuses[] = {"not_found", "found", "flushed", "expired"};
constexpr std::string_view store_statuses[] = {"not_stored", "stored",    "exists",
                                               "not_found",  "too_large", "no_memory"};
/// In the order of StoreMode.
constexpr std::string_view store_commands[] = {"set", "add", "replace", "append", "prepend", "cas"};
static_assert(static_cast<size_t>(StoreMode::Cas) == std::size(store_commands) - 1);
constexpr std::string_view close_reasons[] = {"error", "normal", "idle_timeout", "shutdown"};

constexpr int64_t us_per_second = 1'000'000;

char* put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* put_field(char* out, std::string_view name, uint64_t number) {
  return write_digits(put(out, name), number);
}

char* put_signed(char* out, std::string_view name, int64_t number) {
  out = put(out, name);
  if (number < 0) *out++ = '-';
  return write_digits(out, number < 0 ? uint64_t{0} - static_cast<uint64_t>(number)
                                      : static_cast<uint64_t>(number));
}

template <size_t n>
char* put_word(char* out, std::string_view name, const std::string_view (&words)[n], uint8_t i) {
  RC_ASSERT(i < n);
  return put(put(out, name), words[i]);
}

char* put_get(const Event& event, std::string_view key, char* out) {
  out = put_escaped(put(out, "item_get key="), key);
  out = put_word(out, " status=", get_statuses, event.status);
  out = put_field(out, " clsid=", event.class_id);
  out = put_signed(out, " cfd=", event.client);
  return put_field(out, " size=", event.size);
}

/// The time left is shown as 32 bits, so that what is over already shows as very long.
char* put_store(const Event& event, std::string_view key, char* out) {
  out = put_escaped(put(out, "item_store key="), key);
  out = put_word(out, " status=", store_statuses, event.status);
  out = put_word(out, " cmd=", store_commands, event.command);
  out = put_field(out, " ttl=", static_cast<uint32_t>(event.ttl));
  out = put_field(out, " clsid=", event.class_id);
  out = put_signed(out, " cfd=", event.client);
  return put_field(out, " size=", event.size);
}

char* put_eviction(const Event& event, std::string_view key, char* out) {
  out = put_escaped(put(out, "eviction key="), key);
  out = put(out, event.status != 0 ? " fetch=yes" : " fetch=no");
  out = put_signed(out, " ttl=", event.ttl);
  out = put_field(out, " la=", event.idle);
  out = put_field(out, " clsid=", event.class_id);
  return put_field(out, " size=", event.size);
}

char* put_deleted(const Event& event, std::string_view key, char* out) {
  out = put_escaped(put(out, "deleted key="), key);
  out = put(out, event.command != 0 ? " cmd=md" : " cmd=delete");
  out = put_field(out, " clsid=", event.class_id);
  return put_field(out, " size=", event.size);
}

char* put_connection(const Event& event, std::string_view address, char* out) {
  const bool is_new = event.kind == EventKind::ConnectionNew;
  out = put(out, is_new ? "conn_new rip=" : "conn_close rip=");
  out = put_field(put(out, address), " rport=", event.port);
  out = put(out, address == "unix" ? " transport=local" : " transport=tcp");
  if (!is_new) out = put_word(out, " reason=", close_reasons, event.status);
  return put_signed(out, " cfd=", event.client);
}

char* put_page_move(const Event& event, char* out) {
  return put_field(put_field(put(out, "slab_move"), " src=", event.class_id), " dst=", event.size);
}

char* put_error(const Event& event, std::string_view text, char* out) {
  return put(put(put_signed(put(out, "connerr"), " fd=", event.client), " msg="), text);
}

/// The sweep goes over all items of a class, knows no marks, and begins anew when it has ended.
char* put_sweep_round(const Event& event, char* out) {
  out = put_field(put(out, "lru_crawler"), " crawler=", event.class_id);
  out = put_field(put(out, " lru=all low_mark=0 next_reclaims=0"), " since_run=", event.idle);
  out = put_field(put(out, " next_run=0"), " elapsed=", event.idle);
  return put_signed(put_field(out, " examined=", event.size), " reclaimed=", event.ttl);
}

char* put_event(const Event& event, std::string_view text, char* out) {
  switch (event.kind) {
    case EventKind::ItemGet:
      return put_get(event, text, out);
    case EventKind::ItemStore:
      return put_store(event, text, out);
    case EventKind::Eviction:
      return put_eviction(event, text, out);
    case EventKind::Deleted:
      return put_deleted(event, text, out);
    case EventKind::ConnectionNew:
    case EventKind::ConnectionClose:
      return put_connection(event, text, out);
    case EventKind::ConnectionError:
      return put_error(event, text, out);
    case EventKind::PageMove:
      return put_page_move(event, out);
    case EventKind::SweepRound:
      return put_sweep_round(event, out);
  }
  return out;
}

}  // namespace

char* write_event_line(const Event& event, std::string_view text, uint64_t gid, char* out) {
  // Microseconds without leading zeros: memcached's way.
  out = put_signed(out, "ts=", event.at_us / us_per_second);
  out = put_signed(out, ".", event.at_us % us_per_second);
  out = put(put_field(out, " gid=", gid), " type=");
  out = put_event(event, text, out);
  *out++ = '\n';
  return out;
}

char* write_skipped_line(uint64_t count, char* out) {
  out = put_field(out, "skipped=", count);
  *out++ = '\n';
  return out;
}

}  // namespace ringcached::wire
