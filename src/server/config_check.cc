// What must hold between settings, whatever the order in which they were given.
#include "server/config_check.h"

#include "ringcached/limits.h"

namespace ringcached::server {
namespace {

constexpr uint32_t slab_page_size = 1u << 20;
constexpr uint32_t lru_pct_sum_max = 80;
static_assert(lru_pct_sum_max <= 100);

using Check = std::string (*)(const Config&);

std::string item_fits_memory(const Config& config) {
  const uint64_t most = config.memory_limit / 2;
  if (config.item_size_max <= most) return {};
  return "-I (" + std::to_string(config.item_size_max) + " bytes) must be at most half of -m (" +
         std::to_string(most) + " bytes); raise -m or lower -I";
}

std::string lru_shares_fit(const Config& config) {
  const ExtendedConfig& x = config.extended;
  if (x.hot_lru_pct + x.warm_lru_pct <= lru_pct_sum_max) return {};
  return "-o hot_lru_pct and warm_lru_pct must not exceed 80 together";
}

std::string temporary_has_maintainer(const Config& config) {
  if (!config.extended.temp_lru || config.extended.lru_maintainer) return {};
  return "-o temporary_ttl needs lru_maintainer; leave no_lru_maintainer out";
}

/// Who logs in does it in text: nobody could by another way.
std::string login_is_in_text(const Config& config) {
  if (config.auth_file.empty() || config.protocol != Protocol::Binary) return {};
  return "-Y is for the text protocols; leave -B binary out";
}

/// A datagram has no connection that a login could be of.
std::string login_is_on_connections(const Config& config) {
  if (config.auth_file.empty() || config.udp_port == 0) return {};
  return "Cannot use UDP with ascii authentication enabled (-U 0 to disable)";
}

std::string login_is_of_one_kind(const Config& config) {
  if (config.auth_file.empty() || !config.sasl) return {};
  return "-S and -Y are two ways to log in; leave one of them out";
}

/// SASL is spoken in the binary protocol only, and any other would be a way round it.
std::string sasl_is_in_binary(const Config& config) {
  if (!config.sasl || config.protocol == Protocol::Binary) return {};
  return "You cannot allow the ASCII protocol while using SASL; use -B binary, or leave -B out";
}

std::string sasl_is_on_connections(const Config& config) {
  if (!config.sasl || config.udp_port == 0) return {};
  return "Cannot enable UDP while using binary SASL authentication (-U 0 to disable)";
}

std::string chunk_divides_page(const Config& config) {
  const uint32_t chunk = config.extended.slab_chunk_max;
  if (slab_page_size % chunk == 0) return {};
  return "-o slab_chunk_max (" + std::to_string(chunk / 1024) +
         " KiB) must divide 1024 KiB: a power of two from 1 to 1024";
}

std::string slab_sizes_in_range(const Config& config) {
  const ExtendedConfig& x = config.extended;
  if (x.slab_sizes.empty()) return {};
  if (x.slab_sizes.front() >= config.slab_min_size && x.slab_sizes.back() <= x.slab_chunk_max) {
    return {};
  }
  const bool too_small = x.slab_sizes.front() < config.slab_min_size;
  const uint32_t wrong = too_small ? x.slab_sizes.front() : x.slab_sizes.back();
  return "-o slab_sizes: slab size " + std::to_string(wrong) + " is out of valid range: -n (" +
         std::to_string(config.slab_min_size) + ") to slab_chunk_max (" +
         std::to_string(x.slab_chunk_max) + " bytes)";
}

std::string napi_ids_have_threads(const Config& config) {
  if (config.napi_ids <= config.threads) return {};
  return "-N (" + std::to_string(config.napi_ids) +
         ") must be at most the number of threads, -t (" + std::to_string(config.threads) + ")";
}

}  // namespace

std::string broken_relation(const Config& config) {
  constexpr Check checks[] = {
      item_fits_memory,   lru_shares_fit,          temporary_has_maintainer, login_is_of_one_kind,
      login_is_in_text,   login_is_on_connections, sasl_is_in_binary,        sasl_is_on_connections,
      chunk_divides_page, slab_sizes_in_range,     napi_ids_have_threads,
  };
  for (const Check check : checks) {
    if (std::string broken = check(config); !broken.empty()) return broken;
  }
  return {};
}

}  // namespace ringcached::server
