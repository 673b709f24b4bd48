#include "wire/dump_writer.h"

#include <cstring>

#include "base/digits.h"
#include "ringcached/limits.h"
#include "wire/escaped.h"
#include "wire/text_replies.h"

namespace ringcached::wire {
namespace {

constexpr char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char* put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* put_field(char* out, std::string_view name, uint64_t number) {
  return write_digits(put(out, name), number);
}

/// RFC 4648, with padding.
char* put_base64(char* out, std::string_view bytes) {
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t left = bytes.size() - at;
    uint32_t three = 0;
    for (size_t i = 0; i < 3; ++i) {
      three = three << 8 | (i < left ? static_cast<unsigned char>(bytes[at + i]) : 0);
    }
    *out++ = base64[three >> 18 & 63];
    *out++ = base64[three >> 12 & 63];
    *out++ = left > 1 ? base64[three >> 6 & 63] : '=';
    *out++ = left > 2 ? base64[three & 63] : '=';
  }
  return out;
}

uint64_t unix_time(Seconds at, const Now& now) {
  return static_cast<uint64_t>(now.unix_seconds - now.seconds + at);
}

char* write_metadump(const DumpRecord& record, std::string_view key, const Now& now, char* out) {
  out = put_escaped(put(out, "key="), key);
  if (record.exptime == never) {
    out = put(out, " exp=-1");
  } else {
    out = put_field(out, " exp=", unix_time(record.exptime, now));
  }
  out = put_field(out, " la=", unix_time(record.last_access, now));
  out = put_field(out, " cas=", record.cas);
  out = put(out, record.fetched ? " fetch=yes" : " fetch=no");
  out = put_field(out, " cls=", record.class_id);
  out = put_field(out, " size=", record.size);
  out = put_field(out, " flags=", record.client_flags);
  return put(out, " \n");
}

char* write_mgdump(const DumpRecord& record, std::string_view key, const Now&, char* out) {
  out = put(out, "mg ");
  if (record.base64_key) return put(put_base64(out, key), " b\r\n");
  return put(put(out, key), "\r\n");
}

/// Keys that were given in base64 are binary, and left out.
char* write_cachedump(const DumpRecord& record, std::string_view key, const Now& now, char* out) {
  if (record.base64_key) return out;
  out = put(put(out, "ITEM "), key);
  out = put_field(out, " [", record.value_size);
  out = put_field(out, " b; ", record.exptime == never ? 0 : unix_time(record.exptime, now));
  return put(out, " s]\r\n");
}

constexpr DumpForm forms[] = {
    {"metadump", ok, end, write_metadump},
    {"mgdump", ok, "EN\r\n", write_mgdump},
    {"cachedump", "", end, write_cachedump},
};

// The longest: every byte of a key escaped, eight names, seven numbers.
static_assert(3 * key_size_max + 8 * 12 + 7 * digits_max <= dump_line_max);

}  // namespace

const DumpForm* find_dump_form(std::string_view name) {
  for (const DumpForm& form : forms) {
    if (form.name == name) return &form;
  }
  return nullptr;
}

}  // namespace ringcached::wire
