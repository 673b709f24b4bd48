// The answer to a dump command: asks partition after partition for a piece, and spells it.
//
// Owner: one connection.
#pragma once

#include <cstdint>

#include "ringcached/operation.h"
#include "session/output.h"
#include "shard/dump.h"
#include "wire/dump_writer.h"

namespace ringcached::session {

class DumpReply {
 public:
  /// `asked` is what the parser made of the command.
  DumpReply(const Operation& asked, uint32_t partitions);

  /// Makes `operation` the question for the next piece.
  void ask(Operation& operation);
  /// Spells the piece that came.
  void take(const Operation& answered, Output& output, OutputPool& pool, const Now& now);
  /// The whole answer is written.
  bool ended() const { return ended_; }

 private:
  void write_lines(std::string_view records, Output& output, OutputPool& pool, const Now& now);

  const wire::DumpForm& form_;
  shard::Dump dump_;
  uint32_t partitions_;
  uint32_t partition_ = 0;
  uint64_t items_left_;
  bool started_ = false;
  bool ended_ = false;
};

}  // namespace ringcached::session
