// Every reply of the classic text protocol that is the same each time, spelled once.
//
// Source: protocol.txt, and memcached 1.6.45 as probed. Each ends in CRLF.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "ringcached/config.h"

namespace ringcached::wire {

// What went well.
inline constexpr std::string_view ok = "OK\r\n";
inline constexpr std::string_view end = "END\r\n";
inline constexpr std::string_view stored = "STORED\r\n";
inline constexpr std::string_view not_stored = "NOT_STORED\r\n";
inline constexpr std::string_view exists = "EXISTS\r\n";
inline constexpr std::string_view not_found = "NOT_FOUND\r\n";
inline constexpr std::string_view deleted = "DELETED\r\n";
inline constexpr std::string_view touched = "TOUCHED\r\n";
inline constexpr std::string_view meta_noop = "MN\r\n";
inline constexpr std::string_view reset = "RESET\r\n";

// What the client did wrong.
inline constexpr std::string_view error = "ERROR\r\n";
inline constexpr std::string_view bad_format = "CLIENT_ERROR bad command line format\r\n";
inline constexpr std::string_view bad_delete =
    "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n";
inline constexpr std::string_view bad_data_chunk = "CLIENT_ERROR bad data chunk\r\n";
inline constexpr std::string_view bad_exptime = "CLIENT_ERROR invalid exptime argument\r\n";
inline constexpr std::string_view bad_delta = "CLIENT_ERROR invalid numeric delta argument\r\n";
inline constexpr std::string_view not_numeric =
    "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n";
inline constexpr std::string_view unauthenticated = "CLIENT_ERROR unauthenticated\r\n";
inline constexpr std::string_view auth_failed = "CLIENT_ERROR authentication failure\r\n";
inline constexpr std::string_view auth_token_too_long = "CLIENT_ERROR auth token too long\r\n";
inline constexpr std::string_view authenticated = "Authenticated";  // binary: the body
inline constexpr std::string_view bad_auth_token =
    "CLIENT_ERROR bad authentication token format\r\n";
inline constexpr std::string_view bad_auth_end = "CLIENT_ERROR bad command line termination\r\n";
inline constexpr std::string_view flush_refused = "CLIENT_ERROR flush_all not allowed\r\n";
inline constexpr std::string_view bad_shutdown_mode = "CLIENT_ERROR invalid shutdown mode\r\n";
inline constexpr std::string_view bad_automove_window =
    "CLIENT_ERROR automove window too low or too high\r\n";

inline constexpr std::string_view bad_command_line = "CLIENT_ERROR bad command line\r\n";
inline constexpr std::string_view detail_usage = "CLIENT_ERROR usage: stats detail on|off|dump\r\n";
inline constexpr std::string_view illegal_class = "CLIENT_ERROR Illegal slab id\r\n";
inline constexpr std::string_view bad_class = "BADCLASS invalid class id\r\n";
inline constexpr std::string_view bad_crawler_sleep =
    "CLIENT_ERROR sleep must be one second or less\r\n";
inline constexpr std::string_view bad_lru_shares = "ERROR hot and warm pcts must not exceed 80\r\n";
inline constexpr std::string_view bad_lru_factors =
    "ERROR hot/warm age factors must be greater than 0\r\n";
inline constexpr std::string_view memory_limit_too_small =
    "MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m\r\n";
inline constexpr std::string_view memory_limit_fixed =
    "MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust\r\n";
inline constexpr std::string_view memory_limit_in_bytes =
    "MEMLIMIT_ADJUST_FAILED input value is megabytes not bytes\r\n";

// What the operator has switched off.
inline constexpr std::string_view cachedump_refused =
    "CLIENT_ERROR stats cachedump not allowed\r\n";
inline constexpr std::string_view detail_refused = "CLIENT_ERROR stats detail not allowed\r\n";
inline constexpr std::string_view metadump_refused = "ERROR metadump not allowed\r\n";
inline constexpr std::string_view key_dump_refused = "ERROR key dump not allowed\r\n";
inline constexpr std::string_view watch_refused = "CLIENT_ERROR watch commands not allowed\r\n";
inline constexpr std::string_view reassign_refused = "CLIENT_ERROR slab reassignment disabled\r\n";
inline constexpr std::string_view crawler_refused = "CLIENT_ERROR lru crawler disabled\r\n";

// What the partitions say to an operator.
inline constexpr std::string_view crawler_busy = "BUSY currently processing crawler request\r\n";
inline constexpr std::string_view reassign_busy = "BUSY currently processing reassign request\r\n";
inline constexpr std::string_view no_spare_pages = "NOSPARE source class has no spare pages\r\n";
inline constexpr std::string_view bad_classes = "BADCLASS invalid src or dst class id\r\n";
inline constexpr std::string_view same_class = "SAME src and dst class are identical\r\n";
inline constexpr std::string_view nothing_to_crawl = "NOTSTARTED no items to crawl\r\n";
inline constexpr std::string_view crawler_not_started =
    "ERROR failed to start lru crawler thread\r\n";

// What keeps a client from watching.
inline constexpr std::string_view watch_not_first =
    "ERROR cannot pipeline other commands before watch\r\n";
inline constexpr std::string_view too_many_watchers =
    "WATCHER_TOO_MANY log watcher limit reached\r\n";

// What the client did wrong in a meta command.
inline constexpr std::string_view invalid_flag = "CLIENT_ERROR invalid flag\r\n";
inline constexpr std::string_view duplicate_flag = "CLIENT_ERROR duplicate flag\r\n";
inline constexpr std::string_view too_many_flags = "CLIENT_ERROR options flags are too long\r\n";
inline constexpr std::string_view bad_token = "CLIENT_ERROR bad token in command line format\r\n";
inline constexpr std::string_view bad_base64_key = "CLIENT_ERROR error decoding key\r\n";
inline constexpr std::string_view bad_initial = "CLIENT_ERROR invalid numeric initial value\r\n";
inline constexpr std::string_view bad_delta_value = "CLIENT_ERROR invalid numeric delta value\r\n";
inline constexpr std::string_view opaque_too_long = "CLIENT_ERROR opaque token too long\r\n";
inline constexpr std::string_view bad_store_mode = "CLIENT_ERROR invalid mode for ms M token\r\n";
inline constexpr std::string_view bad_arithmetic_mode =
    "CLIENT_ERROR invalid mode for ma M token\r\n";
inline constexpr std::string_view bad_arithmetic_flag =
    "CLIENT_ERROR invalid or duplicate flag\r\n";

// What the server cannot do. The odd colon is memcached's.
inline constexpr std::string_view shutdown_refused = "SERVER_ERROR: shutdown not enabled\r\n";
inline constexpr std::string_view too_large = "SERVER_ERROR object too large for cache\r\n";
inline constexpr std::string_view no_memory = "SERVER_ERROR out of memory\r\n";
inline constexpr std::string_view no_memory_to_store =
    "SERVER_ERROR out of memory storing object\r\n";
inline constexpr std::string_view no_memory_to_read = "SERVER_ERROR Out of memory during read\r\n";
inline constexpr std::string_view no_memory_for_stats =
    "SERVER_ERROR out of memory writing stats\r\n";
inline constexpr std::string_view no_memory_to_make =
    "SERVER_ERROR Out of memory allocating new item\r\n";
inline constexpr std::string_view no_memory_to_get =
    "SERVER_ERROR out of memory writing get response\r\n";

namespace detail {

constexpr auto spell_version() {
  constexpr std::string_view parts[] = {"VERSION ", protocol_version, "\r\n"};
  std::array<char, parts[0].size() + parts[1].size() + parts[2].size()> line{};
  auto out = line.begin();
  for (const std::string_view part : parts) out = std::copy(part.begin(), part.end(), out);
  return line;
}

inline constexpr auto version_line = spell_version();

}  // namespace detail

inline constexpr std::string_view version{detail::version_line.data(), detail::version_line.size()};

}  // namespace ringcached::wire
