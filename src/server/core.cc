#include "server/core.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/assert.h"
#include "server/note_tuning.h"
#include "server/start_log.h"

namespace ringcached::server {
namespace {

constexpr uint32_t second_ms = 1000;
/// How often a stopping core looks at its deadline.
constexpr uint32_t stop_tick_ms = 50;
/// What clients are given to take their last replies. DESIGN section 4.
constexpr uint64_t stop_patience_ms = 1000;
static_assert(stop_tick_ms < stop_patience_ms && stop_tick_ms < second_ms);
/// A batch holds at least so many operations, however small -R is, and at most so many: it bounds
/// what one client runs in a turn, and the memory of a batch. DESIGN section 3; the second a guess.
constexpr uint32_t batch_least = 128;
constexpr uint32_t batch_most = 1024;
static_assert(0 < batch_least && batch_least <= batch_most);
/// From here on every look at a key is told: -vvv. Protocol.
constexpr int looks_verbosity = 3;
/// What is kept for reuse and was not wanted between two rests, so many seconds apart, is freed.
/// Guess: long enough for load that comes in waves.
constexpr uint32_t rest_s = 5;
static_assert(rest_s > 0);

store::StoreConfig store_config(const Process& process, uint32_t partition) {
  RC_ASSERT(partition < process.partitions);
  const Config& config = process.config;
  store::StoreConfig made;
  made.partition = partition;
  made.partitions = process.partitions;
  made.growth_factor = config.growth_factor;
  made.slab_min_size = config.slab_min_size;
  made.slab_sizes = config.extended.slab_sizes;
  made.slab_chunk_max = config.extended.slab_chunk_max;
  made.cas_enabled = config.cas_enabled;
  made.evict = config.evict;
  made.track_sizes = config.extended.track_sizes;
  made.hasher = process.hasher;
  if (config.extended.hashpower > 0) {
    const uint64_t slots = (uint64_t{1} << config.extended.hashpower) / process.partitions;
    made.initial_buckets = static_cast<uint32_t>(slots / store::bucket_items);
  }
  return made;
}

shard::OwnerRules owner_rules(const Process& process) {
  shard::OwnerRules rules;
  rules.item_size_max = process.config.item_size_max;
  rules.cas_enabled = process.config.cas_enabled;
  rules.prefix_delimiter = process.config.prefix_delimiter;
  return rules;
}

}  // namespace

Core::Core(Process& process, uint32_t index, io::Door& door, const std::vector<int>& listeners,
           const std::vector<int>& udp_sockets)
    : process_(process),
      index_(index),
      door_(door),
      now_(process.clock.read()),
      events_(process.config.extended.worker_logbuf_size, counters_) {
  RC_ASSERT(index < process.config.threads);
  RC_ASSERT(listeners.empty() || index == 0);  // one core takes connections for all
  if (index < process.partitions) {
    store_.emplace(store_config(process, index), process.budget, counters_);
    if (process.config.large_pages && !store_->take_memory_ahead()) {
      std::fprintf(stderr, "Warning: -L: not all of -m is free; the rest is taken when needed\n");
    }
    owner_.emplace(*store_, counters_, owner_rules(process));
    owner_->set_now(now_);
    owner_->set_balancing(process.config.extended.slab_automove > 0);
    owner_->set_sweeping(process.config.extended.lru_crawler);
    owner_->set_detail(process.config.detail_enabled);
    owner_->set_aloud(process.config.verbosity >= looks_verbosity);
    set_memory_limit(process.config.memory_limit);
  }
  if (process.config.threads > 1) post_.emplace(process.mailboxes, index);
  shard_.emplace(process.partitions, owner_ ? &*owner_ : nullptr, post_ ? &*post_ : nullptr, *this,
                 counters_);
  services_.emplace(session::Services{door_, *shard_, counters_, process.config, process.rules,
                                      process.hasher, now_, Tuning(process.config),
                                      process.passwords, process.sasl, events_});
  services_->batch_capacity = std::clamp(process.config.requests_per_turn, batch_least, batch_most);
  clients_.emplace(*services_, door_, [this] {
    --counters_[Counter::CurrConnections];
    note_ended();
  });
  services_->hand_over = [this](int socket, uint32_t interests) { hand_over(socket, interests); };
  services_->unwatch = [this](uint32_t interests) { unwatch_everywhere(interests); };
  if (!udp_sockets.empty()) datagrams_.emplace(*services_, udp_sockets);
  if (index == 0) {
    log_start(process.config, store_->sizes(), listeners, udp_sockets);
    watchers_.emplace(
        door_, counters_, process.config.extended.watcher_logbuf_size,
        session::Watchers::Home{
            [this](const session::GoneWatcher& gone) { watcher_gone(gone); },
            [this](shard::EventsLetter& letter, uint32_t to) { give_back_events(letter, to); }});
    acceptor_.emplace(listeners, process.config.threads, process.config, door_, process.connections,
                      counters_, process.clock,
                      [this](int socket, uint32_t core) { deal(socket, core); });
  }
}

Core::~Core() = default;

// --- The loop.

void Core::run() {
  RC_ASSERT(!stopping_);
  start();
  while (!ended()) turn(true);
  process_.ended.fetch_add(1);
  RC_ASSERT(process_.ended.load() <= process_.config.threads);
  process_.wake_all();
  while (process_.ended.load() < process_.config.threads) turn(true);
  drain_last_letters();
}

void Core::start() {
  door_.tick(second_ms, {io::Act::Tick, every_second, 0});
  if (acceptor_) acceptor_->start();
  if (datagrams_) datagrams_->start();
}

bool Core::idle() const {
  return !clients_->busy() && !(datagrams_ && datagrams_->busy()) && !sweeping_ && !freeing_ &&
         !shard_->pins_unposted() && !events_.has_news() && !(watchers_ && watchers_->busy()) &&
         !(post_ && post_->anything_unposted());
}

void Core::turn(bool may_sleep) {
  wait(may_sleep);
  ++counters_[Counter::Turns];
  now_ = debug_time_.shown(process_.clock.read());
  if (owner_) owner_->set_now(now_);
  if (events_.watched()) events_.set_time(process_.clock.unix_microseconds());
  for (const io::Completion& completion : collected_) dispatch(completion);
  drain_mail();
  if (process_.stop.load(std::memory_order_acquire) && !stopping_) begin_stop();
  clients_->run_ready();
  if (datagrams_) datagrams_->run_ready();
  clients_->feed_starving();
  if (events_.has_news() || (watchers_ && !watchers_->at_rest())) tell_events();
  publish();
  clients_->flush_dirty();
  if (datagrams_) datagrams_->flush();
  if (owner_) sweeping_ = owner_->sweep();
  if (freeing_) [[unlikely]]
    free_stale();
  clients_->bury();
}

/// Sleeps only when nothing at all is left to do, and no letter has come since we looked.
void Core::wait(bool may_sleep) {
  const bool sleep = may_sleep && idle() && (!post_ || post_->fall_asleep());
  collected_ = door_.wait(sleep);
  if (sleep && post_) post_->wake_up();
}

void Core::dispatch(const io::Completion& completion) {
  switch (completion.token.act) {
    case io::Act::Accept:
      RC_ASSERT(acceptor_.has_value());
      return acceptor_->on_completion(completion);
    case io::Act::Receive:
    case io::Act::Send:
      if (watchers_ && !watchers_->empty() && watchers_->on_completion(completion)) return;
      return clients_->on_completion(completion);
    case io::Act::Datagram:
    case io::Act::Room:
      RC_ASSERT(datagrams_.has_value());
      return datagrams_->on_completion(completion);
    case io::Act::Tick:
      return on_tick(completion.token.slot);
    case io::Act::None:
      break;
  }
  RC_ASSERT(false);  // a completion that nobody asked for
}

void Core::on_tick(uint32_t which) {
  RC_ASSERT(which == every_second || (which == while_stopping && stopping_));
  if (which == every_second) {
    clients_->tick();
    if (acceptor_) acceptor_->try_again();
    rest();
  } else if (process_.clock.milliseconds() >= stop_deadline_) {
    clients_->abort_all();
    if (datagrams_) datagrams_->abort_all();
  }
  const uint32_t next = which == every_second ? second_ms : stop_tick_ms;
  door_.tick(next, {io::Act::Tick, which, 0});
}

/// What a burst has left behind goes back: what lies idle to the allocator, a little in each turn,
/// and what the allocator got to the kernel.
void Core::rest() {
  if (++since_rest_s_ == rest_s) {
    since_rest_s_ = 0;
    services_->pool.rest();
    shard_->rest();
    freeing_ = true;
  }
  store::return_freed_memory();
}

void Core::free_stale() {
  RC_ASSERT(freeing_);
  const bool more_output = services_->pool.free_stale();
  freeing_ = shard_->free_stale() || more_output;
}

// --- Letters.

void Core::drain_mail() {
  if (!post_) return;
  post_->drain([this](shard::Letter& letter, uint32_t from) { on_letter(letter, from); });
}

void Core::on_letter(shard::Letter& letter, uint32_t from) {
  RC_ASSERT(from < process_.config.threads);
  if (shard_->handle(letter, from)) return;
  switch (letter.kind) {
    case shard::LetterKind::Connection: {
      const std::unique_ptr<shard::ConnectionLetter> dealt(
          static_cast<shard::ConnectionLetter*>(&letter));
      return adopt(dealt->socket);
    }
    case shard::LetterKind::Watcher: {
      const std::unique_ptr<shard::WatchLetter> come(static_cast<shard::WatchLetter*>(&letter));
      return adopt_watcher(come->socket, come->interests);
    }
    case shard::LetterKind::Unwatch: {
      const std::unique_ptr<shard::WatchLetter> gone(static_cast<shard::WatchLetter*>(&letter));
      return end_watch(gone->interests);
    }
    case shard::LetterKind::Events:
      RC_ASSERT(watchers_.has_value());  // the first core has them
      return watchers_->take(static_cast<shard::EventsLetter&>(letter), from);
    case shard::LetterKind::EventsTold:
      return events_.take_back();
    case shard::LetterKind::Ended: {
      const std::unique_ptr<shard::Letter> ended(&letter);
      RC_ASSERT(acceptor_.has_value());
      return acceptor_->try_again();
    }
    default:
      RC_ASSERT(false);  // a letter that nobody reads
  }
}

void Core::publish() {
  shard_->post_pins();
  if (!post_) return;
  counters_[Counter::WakeUpsSent] +=
      post_->publish([this](uint32_t core) { door_.wake(process_.bells[core]); });
}

void Core::drain_last_letters() {
  drain_mail();
  if (store_) RC_ASSERT(store_->pinned_bytes() == 0 && store_->uncommitted_bytes() == 0);
  RC_ASSERT(door_.pool().leased() == 0);
}

// --- Clients.

void Core::deal(int socket, uint32_t core) {
  RC_ASSERT(socket >= 0 && core < process_.config.threads);
  if (core == index_) return adopt(socket);
  post_->put(core, *new shard::ConnectionLetter(socket));
}

void Core::adopt(int socket) {
  if (stopping_) {
    ::close(socket);
    note_ended();
    return;
  }
  clients_->adopt(socket);
  ++counters_[Counter::TotalConnections];
  ++counters_[Counter::CurrConnections];
}

/// The acceptor has room for another, and is told if it waits for that.
void Core::note_ended() {
  const bool awaited = process_.connections.end_one();
  if (acceptor_) return acceptor_->try_again();
  if (!awaited) return;
  RC_ASSERT(index_ != 0 && post_.has_value());
  auto* letter = new shard::Letter;
  letter->kind = shard::LetterKind::Ended;
  post_->put(0, *letter);
}

// --- Watchers. The first core has them; all have what they want to know.

/// Brings what has happened to the first core, and there to the watchers.
void Core::tell_events() {
  if (stopping_) events_.forget();
  if (events_.has_news()) {
    news_.piece = &events_.lend();
    news_.kind = shard::LetterKind::Events;
    if (watchers_) {
      watchers_->take(news_, index_);
    } else {
      post_->put(0, news_);
    }
  }
  if (watchers_) watchers_->work();
}

void Core::give_back_events(shard::EventsLetter& letter, uint32_t to) {
  RC_ASSERT(to < process_.config.threads);
  if (to == index_) return events_.take_back();
  letter.kind = shard::LetterKind::EventsTold;
  post_->put(to, letter);
}

void Core::begin_watch(uint32_t interests) {
  events_.watch(interests);
  events_.set_time(process_.clock.unix_microseconds());
  if (owner_) owner_->set_log(&events_);
}

void Core::end_watch(uint32_t interests) {
  events_.unwatch(interests);
  if (owner_ && !events_.watched()) owner_->set_log(nullptr);
}

void Core::unwatch_everywhere(uint32_t interests) {
  for (uint32_t core = 0; core < process_.config.threads; ++core) {
    if (core == index_) continue;
    post_->put(core, *new shard::WatchLetter(shard::LetterKind::Unwatch, interests));
  }
  end_watch(interests);
}

/// The connection that gives its socket up is counted as gone; the socket is not.
void Core::hand_over(int socket, uint32_t interests) {
  process_.connections.open.fetch_add(1, std::memory_order_relaxed);
  if (watchers_) return adopt_watcher(socket, interests);
  post_->put(0, *new shard::WatchLetter(shard::LetterKind::Watcher, interests, socket));
}

void Core::adopt_watcher(int socket, uint32_t interests) {
  RC_ASSERT(socket >= 0 && watchers_.has_value());
  if (!stopping_) return watchers_->adopt(socket, interests, clients_->lend_slot());
  ::close(socket);
  note_ended();
}

void Core::watcher_gone(const session::GoneWatcher& gone) {
  RC_ASSERT(index_ == 0);
  tell_watcher_gone(gone);
  clients_->return_slot(gone.slot);
  note_ended();
  if (!stopping_) unwatch_everywhere(gone.interests);
}

/// memcached, which notices when it has a line for it, calls that an error.
void Core::tell_watcher_gone(const session::GoneWatcher& gone) {
  if (services_->tuning.verbosity > 1) {
    std::fprintf(stderr, "<%d connection closing from side thread.\n<%d connection closed.\n",
                 gone.socket, gone.socket);
  }
  if (stopping_) return;
  Event event;
  event.kind = EventKind::ConnectionClose;
  event.status = static_cast<uint8_t>(CloseReason::Error);
  event.port = gone.peer.port;
  event.client = gone.socket;
  events_.add(event, gone.peer.address);
}

// --- What concerns every core.

Outcome Core::tune(const Operation& operation) {
  const uint64_t value = operation.delta;
  switch (operation.verb) {
    case Verb::Crawl:
      return crawl(value);
    case Verb::Crawler:
      return set_crawler(value != 0);
    case Verb::MemoryLimit:
      // One core, so that two commands at once are settled in the order in which they reach it.
      if (index_ == 0) process_.budget.resize(value);
      set_memory_limit(value);
      break;
    case Verb::Automove:
      if (owner_) owner_->set_balancing(value > 0);
      break;
    case Verb::Detail:
      if (owner_) owner_->set_detail(value != 0);
      break;
    case Verb::PauseTime:
    case Verb::ResumeTime:
    case Verb::AdvanceTime:
      move_time(operation.verb, value);
      return Outcome::Done;
    case Verb::Watch:
      begin_watch(static_cast<uint32_t>(value));
      return Outcome::Done;
    default:
      break;  // tunes nothing that a core has
  }
  note_tuning(operation, services_->tuning);
  log_tuning(operation);
  return Outcome::Done;
}

/// What changes of the log, and what is said of a change.
void Core::log_tuning(const Operation& operation) {
  const int verbosity = services_->tuning.verbosity;
  if (operation.verb == Verb::Verbosity && owner_) owner_->set_aloud(verbosity >= looks_verbosity);
  if (operation.verb == Verb::MemoryLimit && index_ == 0 && verbosity > 0) {
    std::fprintf(stderr, "maxbytes adjusted to %llum\n",
                 static_cast<unsigned long long>(operation.delta >> 20));
  }
}

/// What comes next in this turn sees it already.
void Core::move_time(Verb verb, uint64_t value) {
  const auto seconds = static_cast<Seconds>(value);
  if (verb == Verb::PauseTime) {
    debug_time_.pause(seconds);
  } else if (verb == Verb::ResumeTime) {
    debug_time_.resume();
  } else {
    debug_time_.advance(seconds);
  }
  now_ = debug_time_.shown(process_.clock.read());
  if (owner_) owner_->set_now(now_);
}

Outcome Core::crawl(uint64_t classes) {
  if (!services_->tuning.lru_crawler) return Outcome::Refused;
  return owner_ ? owner_->crawl(classes, services_->tuning.lru_crawler_tocrawl) : Outcome::Pending;
}

/// To switch on what is on is refused, as memcached does.
Outcome Core::set_crawler(bool on) {
  if (on && services_->tuning.lru_crawler) return Outcome::Refused;
  services_->tuning.lru_crawler = on;
  if (owner_) owner_->set_sweeping(on);
  return Outcome::Done;
}

/// Three quarters of a partition may be under way: a quarter always stays for small items, and 50
/// clients that load 1 MiB values at the default -m must not be refused.
void Core::set_memory_limit(uint64_t bytes) {
  if (!owner_) return;
  RC_ASSERT(process_.partitions > 0);
  const uint64_t share = bytes / process_.partitions;
  owner_->set_held_bytes_max(share / 4 * 3, share / 8 * 7);
}

void Core::stop_process(bool graceful) {
  ::kill(::getpid(), graceful ? SIGUSR1 : SIGINT);
}

void Core::describe_connections(shard::Report& report) {
  if (acceptor_) acceptor_->describe(report);
  if (datagrams_) datagrams_->describe(report);
  clients_->describe(report);
  if (watchers_) watchers_->describe(report);
}

void Core::refresh_gauges(std::string_view sub_command) {
  if (store_) store_->update_gauges();
  counters_[Counter::Partitions] = store_ ? 1 : 0;
  counters_[Counter::ReceiveBuffers] = door_.pool().buffers();
  counters_[Counter::ReceiveBufferBytes] = door_.pool().buffers() * io::BufferPool::buffer_stride;
  counters_[Counter::OutputBlocks] = services_->pool.blocks_out();
  if (index_ != 0 || sub_command != "ring") return;  // the allocator's lock is taken for a while
  const auto allocator = store::allocator_figures().value_or(store::AllocatorFigures{});
  counters_[Counter::MallocAllocated] = allocator.allocated;
  counters_[Counter::MallocResident] = allocator.resident;
  counters_[Counter::MallocMapped] = allocator.mapped;
}

// --- Stopping.

void Core::begin_stop() {
  RC_ASSERT(!stopping_);
  stopping_ = true;
  stop_deadline_ = process_.clock.milliseconds() + stop_patience_ms;
  if (acceptor_) acceptor_->stop();
  clients_->stop();
  if (watchers_) watchers_->stop();
  if (datagrams_) datagrams_->stop();
  door_.tick(stop_tick_ms, {io::Act::Tick, while_stopping, 0});
}

bool Core::ended() const {
  return stopping_ && clients_->count() == 0 && !events_.away() &&
         !(watchers_ && !watchers_->empty()) && shard_->in_flight() == 0 && idle() &&
         (!acceptor_ || acceptor_->stopped()) && (!datagrams_ || datagrams_->stopped());
}

}  // namespace ringcached::server
