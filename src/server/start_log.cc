#include "server/start_log.h"

#include <cstdio>

namespace ringcached::server {
namespace {

const char* name_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::Ascii:
      return "ascii";
    case Protocol::Binary:
      return "binary";
    case Protocol::Negotiated:
      break;
  }
  return "auto-negotiate";
}

}  // namespace

void log_start(const Config& config, const store::SizeClasses& classes,
               std::span<const int> listeners, std::span<const int> udp_sockets) {
  if (config.verbosity <= 1) return;
  for (uint32_t i = 0; i < classes.count(); ++i) {
    std::fprintf(stderr, "slab class %3u: chunk size %9u perslab %7u\n", i + 1,
                 classes.chunk_size(i), classes.chunks_per_page(i));
  }
  for (const int socket : listeners) {
    std::fprintf(stderr, "<%d server listening (%s)\n", socket, name_of(config.protocol));
  }
  for (const int socket : udp_sockets) std::fprintf(stderr, "<%d server listening (udp)\n", socket);
}

}  // namespace ringcached::server
