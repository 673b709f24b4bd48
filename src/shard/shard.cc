#include "shard/shard.h"

#include "base/assert.h"

namespace ringcached::shard {
namespace {

/// Batches and parcels freed at a time, each with its memory. Guess: some ten microseconds.
constexpr size_t freed_at_once = 16;

}  // namespace

Shard::Shard(uint32_t partitions, Owner* owner, Post* post, Everyone& everyone, Counters& counters)
    : partitions_(partitions),
      owner_(owner),
      post_(post),
      everyone_(everyone),
      counters_(counters),
      self_(post != nullptr ? post->self() : 0),
      open_(partitions, nullptr),
      pins_(partitions, nullptr) {
  RC_ASSERT(partitions >= 1);
  RC_ASSERT(post != nullptr || partitions == 1);
  RC_ASSERT((owner != nullptr) == (self_ < partitions));
}

Shard::~Shard() {
  RC_ASSERT(in_flight_ == 0);
  for (PinsLetter* letter : pins_) delete letter;
}

// --- Submitting.

void Shard::submit(Batch& batch) {
  RC_ASSERT(!batch.in_flight());
  // Everything up to the first operation for all, which waits until it is alone.
  uint32_t end = batch.written_;
  while (end < batch.size_ && !is_for_all(batch.operations_[end].verb)) ++end;
  deal(batch, batch.written_, end);
  if (batch.in_flight()) ++in_flight_;
  if (end == batch.size_ || batch.in_flight()) return;
  for (uint32_t i = batch.written_; i < end; ++i) {
    if (batch.operations_[i].outcome == Outcome::Pending) return;
  }
  if (batch.operations_[end].outcome == Outcome::Pending) {
    broadcast(batch, batch.operations_[end]);
    if (batch.in_flight()) ++in_flight_;
  }
}

void Shard::look_for_bucket(const Batch& batch) const {
  if (is_ours_alone(batch)) owner_->look_for_bucket(batch.at(0).key.hash);
}

void Shard::look_for_item(const Batch& batch) const {
  if (is_ours_alone(batch)) owner_->look_for_item(batch.at(0).key.hash);
}

bool Shard::is_ours_alone(const Batch& batch) const {
  if (batch.size() != 1) return false;
  const Operation& only = batch.at(0);
  return has_key(only.verb) && partition_of(only.key.hash, partitions_) == self_;
}

/// Links every Pending operation to its owner's chain, posts the foreign ones and runs our own.
void Shard::deal(Batch& batch, uint32_t from, uint32_t to) {
  Operation* first = nullptr;
  Operation* last = nullptr;
  bool foreign = false;
  for (uint32_t i = from; i < to; ++i) {
    Operation& operation = batch.operations_[i];
    if (operation.outcome != Outcome::Pending) continue;
    RC_ASSERT(has_key(operation.verb));
    operation.next = nullptr;
    const uint32_t partition = partition_of(operation.key.hash, partitions_);
    if (partition != self_) {
      Parcel& parcel = parcel_for(batch, partition);
      (parcel.first == nullptr ? parcel.first : parcel.last->next) = &operation;
      parcel.last = &operation;
      foreign = true;
    } else {
      (first == nullptr ? first : last->next) = &operation;
      last = &operation;
    }
  }
  if (foreign) post_parcels(batch);
  if (first == nullptr) return;
  RC_ASSERT(owner_ != nullptr);
  owner_->set_client(batch.client);
  owner_->run(first, batch.local_replies_);
}

Parcel& Shard::parcel_for(Batch& batch, uint32_t partition) {
  if (open_[partition] != nullptr) return *open_[partition];
  Parcel* parcel = take_parcel();
  parcel->batch = &batch;
  parcel->client = batch.client;
  parcel->in_batch = batch.parcels_;
  batch.parcels_ = parcel;
  open_[partition] = parcel;
  return *parcel;
}

void Shard::post_parcels(Batch& batch) {
  for (uint32_t partition = 0; partition < partitions_; ++partition) {
    Parcel* parcel = open_[partition];
    if (parcel == nullptr) continue;
    RC_ASSERT(parcel->first != nullptr && parcel->batch == &batch);
    open_[partition] = nullptr;
    ++batch.away_;
    ++counters_[Counter::ParcelsSent];
    post_->put(partition, *parcel);
  }
}

void Shard::broadcast(Batch& batch, Operation& operation) {
  if (operation.verb == Verb::Shutdown) {
    everyone_.stop_process(operation.delta != 0);
    operation.outcome = Outcome::Done;
    return;
  }
  if (operation.verb == Verb::FlushAll) ++counters_[Counter::CmdFlush];
  const uint32_t cores = post_ != nullptr ? post_->cores() : 1;
  for (uint32_t i = 0; i < cores; ++i) {
    const uint32_t core = (self_ + i) % cores;  // our own first
    Parcel* parcel = take_parcel();
    parcel->batch = &batch;
    parcel->first = &operation;
    parcel->for_all = true;
    parcel->in_batch = batch.parcels_;
    batch.parcels_ = parcel;
    if (core == self_) {
      run_for_all(operation, *parcel);
    } else {
      ++batch.away_;
      post_->put(core, *parcel);
    }
  }
  if (!batch.in_flight()) conclude(batch, operation);
}

void Shard::run_for_all(const Operation& operation, Parcel& parcel) {
  switch (operation.verb) {
    case Verb::FlushAll:
      if (owner_ != nullptr) owner_->flush(operation.exptime);
      return;
    case Verb::Stats:
      parcel.report = make_report(operation.value);
      return;
    case Verb::ResetStats:
      counters_.reset();
      if (owner_ != nullptr) owner_->reset_counters();
      return;
    case Verb::Reassign:
      if (owner_ != nullptr) parcel.outcome = owner_->reassign(operation.exptime, operation.delta);
      return;
    default:
      RC_ASSERT(operation.verb >= Verb::Crawl);
      parcel.outcome = everyone_.tune(operation);
  }
}

std::unique_ptr<Report> Shard::make_report(std::string_view sub_command) {
  everyone_.refresh_gauges(sub_command);
  auto report = std::make_unique<Report>();
  report->counters = counters_;
  if (sub_command == "conns") {
    everyone_.describe_connections(*report);
  } else if (owner_ != nullptr && !sub_command.empty()) {
    owner_->describe(*report);
  }
  return report;
}

/// All cores have had their say: it is done if it is for one of them, else what comes first among
/// the outcomes.
void Shard::conclude(const Batch& batch, Operation& operation) {
  Outcome sum = Outcome::Pending;
  for (const Parcel* p = batch.parcels_; p != nullptr; p = p->in_batch) {
    if (!p->for_all || p->first != &operation || p->outcome == Outcome::Pending) continue;
    if (sum == Outcome::Pending || p->outcome < sum) sum = p->outcome;
  }
  operation.outcome = sum == Outcome::Pending ? Outcome::Done : sum;
}

// --- Letters.

bool Shard::handle(Letter& letter, uint32_t from) {
  switch (letter.kind) {
    case LetterKind::Request: {
      Parcel& parcel = static_cast<Parcel&>(letter);
      if (parcel.for_all) {
        run_for_all(*parcel.first, parcel);
      } else {
        RC_ASSERT(owner_ != nullptr && parcel.first != nullptr);
        owner_->set_client(parcel.client);
        owner_->run(parcel.first, parcel.replies);
      }
      parcel.kind = LetterKind::Reply;
      post_->put(from, parcel);
      return true;
    }
    case LetterKind::Reply:
      come_home(static_cast<Parcel&>(letter));
      return true;
    case LetterKind::Pins: {
      std::unique_ptr<PinsLetter> pins(static_cast<PinsLetter*>(&letter));
      RC_ASSERT(owner_ != nullptr && pins->count <= PinsLetter::capacity);
      for (uint32_t i = 0; i < pins->count; ++i) owner_->unpin(pins->items[i]);
      return true;
    }
    case LetterKind::Connection:
    case LetterKind::Watcher:
    case LetterKind::Unwatch:
    case LetterKind::Events:
    case LetterKind::EventsTold:
    case LetterKind::Ended:
      return false;
  }
  return false;
}

void Shard::come_home(Parcel& parcel) {
  Batch& batch = *parcel.batch;
  RC_ASSERT(batch.away_ > 0);
  if (--batch.away_ > 0) return;
  RC_ASSERT(in_flight_ > 0);
  --in_flight_;
  if (parcel.for_all) conclude(batch, *parcel.first);
  RC_ASSERT(batch.owner != nullptr);
  batch.owner->batch_returned(batch);
}

// --- Pins.

void Shard::give_back(void* holder, uint64_t hash) {
  RC_ASSERT(holder != nullptr);
  const uint32_t partition = partition_of(hash, partitions_);
  if (partition == self_) {
    owner_->unpin(holder);
    return;
  }
  PinsLetter*& letter = pins_[partition];
  if (letter == nullptr) {
    letter = new PinsLetter;
    ++pins_waiting_;
  }
  RC_ASSERT(letter->count < PinsLetter::capacity);
  letter->items[letter->count++] = holder;
  if (letter->count == PinsLetter::capacity) {
    post_->put(partition, *letter);
    letter = nullptr;
    --pins_waiting_;
  }
}

void Shard::post_pins() {
  if (pins_waiting_ == 0) return;
  for (uint32_t partition = 0; partition < partitions_; ++partition) {
    if (pins_[partition] == nullptr) continue;
    post_->put(partition, *pins_[partition]);
    pins_[partition] = nullptr;
  }
  pins_waiting_ = 0;
}

// --- Batches and parcels.

Report Shard::sum_of_reports(const Batch& batch) const {
  Report sum;
  for (const Parcel* parcel = batch.parcels_; parcel != nullptr; parcel = parcel->in_batch) {
    if (parcel->report) sum.add(*parcel->report);
  }
  return sum;
}

Batch* Shard::take_batch(uint32_t capacity) {
  Batch* batch = free_batches_.take();
  if (batch == nullptr) return new Batch(capacity);
  RC_ASSERT(batch->capacity() == capacity);
  return batch;
}

void Shard::recycle(Batch& batch) {
  RC_ASSERT(!batch.in_flight());
  give_back_all(batch);
  for (Parcel* parcel = batch.parcels_; parcel != nullptr;) {
    Parcel* next = parcel->in_batch;
    parcel->replies.clear();
    parcel->report.reset();
    free_parcels_.give(parcel);
    parcel = next;
  }
  batch.parcels_ = nullptr;
  batch.local_replies_.clear();
  batch.size_ = 0;
  batch.written_ = 0;
  batch.owner = nullptr;
  free_batches_.give(&batch);
}

void Shard::rest() {
  free_batches_.rest();
  free_parcels_.rest();
}

bool Shard::free_stale() {
  free_batches_.free_stale(freed_at_once);
  free_parcels_.free_stale(freed_at_once);
  return free_batches_.any_stale() || free_parcels_.any_stale();
}

/// Values that were found and never written to anybody.
void Shard::give_back_all(Batch& batch) {
  for (uint32_t i = batch.written_; i < batch.size_; ++i) {
    Operation& operation = batch.operations_[i];
    if (operation.found.holder != nullptr) {
      give_back(operation.found.holder, operation.key.hash);
      operation.found.holder = nullptr;
    }
  }
}

Parcel* Shard::take_parcel() {
  Parcel* parcel = free_parcels_.take();
  if (parcel == nullptr) parcel = new Parcel;
  RC_ASSERT(parcel->report == nullptr);
  parcel->next = nullptr;
  parcel->in_batch = nullptr;
  parcel->kind = LetterKind::Request;
  parcel->first = nullptr;
  parcel->last = nullptr;
  parcel->for_all = false;
  parcel->outcome = Outcome::Pending;
  return parcel;
}

}  // namespace ringcached::shard
