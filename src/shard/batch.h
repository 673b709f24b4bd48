// What one connection asks at one time, and the parcels in which its parts travel to their owners.
//
// Owner: the connection's core. A parcel that is away belongs to the core it was sent to, with the
// operations in its chain; the rest of the batch stays at home.
#pragma once

#include <cstdint>
#include <memory>

#include "base/assert.h"
#include "ringcached/meta_extras.h"
#include "ringcached/operation.h"
#include "shard/letter.h"
#include "shard/reply_memory.h"
#include "shard/report.h"

namespace ringcached::shard {

class Batch;

/// One owner's part of a batch: a chain of operations in request order, or one operation for all.
struct Parcel : Letter {
  Parcel* in_batch = nullptr;  // the batch's other parcels
  Batch* batch = nullptr;
  Operation* first = nullptr;
  Operation* last = nullptr;
  ReplyMemory replies;                 // copies of small values
  std::unique_ptr<Report> report;      // Stats
  int client = -1;                     // the batch's
  bool for_all = false;                // `first` is read, and written by nobody
  Outcome outcome = Outcome::Pending;  // for all: this core's; Pending where it has nothing to say
};

/// Told when a batch that had parcels away has them all back.
class BatchOwner {
 public:
  virtual void batch_returned(Batch&) = 0;

 protected:
  ~BatchOwner() = default;
};

class Batch {
 public:
  explicit Batch(uint32_t capacity)
      : capacity_(capacity), operations_(std::make_unique<Operation[]>(capacity)) {}

  bool full() const { return size_ == capacity_; }
  bool empty() const { return size_ == 0; }
  uint32_t size() const { return size_; }
  uint32_t capacity() const { return capacity_; }
  Operation& at(uint32_t i) {
    RC_ASSERT(i < size_);
    return operations_[i];
  }
  const Operation& at(uint32_t i) const { return const_cast<Batch&>(*this).at(i); }
  /// Where the next operation is to be parsed into; it joins with add(). Of what it holds only its
  /// extras count, if there are any.
  Operation& next_free() {
    RC_ASSERT(size_ < capacity_);
    operations_[size_].extras = extras_ != nullptr ? &extras_[size_] : nullptr;
    return operations_[size_];
  }
  /// A meta command has come: from now on the operations have extras.
  void make_extras() {
    if (extras_ == nullptr) extras_.reset(new MetaExtras[capacity_]);
  }
  void add() {
    RC_ASSERT(size_ < capacity_);
    ++size_;
  }

  bool in_flight() const { return away_ > 0; }
  /// All replies before this operation are written.
  uint32_t written() const { return written_; }
  void note_written(uint32_t count) { written_ = count; }
  bool finished() const { return written_ == size_; }

  /// The bytes that operations have views into moved from `from` (`size` of them) to `to`.
  void move_views(const char* from, size_t size, const char* to) {
    for (uint32_t i = written_; i < size_; ++i) {
      move_view(operations_[i].key.bytes, from, size, to);
      move_view(operations_[i].value, from, size, to);
      move_view(operations_[i].echo, from, size, to);
    }
  }

  BatchOwner* owner = nullptr;  // outlives the flight
  int client = -1;              // the descriptor of who asks; watchers are told

 private:
  friend class Shard;

  static void move_view(std::string_view& view, const char* from, size_t size, const char* to) {
    if (view.data() < from || view.data() >= from + size) return;
    view = {to + (view.data() - from), view.size()};
  }

  uint32_t capacity_;
  uint32_t size_ = 0;
  uint32_t written_ = 0;
  uint32_t away_ = 0;          // parcels that are not back
  Parcel* parcels_ = nullptr;  // all of them, for their reply memory
  ReplyMemory local_replies_;
  std::unique_ptr<Operation[]> operations_;
  std::unique_ptr<MetaExtras[]> extras_;  // null until a meta command comes

 public:
  Batch* next_pooled = nullptr;
};

}  // namespace ringcached::shard
