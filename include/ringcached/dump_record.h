// What a dump tells of one item: a record, and behind it its key.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "ringcached/time.h"

namespace ringcached {

/// Lies in memory without alignment: read with next_record.
struct DumpRecord {
  uint64_t cas = 0;
  uint64_t size = 0;  // bytes that count as used, headers included
  uint32_t client_flags = 0;
  uint32_t value_size = 0;
  Seconds exptime = never;
  Seconds last_access = 0;
  uint8_t class_id = 0;  // as on the wire: from 1
  bool fetched = false;
  bool base64_key = false;  // the key was given in base64, and is binary
  uint8_t key_size = 0;
};

/// Takes the record at the front of `records`, and its key.
inline DumpRecord next_record(std::string_view& records, std::string_view& key) {
  DumpRecord record;
  std::memcpy(static_cast<void*>(&record), records.data(), sizeof(record));
  key = records.substr(sizeof(record), record.key_size);
  records.remove_prefix(sizeof(record) + record.key_size);
  return record;
}

}  // namespace ringcached
