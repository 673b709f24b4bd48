// Readers of the commands for operators: slabs, lru, lru_crawler, cache_memlimit, stats, watch,
// debugtime.
//
// Source: memcached 1.6.45 as probed. Each is a Reader (text_commands.h).
#pragma once

#include <string_view>

#include "ringcached/operation.h"
#include "wire/text_parser.h"
#include "wire/text_words.h"

namespace ringcached::wire {

std::string_view read_stats(const Words& words, const ParserRules& rules, Operation& operation);
std::string_view read_slabs(const Words& words, const ParserRules& rules, Operation& operation);
std::string_view read_lru(const Words& words, const ParserRules& rules, Operation& operation);
std::string_view read_lru_crawler(const Words& words, const ParserRules& rules,
                                  Operation& operation);
std::string_view read_debug_time(const Words& words, const ParserRules& rules,
                                 Operation& operation);
std::string_view read_watch(const Words& words, const ParserRules& rules, Operation& operation);
std::string_view read_memory_limit(const Words& words, const ParserRules& rules,
                                   Operation& operation);

}  // namespace ringcached::wire
