#include "session/dump_reply.h"

#include "base/assert.h"
#include "wire/text_replies.h"

namespace ringcached::session {
namespace {

const wire::DumpForm& form_of(const Operation& asked) {
  const wire::DumpForm* form = wire::find_dump_form(asked.value);
  RC_ASSERT(form != nullptr);
  return *form;
}

}  // namespace

DumpReply::DumpReply(const Operation& asked, uint32_t partitions)
    : form_(form_of(asked)),
      partitions_(partitions),
      items_left_(asked.number == 0 ? UINT64_MAX : asked.number) {
  RC_ASSERT(partitions > 0);
  dump_.classes = asked.delta;
}

void DumpReply::ask(Operation& operation) {
  RC_ASSERT(!ended_ && partition_ < partitions_);
  operation = {};
  operation.verb = Verb::Dump;
  operation.key.hash = hash_in(partition_, partitions_);
  operation.fill = &dump_;
}

void DumpReply::take(const Operation& answered, Output& output, OutputPool& pool, const Now& now) {
  RC_ASSERT(!ended_ && answered.verb == Verb::Dump);
  if (answered.outcome == Outcome::NoMemory) {
    output.append(wire::no_memory_for_stats, pool);
    ended_ = true;
    return;
  }
  if (!started_) output.append(form_.start, pool);
  started_ = true;
  write_lines({answered.found.data, answered.found.size}, output, pool, now);
  if (dump_.partition_done) {
    ++partition_;
    dump_.place = {};
  }
  ended_ = partition_ == partitions_ || items_left_ == 0;
  if (ended_) output.append(form_.end, pool);
}

void DumpReply::write_lines(std::string_view records, Output& output, OutputPool& pool,
                            const Now& now) {
  while (!records.empty() && items_left_ > 0) {
    std::string_view key;
    const DumpRecord record = next_record(records, key);
    char* out = output.room(wire::dump_line_max, pool);
    output.commit(form_.write(record, key, now, out), pool);
    --items_left_;
  }
}

}  // namespace ringcached::session
